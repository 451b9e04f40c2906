"""``stillwatch policy``: write policies, test them, put them in force and go back."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.policy_named import of_file, of_name
from stillwatch.cli.policy_preview import preview
from stillwatch.cli.policy_versions import activate, add, approve, list_versions, rollback, stop
from stillwatch.cli.service_home import SettingsAt

if TYPE_CHECKING:
    from stillwatch.act.policy.policy import Rule

__all__ = ["policy"]

policy = typer.Typer(help="Write policies, test them, put them in force and go back.", no_args_is_help=True)

Told = Annotated[str, typer.Argument(metavar="POLICY", help="File, version, or one that comes along: default, strict.")]
Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Files of policies, or default, strict.")]


@policy.command()
def check(files: Files, as_json: AsJson = False) -> None:
    """Say everything that is wrong with policies, each with its file and line; warnings do not fail."""
    from stillwatch.act.policy.order import warnings_of
    from stillwatch.act.policy.wrong import WrongPolicy

    told: list[dict[str, Any]] = []
    for file in files:
        try:
            found = of_file(file)
        except WrongPolicy as wrong:
            told.append({"file": file, "problems": [{"line": p.line, "text": p.text} for p in wrong.problems]})
            lines = [problem.at(wrong.name) for problem in wrong.problems]
        else:
            warnings = warnings_of(found)
            told.append({"file": file, "problems": [], "version": found.version, "warnings": warnings})
            lines = [f"{file}: warning: {warning}" for warning in warnings]
            lines.append(f"{file}: {len(found.rules)} rules, {len(found.cases)} cases, version {found.version[:12]}")
        for line in () if as_json else lines:
            typer.echo(line)
    if as_json:
        typer.echo(json.dumps(told))
    if any(one["problems"] for one in told):
        raise typer.Exit(2)


@policy.command("test")
def run_test(told: Told, as_json: AsJson = False, settings: SettingsAt = None) -> None:
    """Run the test cases that a policy carries; one that fails makes the command fail."""
    from stillwatch.act.policy.cases import run_cases

    outcomes = run_cases(of_name(told, settings))
    rows = [
        {
            "case": one.case.name,
            "expects": one.case.expects.value,
            "expected_rule": one.case.rule,
            "action": one.action.value,
            "rule": one.rule,
            "passes": one.passes,
        }
        for one in outcomes
    ]
    n_failing = sum(not one.passes for one in outcomes)
    if as_json:
        typer.echo(json.dumps({"cases": rows, "failing": n_failing}))
    else:
        _table(("case", "expects", "does", "by rule", ""), [_case_row(row) for row in rows])
        typer.echo(f"{len(rows)} cases, {n_failing} failing")
    if n_failing:
        raise typer.Exit(2)


@policy.command()
def show(
    told: Told,
    toml: Annotated[bool, typer.Option("--toml", help="Print the file as it was written.")] = False,
    as_json: AsJson = False,
    settings: SettingsAt = None,
) -> None:
    """Show what a policy says, its defaults spelled out."""
    found = of_name(told, settings)
    if toml:
        typer.echo(found.text, nl=False)
        return
    if as_json:
        typer.echo(json.dumps({"version": found.version, **found.document}))
        return
    typer.echo(f"{found.name}  version {found.version}")
    shares = found.document["limits"].items()
    typer.echo("one person may let it touch " + ", ".join(f"{share:.2%} of {name}" for name, share in shares))
    rows = [
        (rule.name, rule.action.value, _rate(rule), _hours(rule.lasts.total_seconds()), rule.when.text)
        for rule in found.rules
    ]
    _table(("rule", "then", "rate", "lasts", "when"), rows)


@policy.command()
def diff(
    before: Told,
    after: Told,
    as_json: AsJson = False,
    settings: SettingsAt = None,
) -> None:
    """Show what one policy does otherwise than another, rule by rule."""
    from stillwatch.act.policy.difference import difference

    changes = difference(of_name(before, settings), of_name(after, settings))
    if as_json:
        typer.echo(json.dumps([{"what": c.what, "how": c.how, "fields": dict(c.fields)} for c in changes]))
        return
    for change in changes:
        typer.echo(f"{change.what} {change.how}")
        for name, (old, new) in change.fields.items():
            typer.echo(f"  {name}: {old} -> {new}")
    if not changes:
        typer.echo("they do the same")


for command in (preview, add, approve, activate, rollback, stop):
    policy.command()(command)
policy.command("list")(list_versions)


def _case_row(row: dict[str, Any]) -> tuple[str, ...]:
    rule = "" if row["expected_rule"] is None else f" by {row['expected_rule'] or 'no rule'}"
    return row["case"], row["expects"] + rule, row["action"], row["rule"], "" if row["passes"] else "FAILS"


def _rate(rule: "Rule") -> str:
    if rule.rate_per_minute is None:
        return ""
    own = "" if rule.own_per_day is None else f" a campaign, after {rule.own_per_day:g}/day a stream"
    return f"{rule.rate_per_minute:g}/min{own}"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:g} h"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
