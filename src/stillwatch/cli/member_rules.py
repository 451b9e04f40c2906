"""``stillwatch member rules`` and ``stillwatch member rule``: others' detectors, and what came of them in shadow."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.rule import Logs, MappingAt, batches_of, labels_in, read_rule_file, told_of

if TYPE_CHECKING:
    from stillwatch.share.node.rules import KeptRule

__all__ = ["add_to"]

SettingsAt = Annotated[
    Path, typer.Option("--settings", envvar="STILLWATCH_MEMBER", help="TOML file that says where everything is.")
]
_SETTINGS = Path("member.toml")

rule = typer.Typer(help="Publish a rule, or try one that was published.", no_args_is_help=True)


def add_to(member: typer.Typer) -> None:
    """Put the commands among the member's."""
    member.command("rules")(rules)
    member.add_typer(rule, name="rule")


def rules(settings: SettingsAt = _SETTINGS, as_json: AsJson = False) -> None:
    """List the rules that were published, and how many independent members answered which buckets to exactly these.

    Nothing is run. Who wrote a rule does not count; a copy of which a single character was changed is another rule.
    """
    from stillwatch.share.node.rules import rules_in
    from stillwatch.share.node.settings import read_settings
    from stillwatch.share.node.tables import NODE_TABLES
    from stillwatch.store.database import open_database

    engine = open_database(read_settings(settings).folder / "node.db", NODE_TABLES)
    try:
        found = rules_in(engine, datetime.now(UTC))
    finally:
        engine.dispose()
    for kept in found:
        _show(kept, as_json=as_json)


@rule.command()
def publish(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Harvest rule, YAML; its author must be you.")],
    settings: SettingsAt = _SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Sign a rule and publish it: its wordings cross in clear, so no customer's words may be among them."""
    from stillwatch.share.node.rule_service import publish_rule
    from stillwatch.share.node.service import opened
    from stillwatch.share.node.settings import read_settings

    read, now = read_rule_file(file), datetime.now(UTC)
    with opened(read_settings(settings), now) as service:
        content = publish_rule(service, read, now)
    typer.echo(json.dumps({"rule": content}) if as_json else f"rule: {content}")


@rule.command()
def run(
    name: Annotated[str, typer.Argument(metavar="RULE", help="Content hash of the rule, or its beginning.")],
    logs: Logs,
    labels: Annotated[
        Path, typer.Option("--labels", metavar="FINDINGS", help="Findings of a scan of these logs: who harvests.")
    ],
    settings: SettingsAt = _SETTINGS,
    mapping: MappingAt = None,
    as_json: AsJson = False,
) -> None:
    """Run a published rule in shadow over your own logs, and send two buckets; below 20 accounts nothing is sent.

    The exact counts are printed here and stay here.
    """
    from stillwatch.share.node.rule_service import try_rule
    from stillwatch.share.node.service import opened
    from stillwatch.share.node.settings import read_settings

    now, judged = datetime.now(UTC), labels_in(labels)
    with opened(read_settings(settings), now) as service:
        tried = try_rule(service, name, batches_of(logs, mapping), judged, now)
    told: dict[str, Any] = told_of(tried.counts, tried.answer) | {"sent": tried.is_sent}
    if as_json:
        typer.echo(json.dumps(told))
        return
    for key, value in told.items():
        typer.echo(f"{key}: {value}")


def _show(kept: "KeptRule", *, as_json: bool) -> None:
    found, said = kept.rule, kept.consensus
    told: dict[str, Any] = {
        "rule": kept.content,
        "author": kept.origin,
        "state": kept.state.value,
        "valid_until": f"{found.valid_until:%Y-%m-%d}",
        "answers": said.n_members,
    }
    if as_json:
        full: dict[str, Any] = {
            "segments": found.segments,
            "elicitation": found.elicitation,
            "request": dict(found.request),
        }
        full |= {"exchanges": found.exchanges, "share": found.share}
        typer.echo(json.dumps(told | full | {"precision": dict(said.precision), "recall": dict(said.recall)}))
        return
    typer.echo("  ".join(f"{name}: {value}" for name, value in told.items()))
    for wording in found.segments:
        typer.echo(f"  wording: {wording}")
    for name, counts in (("precision", said.precision), ("recall", said.recall)):
        if said.n_members:
            typer.echo(f"  {name}: " + ", ".join(f"{n} {bucket}" for bucket, n in counts.items() if n))
