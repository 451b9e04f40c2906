"""``stillwatch scan``: find campaigns in logs and write the findings."""

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.options import AsJson, default_out
from stillwatch.cli.progress import progress
from stillwatch.errors import InvalidInput, QuarantinedRows

if TYPE_CHECKING:
    from stillwatch.model.findings import Findings

__all__ = ["Content", "conclude", "scan"]


class Engine(StrEnum):
    """Where the work is done; the findings are the same."""

    LOCAL = "local"
    SPARK = "spark"


class Content(StrEnum):
    """What of the prompts is kept while working."""

    FULL = "full"
    HASHED = "hashed"
    NONE = "none"


FindingsAt = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="Folder for the findings; with --engine spark also a URL.",
        show_default="LOGS/findings, else ./findings",
    ),
]
EngineName = Annotated[Engine, typer.Option(help="Where the work is done: on this machine or on a cluster.")]
Master = Annotated[
    str | None, typer.Option(metavar="URL", help="Cluster, with --engine spark.", show_default="Spark's own setting")
]
Work = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Folder for work files; a cluster's executors must reach it.",
        show_default="the temporary folder",
    ),
]
Reference = Annotated[
    Path | None,
    typer.Option(
        envvar="STILLWATCH_REFERENCE",
        help="Legitimate families to judge against: what calibrate wrote.",
        show_default="the default reference",
    ),
]

StateAt = Annotated[
    Path | None, typer.Option(help="Folder for what scans remember from day to day; made at first use.")
]
StateDays = Annotated[
    int | None, typer.Option(help="Days that a new state remembers, half of them at least.", show_default="14")
]


def scan(
    logs: Annotated[list[str], typer.Argument(metavar="LOGS...", help="Files, folders or globs; - is standard input.")],
    *,
    accounts: Annotated[Path | None, typer.Option(help="Table of accounts: CSV, JSONL or Parquet.")] = None,
    out: FindingsAt = None,
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 if any row was not accepted.")] = False,
    mapping: Annotated[Path | None, typer.Option(help="TOML that says which column is which.")] = None,
    memory: Annotated[str, typer.Option(help="Limit for sorting and grouping; the rest goes to disk.")] = "4GB",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads.", show_default="every core")] = None,
    content: Annotated[Content, typer.Option(help="What of the prompts is kept while working.")] = Content.FULL,
    reference: Reference = None,
    pool: Annotated[
        list[Path] | None, typer.Option(help="Known questions: text, JSON lines, Parquet or a saved pool; repeatable.")
    ] = None,
    save_pool: Annotated[
        Path | None, typer.Option(help="File for hashes of what the harvests asked, to give as --pool later.")
    ] = None,
    engine: EngineName = Engine.LOCAL,
    master: Master = None,
    work: Work = None,
    state: StateAt = None,
    state_days: StateDays = None,
    index: Annotated[
        Path | None, typer.Option(help="Folder for what a member's node searches; it stays with you.")
    ] = None,
) -> None:
    """Find distillation campaigns in API logs, print them, and write report.html, campaigns.json and the tables."""
    from stillwatch.report import check_folder
    from stillwatch.scan import scan as find

    scratch = _scratch(out, engine)
    folder = Path(scratch.name) / "findings" if scratch else Path(out) if out else default_out(logs)
    check_folder(folder)
    _check_state(state, folder)
    with progress() as report:
        findings = find(
            logs,
            accounts=accounts,
            mapping=mapping,
            content=content.value,
            memory=memory,
            threads=threads,
            reference=reference,
            pools=pool or (),
            save_pool=save_pool,
            engine=engine.value,
            master=master,
            work=work,
            state=state,
            state_days=state_days,
            index=index,
            on_progress=report,
        )
    conclude(findings, folder, as_json=as_json, name_report=scratch is None)
    if scratch and out:
        _upload(folder, out, master, as_json=as_json)
        scratch.cleanup()
    if strict:
        _refuse_bad_rows(findings, out or folder)


def _scratch(out: str | None, engine: Engine) -> "TemporaryDirectory[str] | None":
    """Folder for findings that go to a URL; None where they go to a folder at once."""
    from stillwatch.engine.spark_store import has_scheme

    if out is None or not has_scheme(out):
        return None
    if engine is not Engine.SPARK:
        msg = f"--out may be a URL with --engine spark only, got {out}"
        raise InvalidInput(msg)
    return TemporaryDirectory(prefix="stillwatch-")


def _upload(folder: Path, url: str, master: str | None, *, as_json: bool) -> None:
    """Bring the findings to a store, and say where they are."""
    from stillwatch.engine.spark_session import open_session
    from stillwatch.engine.spark_store import upload
    from stillwatch.report import MARKER

    session, is_new = open_session(master)
    upload(session, folder, url.rstrip("/"), MARKER)
    if is_new:
        session.stop()
    if not as_json:
        typer.echo(f"findings: {url}")


def _check_state(state: Path | None, folder: Path) -> None:
    if state is not None and state.resolve() == folder.resolve():
        msg = f"--state and --out must be two folders, both are {state}"
        raise InvalidInput(msg)


def conclude(findings: "Findings", folder: Path, *, as_json: bool, name_report: bool = True) -> None:
    """Write the findings and print them, with the path of the report at the end unless somebody else says it."""
    from rich.console import Console

    from stillwatch.report import print_findings, to_json, write_findings

    report = write_findings(findings, folder)
    if as_json:
        typer.echo(to_json(findings), nl=False)
    else:
        print_findings(findings, Console(highlight=False), report if name_report else None)


def _refuse_bad_rows(findings: "Findings", folder: Path | str) -> None:
    tally = findings.tally
    if tally.rows_quarantined or tally.rows_duplicate:
        msg = (
            f"{tally.rows_quarantined} rows were quarantined and {tally.rows_duplicate} were duplicates; "
            f"see {folder}/quarantine.parquet, or scan without --strict"
        )
        raise QuarantinedRows(msg)
