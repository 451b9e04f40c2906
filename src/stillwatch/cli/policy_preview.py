"""``stillwatch policy preview``: whom a policy would have touched, before it touches anybody."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.policy_versions import Stage, signer
from stillwatch.cli.progress import progress
from stillwatch.cli.service_home import SettingsAt, home
from stillwatch.errors import InvalidInput, MissingData

if TYPE_CHECKING:
    from stillwatch.act.decide.protected import Protected
    from stillwatch.act.policy.policy import Policy
    from stillwatch.act.preview.compare import Changes
    from stillwatch.act.preview.figures import Previewed
    from stillwatch.service.replay.standing import Standing
    from stillwatch.service.replay.streams import Streams

__all__ = ["preview"]


def preview(  # noqa: PLR0917 - typer's
    told: Annotated[
        str, typer.Argument(metavar="POLICY", help="File, version, or one that comes along: default, strict.")
    ],
    traffic: Annotated[
        list[str] | None,
        typer.Option(
            help="File, folder or glob of logs, as scan reads them; may be repeated.",
            show_default="the service's, with its index, accounts and protected ones",
        ),
    ] = None,
    findings: Annotated[
        Path | None, typer.Option(help="Folder of the findings of a scan of this traffic: it names the exchanges.")
    ] = None,
    index: Annotated[
        Path | None, typer.Option(help="Folder of a stream index: exchanges are looked up as a gateway's requests are.")
    ] = None,
    accounts: Annotated[Path | None, typer.Option(help="Table of accounts: CSV, JSONL or Parquet.")] = None,
    against: Annotated[
        str | None, typer.Option(metavar="POLICY", help="A policy before it: what changes from that to this one.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the page, HTML.")] = None,
    protected: Annotated[
        Path | None,
        typer.Option(
            help="File with ids of protected accounts and organisations, one a line.",
            show_default="decide.protected of the settings",
        ),
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="TOML that says which column is which.")] = None,
    stage: Annotated[Stage, typer.Option(help="Percent of accused streams: 1, 10 or 100.")] = Stage.ALL,
    by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Record it in the database, so that the version can be put in force."),
    ] = None,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Show whom a policy would have touched in stored traffic, with findings and appeals as they stand."""
    from stillwatch.cli.policy_named import of_name
    from stillwatch.service.replay.previewing import Asked, preview_of
    from stillwatch.service.replay.traffic import Source

    if by is not None and stage != Stage.ALL:
        message = f"only a preview at 100 % is recorded, got --stage {int(stage)}; leave --by or --stage out"
        raise InvalidInput(message)
    policy, before = of_name(told, settings), None if against is None else of_name(against, settings)
    if not traffic:
        traffic, index, accounts, protected = _of_service(settings, (findings, index, accounts, protected))
    said, source = _said(policy, settings), Source(traffic, _streams(findings, index), accounts, mapping)
    asked = Asked(policy, source, said, _protected(protected, settings), before, stage / 100)
    with progress() as report:
        found, changed = preview_of(asked, report)
    number = None if by is None else _record(found, settings, by)
    if out is not None:
        _write(found, changed, out)
    _tell(found, changed, number, out, as_json=as_json)


def _of_service(
    settings: Path | None, told: "tuple[Path | None, Path | None, Path | None, Path | None]"
) -> "tuple[list[str], Path | None, Path | None, Path | None]":
    """The service's traffic and, of what was not told, its index, accounts and protected ones."""
    findings, index, accounts, protected = told
    with home(settings) as opened:
        if findings is None and index is None:
            index = opened.index
        decides = opened.settings.decide
        return [str(opened.traffic)], index, accounts or decides.accounts, protected or decides.protected


def _said(policy: "Policy", settings: Path | None) -> "Standing":
    """What people have said; nothing where there is no service, unless one was named."""
    from stillwatch.service.replay.previewing import said_of
    from stillwatch.service.replay.standing import Standing as Nothing

    try:
        with home(settings) as opened:
            return said_of(opened, policy)
    except MissingData:
        if settings is not None:
            raise
        return Nothing()


def _protected(file: Path | None, settings: Path | None) -> "Protected":
    """The list that is named, else the service's."""
    from stillwatch.service.replay.previewing import protected_at
    from stillwatch.service.settings import settings_at

    return protected_at(file or settings_at(settings).decide.protected)


def _streams(findings: Path | None, index: Path | None) -> "Streams":
    from stillwatch.service.replay.streams import ByFindings, ByIndex

    if findings is not None and index is None:
        return ByFindings.of_folder(findings)
    if index is not None and findings is None:
        return ByIndex(index)
    message = "one of --findings and --index must say which exchanges are of accused streams"
    raise InvalidInput(message)


def _record(found: "Previewed", settings: Path | None, by: str) -> int:
    """Number of its record; what may not rest on it is said, too."""
    from stillwatch.act.policy.previews import record_preview
    from stillwatch.act.preview.record import recorded

    told = recorded(found, datetime.now(UTC))
    with home(settings) as opened, opened.engine.begin() as connection:
        number = record_preview(connection, told, signer(opened, by))
    if told.shows_nothing is not None:
        typer.echo(f"too little traffic to put anything in force: {told.shows_nothing}", err=True)
    elif told.is_thin is not None:
        typer.echo(f"enough for 1 % by one person's word, and no more: {told.is_thin}", err=True)
    return number


def _write(found: "Previewed", changed: "Changes | None", out: Path) -> None:
    from stillwatch.errors import UnreadableSource
    from stillwatch.report.previewed.html import to_html

    try:
        out.write_text(to_html(found, changed), encoding="utf-8", errors="replace")
    except OSError as wrong:
        message = f"the page cannot be written to {out}: {wrong.strerror or type(wrong).__name__}"
        raise UnreadableSource(message) from wrong


def _tell(
    found: "Previewed", changed: "Changes | None", number: int | None, out: Path | None, *, as_json: bool
) -> None:
    from rich.console import Console

    from stillwatch.report.previewed.terminal import print_changes, print_preview

    if as_json:
        typer.echo(_json(found, changed, number))
        return
    console = Console(highlight=False)
    print_preview(found, console, out)
    if changed is not None:
        print_changes(changed, console)
    if number is not None:
        typer.echo(f"recorded as preview {number}")
    else:
        typer.echo("not recorded; with --by NAME the version can be put in force")


def _json(found: "Previewed", changed: "Changes | None", number: int | None) -> str:
    import json

    from stillwatch.act.preview.record import plain

    whole: dict[str, Any] = {"preview": plain(found), "changes": plain(changed), "recorded": number}
    return json.dumps(whole, allow_nan=False)
