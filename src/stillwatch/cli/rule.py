"""``stillwatch rule``: write a portable detector, and try it on one's own traffic before anybody else sees it."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.errors import InvalidInput, UnreadableSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from stillwatch.share.rules.rule import HarvestRule
    from stillwatch.share.rules.shadow import ShadowAnswer, ShadowCounts

__all__ = ["LabelsAt", "Logs", "MappingAt", "batches_of", "labels_in", "read_rule_file", "rule", "told_of"]

rule = typer.Typer(
    help="Portable detectors: check one, and try it in shadow on your own traffic.", no_args_is_help=True
)

RuleAt = Annotated[Path, typer.Argument(metavar="FILE", help="Harvest rule, YAML.")]
Logs = Annotated[list[str], typer.Argument(metavar="LOGS...", help="Files, folders or globs; - is standard input.")]
LabelsAt = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FINDINGS", help="Findings of a scan of these logs: who harvests, who does not."),
]
MappingAt = Annotated[Path | None, typer.Option("--mapping", help="TOML that says which column is which.")]


@rule.command()
def check(file: RuleAt, as_json: AsJson = False) -> None:
    """Say everything that is wrong with a rule, with lines; of a good one its content hash.

    Exits with 2 if anything is wrong, with 4 if the file cannot be read.
    """
    from stillwatch.share.rules.read import WrongRule
    from stillwatch.share.rules.rule import rule_hash

    try:
        found = read_rule_file(file)
    except WrongRule as wrong:
        if as_json:
            told = [{"line": problem.line, "explanation": problem.explanation} for problem in wrong.problems]
            typer.echo(json.dumps({"file": str(file), "problems": told}))
        else:
            for problem in wrong.problems:
                typer.echo(f"{file}:{problem.line}: {problem.explanation}")
        message = f"{file} is no rule that may cross: {len(wrong.problems)} problems"
        raise InvalidInput(message) from None
    late = _clock_problem(found, datetime.now(UTC))
    told_late = f"; {late}" if late else ""
    if as_json:
        typer.echo(json.dumps({"file": str(file), "problems": [], "rule": rule_hash(found), "now": late}))
    else:
        typer.echo(f"{file}: good, rule {rule_hash(found)}{told_late}")


@rule.command()
def shadow(
    file: RuleAt, logs: Logs, labels: LabelsAt = None, mapping: MappingAt = None, as_json: AsJson = False
) -> None:
    """Run a rule over your own logs and count; nothing leaves, nobody is flagged, no account is named.

    With --labels it says how well the rule did, exactly, and which two buckets would cross.
    """
    from stillwatch.share.rules.shadow import answer_of, count_in_shadow

    found = read_rule_file(file)
    counts = count_in_shadow(found, batches_of(logs, mapping), labels_in(labels) if labels else None)
    told = told_of(counts, answer_of(found, counts) if labels else None)
    if as_json:
        typer.echo(json.dumps(told))
        return
    for name, value in told.items():
        typer.echo(f"{name}: {value}")


def read_rule_file(file: Path) -> "HarvestRule":
    """Rule of a YAML file.

    Raises      UnreadableSource when it cannot be read; WrongRule with every problem.
    """
    from stillwatch.share.rules.read import RULE_BYTES_MOST, parse_rule

    try:
        with file.open("rb") as opened:
            text = opened.read(RULE_BYTES_MOST + 1).decode()
    except OSError as error:
        message = f"cannot read {file}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    except UnicodeDecodeError:
        message = f"{file} must be UTF-8"
        raise UnreadableSource(message) from None  # the cause would carry the text
    return parse_rule(text)


def batches_of(logs: list[str], mapping: Path | None) -> "Iterator[pa.RecordBatch]":
    """Exchanges of logs, accounts named as a scan names them."""
    from stillwatch.ingest import ingest, installation_salt

    return ingest(logs, mapping=mapping, salt=installation_salt()).batches()


def labels_in(folder: Path) -> "Mapping[str, bool]":
    """Who harvests, as the findings of a scan say."""
    from stillwatch.report import read_findings
    from stillwatch.share.rules.labels import Judged

    return Judged(read_findings(folder).streams)


def told_of(counts: "ShadowCounts", answer: "ShadowAnswer | None") -> dict[str, Any]:
    """Exact counts, for whose traffic it is, and the buckets beside them."""
    told = dataclasses.asdict(counts)
    if answer is None:
        return {name: told[name] for name in ("n_exchanges", "n_matched", "n_accounts", "n_flagged")}
    precision = counts.n_caught / counts.n_judged_flagged if counts.n_judged_flagged else None
    recall = counts.n_caught / counts.n_harvesting if counts.n_harvesting else None
    exact = {"precision": precision, "recall": recall}
    return told | exact | {"precision_told": answer.precision, "recall_told": answer.recall}


def _clock_problem(found: "HarvestRule", now: datetime) -> str | None:
    if found.valid_until <= now:
        return "its time is over: others do not take it"
    return "it is from the future: others do not take it yet" if found.created > now else None
