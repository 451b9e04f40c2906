"""``stillwatch appeal``: read customers' appeals, and answer them."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.appeal_check import check
from stillwatch.cli.options import AsJson
from stillwatch.cli.service_home import By, SettingsAt, home, now, plain

if TYPE_CHECKING:
    from stillwatch.act.appeals.appeal import Appeal

__all__ = ["appeal"]

appeal = typer.Typer(help="Customers' appeals against decisions: read them, answer them.", no_args_is_help=True)
appeal.command("check")(check)

AppealId = Annotated[str, typer.Argument(metavar="APPEAL", help="Id of the appeal, or its beginning.")]


class Which(StrEnum):
    """Appeals to list."""

    WAITING = "waiting"
    OVERDUE = "overdue"
    ANSWERED = "answered"
    ALL = "all"


class Answer(StrEnum):
    """What a person decides."""

    UPHELD = "upheld"
    DENIED = "denied"


@appeal.command("list")
def list_appeals(
    which: Annotated[Which, typer.Option(help="Which of them.")] = Which.WAITING,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """List appeals, the soonest deadline first."""
    from stillwatch.act.appeals.answering import appeals_of
    from stillwatch.store.database import reading

    at = now()
    with home(settings) as opened, reading(opened.engine).begin() as connection:
        found = appeals_of(connection)
    chosen = [one for one in found if _is_wanted(one, which)]
    if as_json:
        typer.echo(json.dumps([_told(one) for one in chosen]))
        return
    for one in chosen:
        late = " OVERDUE" if one.is_overdue(at) else ""
        due = f"answered {one.answered_at:%Y-%m-%d}" if one.answered_at else f"due {one.deadline:%Y-%m-%d %H:%M}"
        typer.echo(f"{one.appeal_id[:12]}  {one.state.value:<9}  {due}{late}  {one.grounds.value}  {_stream(one)}")
    if not chosen:
        typer.echo("no appeals")


@appeal.command()
def show(
    appeal_id: AppealId,
    by: Annotated[
        str | None, typer.Option("--by", help="Your name: the customer then sees that the appeal is being read.")
    ] = None,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Show an appeal with what the customer wrote, and the decision it is about."""
    from stillwatch.act.appeals.answering import appeal_at, look_at
    from stillwatch.act.appeals.notice import notice_of

    with home(settings) as opened, opened.engine.begin() as connection:
        found = appeal_at(connection, appeal_id)
        if by is not None:
            found = look_at(connection, opened.trail, found.appeal_id, by, now())
        notice = notice_of(connection, found.decision_id)
    if as_json:
        typer.echo(json.dumps({"appeal": _told(found), "decision": plain(notice)}))
        return
    _print(found, plain(notice))


@appeal.command()
def answer(
    appeal_id: AppealId,
    outcome: Annotated[Answer, typer.Argument(help="What you decide.")],
    by: By,
    reason: Annotated[str, typer.Option(help="What the customer reads, 20 to 4,000 characters; - reads it.")],
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Answer an appeal, once. Upheld, the stream is cleared at once and its decisions end."""
    from stillwatch.act.appeals.answering import Ruling
    from stillwatch.act.appeals.answering import answer as answered
    from stillwatch.act.appeals.appeal import Outcome

    words = typer.get_text_stream("stdin").read(20_000) if reason == "-" else reason
    ruling = Ruling(Outcome(outcome.value), words, by)
    with home(settings) as opened, opened.engine.begin() as connection:
        found = answered(connection, opened.trail, appeal_id, ruling, now())
    if as_json:
        typer.echo(json.dumps(_told(found)))
        return
    typer.echo(f"{found.appeal_id} is {found.state.value}; the customer reads your reason at the link")
    if found.outcome is Outcome.UPHELD:
        typer.echo("the stream is cleared; next: stillwatch appeal labels, and stillwatch calibrate --vouched")


@appeal.command()
def report(settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Say how well appeals are heard: time to the first human answer, what waits, share upheld by rule."""
    from stillwatch.act.appeals.report import appeals_report
    from stillwatch.store.database import reading

    with home(settings) as opened, reading(opened.engine).begin() as connection:
        found = appeals_report(connection, opened.settings.appeals, now())
    if as_json:
        typer.echo(json.dumps(plain(found)))
        return
    typer.echo(f"filed {found.n_filed}: {found.n_upheld} upheld, {found.n_denied} denied, {found.n_open} open")
    typer.echo(f"overdue {found.n_overdue}: {found.n_softened} streams softened, {found.n_held_back} held back")
    median, p90 = _hours(found.answer_h_median), _hours(found.answer_h_p90)
    typer.echo(f"first human answer: half within {median}, nine in ten within {p90}; {found.n_late} were late")
    for rule in found.by_rule:
        share = f"{rule.share:.0%} upheld ({rule.low:.0%} to {rule.high:.0%})"
        typer.echo(f"  {_seen(rule.rule) or 'no rule'}: {share} of {rule.n_answered}")


@appeal.command()
def labels(
    out: Annotated[Path, typer.Option(help="Folder to write vouched.txt and legitimate.jsonl to.")],
    findings: Annotated[
        list[Path] | None, typer.Option(help="Folder of findings that name the exchanges; may be repeated.")
    ] = None,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Write the accounts of upheld appeals for `stillwatch calibrate --vouched`, and which exchanges they are about."""
    from stillwatch.act.appeals.labels import labels as cleared
    from stillwatch.act.appeals.labels import write_labels
    from stillwatch.store.database import reading

    with home(settings) as opened, reading(opened.engine).begin() as connection:
        found = cleared(connection)
    n = write_labels(found, _exchanges(findings or [], {one.stream for one in found}), out)
    if as_json:
        typer.echo(json.dumps({"out": str(out), "streams": len(found), "accounts": n}))
    else:
        typer.echo(f"{len(found)} streams of {n} accounts; next: stillwatch calibrate LOGS --vouched {out}/vouched.txt")


def _is_wanted(one: "Appeal", which: Which) -> bool:
    if which is Which.OVERDUE:
        return one.is_overdue(now())
    return which is Which.ALL or (one.outcome is None) == (which is Which.WAITING)


def _exchanges(folders: list[Path], streams: set[Any]) -> dict[Any, list[str]]:
    from stillwatch.act.decide.stream import Stream
    from stillwatch.report import read_findings

    found: dict[Any, list[str]] = {stream: [] for stream in streams}
    for folder in folders:
        table = read_findings(folder).exchanges
        for row in table.to_pylist():
            stream = Stream(row["campaign_id"], row["account_id"])
            if stream in found:
                found[stream].append(row["exchange_id"])
    return found


def _told(one: "Appeal") -> dict[str, Any]:
    told: dict[str, Any] = plain(one)
    return told | {"state": one.state.value, "is_overdue": one.is_overdue(now())}


def _stream(one: "Appeal") -> str:
    return f"{_seen(one.stream.campaign_id)} / {_seen(one.stream.account_id)}"


def _seen(text: str, layout: str = "") -> str:
    from stillwatch.report.visible import visible

    return visible(text, layout=layout)


def _hours(hours: float | None) -> str:
    return "(too few answered to tell)" if hours is None else f"{hours:.1f} h"


def _print(one: "Appeal", decision: dict[str, Any] | None) -> None:
    """Everything on lines of their own; what a customer wrote is shown with its hidden characters."""
    lines = {
        "appeal": f"{one.appeal_id}, {one.state.value}",
        "filed": f"{one.filed_at:%Y-%m-%d %H:%M} UTC",
        "due": f"{one.deadline:%Y-%m-%d %H:%M} UTC",
        "stream": _stream(one),
        "grounds": one.grounds.value,
        "contact": _seen(one.contact or "none"),
    }
    if decision is not None:
        what = f"{decision['action']} by rule {_seen(decision['rule']) or 'none'}, until {decision['expires_at'][:16]}"
        lines |= {"decision": f"{one.decision_id}, {what}", "reason": _seen(decision["reason"])}
    if one.answer is not None:
        lines |= {"answered": f"{one.answered_at:%Y-%m-%d %H:%M} UTC by {one.answered_by}", "answer": one.answer}
    for name, value in lines.items():
        typer.echo(f"{name:<9} {value}")
    typer.echo("\n" + _seen(one.statement, layout="\n"))
