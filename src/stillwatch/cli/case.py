"""``stillwatch case``: an analyst's file on a campaign, and the bundle of evidence for counsel."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.service_home import By, SettingsAt, home, now, plain

if TYPE_CHECKING:
    from stillwatch.act.cases.case import Case

__all__ = ["case"]

case = typer.Typer(help="Cases: one file for each campaign that a person should look at.", no_args_is_help=True)

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="Id of the case, or its beginning.")]
Seen = Annotated[int, typer.Option("--seen", min=1, help="Version that you have seen; another one is not changed.")]


class StateName(StrEnum):
    """States to list."""

    OPEN = "open"
    INVESTIGATING = "investigating"
    ACTED = "acted"
    CLOSED = "closed"


class Why(StrEnum):
    """Why a case is closed."""

    ENDED = "ended"
    LEGITIMATE = "legitimate"
    HANDED_OVER = "handed-over"


@case.command("list")
def list_cases(
    state: Annotated[
        list[StateName] | None, typer.Option(help="State; may be repeated.", show_default="all but closed")
    ] = None,
    assignee: Annotated[str | None, typer.Option(help="Whose cases.")] = None,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """List cases, most bits first."""
    from stillwatch.act.cases.case import State
    from stillwatch.act.cases.lookup import cases_in
    from stillwatch.store.database import reading

    with home(settings) as opened, reading(opened.engine).begin() as connection:
        found = cases_in(connection, [State(one.value) for one in state or ()], assignee)
    if as_json:
        typer.echo(json.dumps(plain(found)))
        return
    for one in found:
        typer.echo(_line(one))
    if not found:
        typer.echo("no cases")


@case.command()
def show(name: CaseId, settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Show a case: what happened, the decisions that rest on it, the appeals against them."""
    from stillwatch.act.appeals.answering import appeals_of
    from stillwatch.act.appeals.notice import notices_of
    from stillwatch.act.appeals.tables import APPEALS
    from stillwatch.act.cases.lookup import case_at, events_of
    from stillwatch.report.visible import visible
    from stillwatch.store.database import reading

    with home(settings) as opened, reading(opened.engine).begin() as connection:
        found = case_at(connection, name)
        campaigns = [found.case_id, *found.also_known_as]
        events, notices = events_of(connection, found), notices_of(connection, campaigns)
        appeals = appeals_of(connection, APPEALS.c.campaign_id.in_(campaigns))
    if as_json:
        told = {"case": plain(found), "events": plain(events), "decisions": plain(notices)}
        bare = [{k: v for k, v in plain(one).items() if k not in {"statement", "contact"}} for one in appeals]
        typer.echo(json.dumps({**told, "appeals": bare}))
        return
    typer.echo(_line(found))
    typer.echo(f"version {found.version}; opened {found.opened_at:%Y-%m-%d %H:%M} UTC")
    for alias in found.also_known_as:
        typer.echo(f"also known as {alias}")
    for event in events:
        facts = " ".join(f"{key}={value}" for key, value in event.facts.items())
        typer.echo(visible(f"{event.at:%Y-%m-%d %H:%M}  {event.by}  {event.what}  {facts}"))
        if event.text is not None:
            typer.echo("  " + visible(event.text, layout="\n").replace("\n", "\n  "))
    for notice in notices:
        typer.echo(visible(f"decision {notice.decision_id}  {notice.action.value}  {notice.stream.account_id}"))
    for one in appeals:
        typer.echo(f"appeal {one.appeal_id}  {one.state.value}  {one.grounds.value}")


@case.command()
def assign(
    name: CaseId,
    to: Annotated[str, typer.Option("--to", help="Who works on it.")],
    by: By,
    seen: Seen,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Give a case to a person."""
    from stillwatch.act.cases.changes import Hand
    from stillwatch.act.cases.changes import assign as assigned

    with home(settings) as opened, opened.engine.begin() as connection:
        found = assigned(Hand(connection, opened.trail, by, now()), name, to, seen)
    _tell(found, as_json=as_json)


@case.command()
def note(
    name: CaseId,
    text: Annotated[str, typer.Argument(help="The note; - reads it. No prompts: notes go along.")],
    by: By,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Add a note; notes are neither changed nor taken back, and go into bundles."""
    from stillwatch.act.cases.changes import Hand
    from stillwatch.act.cases.changes import note as noted

    words = typer.get_text_stream("stdin").read(50_000) if text == "-" else text
    with home(settings) as opened, opened.engine.begin() as connection:
        found = noted(Hand(connection, opened.trail, by, now()), name, words)
    _tell(found, as_json=as_json)


@case.command()
def close(
    name: CaseId,
    why: Annotated[Why, typer.Argument(help="Why; one that ended opens again when there is new traffic.")],
    *,
    by: By,
    seen: Seen,
    reason: Annotated[str, typer.Option(help="In words, at least 20 characters.")],
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Close a case."""
    from stillwatch.act.cases.case import ClosedWhy
    from stillwatch.act.cases.changes import Hand
    from stillwatch.act.cases.changes import close as closed

    with home(settings) as opened, opened.engine.begin() as connection:
        found = closed(Hand(connection, opened.trail, by, now()), name, ClosedWhy(why.value), reason, seen)
    _tell(found, as_json=as_json)


@case.command()
def export(
    name: CaseId,
    *,
    out: Annotated[Path, typer.Option("--out", help="ZIP file to write; there must be none.")],
    by: By,
    findings: Annotated[Path | None, typer.Option(help="Folder of findings.", show_default="the service's")] = None,
    traffic: Annotated[
        list[str] | None, typer.Option(help="Logs with the exchanges; may be repeated.", show_default="the service's")
    ] = None,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Disclose prompts and answers; needs --reason, and is recorded.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why texts are disclosed, at least 20 characters.")] = None,
    exchange: Annotated[
        list[str] | None,
        typer.Option(help="Disclose only this exchange; may be repeated.", show_default="all of the campaign"),
    ] = None,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Write a signed bundle of evidence that anybody can verify offline; hashes only, unless texts are asked for."""
    from stillwatch.act.cases.bundle import Disclosure, export_case
    from stillwatch.act.cases.changes import Hand
    from stillwatch.act.cases.lookup import case_at
    from stillwatch.errors import InvalidInput
    from stillwatch.service.evidence import evidence_of

    if with_text != (reason is not None) or (exchange and not with_text):
        message = "--with-text and --reason belong together, and --exchange needs both"
        raise InvalidInput(message)
    if out.exists():
        message = f"--out must be a new file, {out} exists"
        raise InvalidInput(message)
    disclosure = Disclosure(reason, frozenset(exchange) if exchange else None) if reason is not None else None
    with home(settings) as opened:
        with opened.engine.begin() as connection:
            found = case_at(connection, name)
        evidence = evidence_of(found, findings or opened.findings, traffic or [opened.traffic])
        with opened.engine.begin() as connection:
            hand = Hand(connection, opened.trail, by, now())
            bundle = export_case(hand, found.case_id, evidence, opened.secret, disclosure)
        _write(out, bundle)
        key = opened.trail.key.key_id
    told = {"out": str(out), "case": found.case_id, "size_bytes": len(bundle), "key": key}
    if as_json:
        typer.echo(json.dumps(told | {"with_text": with_text}))
    else:
        typer.echo(f"{out}: {len(bundle):,} bytes, signed with {key}; tell its readers this name by another way")


@case.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Bundle to check.")],
    key_id: Annotated[
        str | None, typer.Option("--key-id", help="Name of the key that must have signed, from somewhere else.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a bundle offline; a failure names the file in it that does not hold."""
    from stillwatch.act.cases.verification import read_bundle, verify_bundle

    found = verify_bundle(read_bundle(file), key_id)
    if as_json:
        typer.echo(json.dumps(found | {"key_was_given": key_id is not None}))
        return
    typer.echo("good: nothing was changed since it was signed")
    for what, value in found.items():
        typer.echo(f"  {what:<17}{value}")
    if key_id is None:
        typer.echo("who signed was not checked: give the name of the key with --key-id")


def _write(out: Path, data: bytes) -> None:
    """Write a new file that nobody else may read, whole or not at all."""
    import os

    from stillwatch.errors import UnreadableSource

    waiting = out.with_name(f".{out.name}.part")
    try:
        descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(out)
    except OSError as wrong:
        message = f"cannot write {out}: {wrong.strerror or type(wrong).__name__}; that a bundle was made is recorded"
        raise UnreadableSource(message) from wrong


def _line(one: "Case") -> str:
    who = one.assignee or "nobody"
    state = f"{one.state.value} ({one.closed_why.value})" if one.closed_why else one.state.value
    figures = f"{one.bits:.0f} bits, {one.n_accounts:,} accounts, {one.n_exchanges:,} exchanges"
    return f"{one.case_id}  {one.verdict.value}  {state}  {who}  {figures}  last {one.last_seen:%Y-%m-%d %H:%M}"


def _tell(one: "Case", *, as_json: bool) -> None:
    typer.echo(json.dumps(plain(one)) if as_json else f"{_line(one)}  version {one.version}")
