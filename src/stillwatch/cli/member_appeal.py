"""``stillwatch member appeals`` and ``member appeal``: file for a customer, answer what waits, get the proof."""

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from stillwatch.cli.options import AsJson
from stillwatch.errors import InvalidInput, UnreadableSource

if TYPE_CHECKING:
    from stillwatch.share.node.appeals import AppealDesk, OwnAppeal, Waiting

__all__ = ["appeal", "appeals", "told_of"]

appeal = typer.Typer(help="Appeals against indicators: file one for a customer, answer one.", no_args_is_help=True)

SettingsAt = Annotated[
    Path, typer.Option("--settings", envvar="STILLWATCH_MEMBER", help="TOML file that says where everything is.")
]
Reference = Annotated[str, typer.Argument(metavar="REFERENCE", help="What `file` printed.")]
_SETTINGS = Path("member.toml")
_Word = TypeVar("_Word", bound=StrEnum)


def appeals(
    settings: SettingsAt = _SETTINGS,
    filed: Annotated[bool, typer.Option("--filed", help="Those that the member has filed, instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the appeals that wait for this member's answer, with what its own traffic shows of each indicator."""
    with _desk(settings) as desk:
        told = [_told_of_own(one) for one in desk.filed()] if filed else [told_of(one) for one in desk.waiting()]
    for one in told:
        _tell(one, as_json=as_json)


@appeal.command("file")
def file(
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR", help="Id of the indicator.")],
    grounds: Annotated[
        str,
        typer.Option(help="shared-address, mistaken-identity, legitimate-use, evaluation or stale; no story crosses."),
    ],
    settings: SettingsAt = _SETTINGS,
    as_json: AsJson = False,
) -> None:
    """File an appeal; the customer is not named. The reference is the only way to ask about it: keep it."""
    from stillwatch.share.appeals.case import Grounds

    chosen = _one_of(Grounds, "--grounds", grounds)
    with _desk(settings) as desk:
        reference, said = desk.file(indicator.removeprefix("indicator--"), chosen, datetime.now(UTC))
    _tell({"reference": reference, "state": said.get("state"), "deadline": said.get("deadline")}, as_json=as_json)


@appeal.command("answer")
def answer(
    waiting: Annotated[str, typer.Argument(metavar="APPEAL", help="Appeal, as `member appeals` lists it.")],
    given: Annotated[str, typer.Argument(metavar="ANSWER", help="maintain, withdraw or abstain.")],
    settings: SettingsAt = _SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Say what the member thinks of the indicator on its own evidence: once; what it did is not asked."""
    from stillwatch.share.appeals.case import Answer

    chosen = _one_of(Answer, "the answer", given)
    with _desk(settings) as desk:
        desk.answer(waiting, chosen, datetime.now(UTC))
    _tell({"appeal": waiting, "answer": given}, as_json=as_json)


@appeal.command("status")
def status(reference: Reference, settings: SettingsAt = _SETTINGS, as_json: AsJson = False) -> None:
    """Say where an appeal is that the member has filed."""
    with _desk(settings) as desk:
        _tell({"reference": reference, **desk.status(reference)}, as_json=as_json)


@appeal.command("proof")
def proof(
    reference: Reference,
    out: Annotated[Path, typer.Option(help="File to write; `stillwatch appeal check` reads it.")],
    settings: SettingsAt = _SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Write the proof of which holders, by their names in the case, have removed what was revoked."""
    with _desk(settings) as desk:
        told = desk.proof(reference)
    try:
        out.write_text(json.dumps(told, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as wrong:
        message = f"cannot write {out}: {type(wrong).__name__}"
        raise UnreadableSource(message) from wrong
    _tell({"reference": reference, "out": str(out)}, as_json=as_json)


def told_of(waiting: "Waiting") -> dict[str, Any]:
    """An appeal as a person sees it."""
    return {
        "appeal": waiting.appeal,
        "indicator": waiting.indicator_id,
        "grounds": waiting.grounds.value,
        "deadline": f"{waiting.deadline:%Y-%m-%d %H:%M} UTC",
        "state": waiting.state.value,
        "own_indicator": waiting.is_own,
        "leads": waiting.n_leads,
    }


def _told_of_own(own: "OwnAppeal") -> dict[str, Any]:
    return {
        "reference": own.reference,
        "indicator": own.indicator_id,
        "grounds": own.grounds.value,
        "filed": f"{own.filed_at:%Y-%m-%d %H:%M} UTC",
        "sent": own.is_sent,
    }


def _one_of(words: "type[_Word]", name: str, told: str) -> "_Word":
    try:
        return words(told)
    except ValueError as error:
        message = f"{name} must be one of {', '.join(words)}, got {told}"
        raise InvalidInput(message) from error


def _desk(settings: Path) -> "AbstractContextManager[AppealDesk]":
    from stillwatch.share.node.service import appeal_desk
    from stillwatch.share.node.settings import read_settings

    return appeal_desk(read_settings(settings))


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else "  ".join(f"{name}: {value}" for name, value in told.items()))
