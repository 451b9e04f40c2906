"""What an entry says, in words: who did what. A field that a document lacks is told as a question mark."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from string import Formatter
from types import MappingProxyType
from typing import Any, Final

from stillwatch.act.audit.trail import Recorded
from stillwatch.act.decide.recorder import ACTOR
from stillwatch.act.trail import CUSTOMER, SERVICE
from stillwatch.console.appeals.wording import action_told
from stillwatch.console.audit.sentences import SENTENCES
from stillwatch.console.visit import at
from stillwatch.console.wording import WORDS
from stillwatch.errors import InvalidInput
from stillwatch.ledger.entry import Kind
from stillwatch.report.quantities import count, moment, share
from stillwatch.report.visible import visible
from stillwatch.service.pages.wording import GROUNDS
from stillwatch.signing.stamp import time_of

__all__ = ["KIND_WORDS", "Piece", "actor_told", "plain_words", "said"]

KIND_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "decision": "decisions",
        "case": "cases",
        "disclosure": "prompts and keys shown",
        "appeal": "appeals",
        "policy": "policies",
        "revoke": "indicators taken back",
        "roster-change": "users and tokens",
        "mark-keys": "mark keys",
    }
)
_ACTORS: Final = {SERVICE: "The service", ACTOR: "The service", CUSTOMER: "A customer"}
_ENDS: Final = {
    "expired": "it expired",
    "policy-changed": "the policy changed",
    "cleared": "a person cleared the stream",
    "protected": "it is protected",
}
_SHORTEST: Final = 80
_MOST_FIELDS: Final = 4
_CHANGES: Final = {"harsher": "; harsher than before", "milder": "; milder than before", "again": "; once more"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a sentence.

    text        As it stands in the document, or is told; what strangers wrote is made visible by who shows it.
    is_id       It is a name of something.
    href        Page of it; None for none.
    time        A moment, which `text` tells in UTC; None for anything else.
    is_ours     It stands in no document: these are our words.
    """

    text: str
    is_id: bool = False
    href: str | None = None
    time: datetime | None = None
    is_ours: bool = False


def actor_told(actor: str) -> str:
    """Who did it, as a sentence begins.

    >>> actor_told("decider"), actor_told("ada")
    ('The service', 'ada')
    """
    return _ACTORS.get(actor, actor)


def said(one: Recorded) -> list[Piece]:
    """The entry as a sentence, from who did it on."""
    who = Piece(f"{actor_told(one.entry.actor)} ", is_ours=True)
    if one.document is None:
        return [
            who,
            Piece(f"did something whose document is forgotten ({KIND_WORDS.get(one.entry.kind, one.entry.kind)})"),
        ]
    document = one.document
    event = _event(one)
    pattern = SENTENCES.get((one.entry.kind, event))
    if pattern is None:
        return [who, Piece(f"recorded “{event or one.entry.kind}”{_fields(document)}")]
    pieces = [who]
    for literal, field, how in _parts(pattern):
        pieces.append(Piece(literal, is_ours=True))
        if field is not None:
            pieces.append(_piece(document, field, how))
    return [piece for piece in pieces if piece.text]


@cache
def _parts(pattern: str) -> tuple[tuple[str, str | None, str], ...]:
    """Literals of a sentence, each with the field behind it and how that is told."""
    return tuple((literal, field, how or "") for literal, field, how, _ in Formatter().parse(pattern))


def plain_words(one: Recorded) -> str:
    """The sentence as one text."""
    return "".join(piece.text if piece.is_ours else visible(piece.text) for piece in said(one))


def _event(one: Recorded) -> str:
    """What happened, by the name that `SENTENCES` has for it."""
    document = one.document or {}
    event = str(document.get("event") or document.get("what") or "")
    if one.entry.kind is Kind.POLICY and event == "activation":
        return str(document.get("how", ""))
    if one.entry.kind is Kind.CASE and event == "assigned" and document.get("to") == one.entry.actor:
        return "taken"
    return event


def _fields(document: Mapping[str, Any]) -> str:
    """The first fields of a document that has no sentence, as far as they are short."""
    told = {name: value for name, value in document.items() if name not in {"event", "what"} and value is not None}
    short = [f"{name} {value}" for name, value in told.items() if len(str(value)) <= _SHORTEST][:_MOST_FIELDS]
    return f": {', '.join(short)}" if short else ""


def _piece(document: Mapping[str, Any], field: str, how: str) -> Piece:
    value = document.get(field)
    if how in _LINKED:
        return _named(how, value)
    if how == "time":
        return _time(value)
    if how == "id":
        return Piece(str(value) if value else "none", is_id=True)
    worded = _WORDED.get(how)
    return Piece(worded(value) if worded else "?" if value is None else str(value))


_LINKED: Final = frozenset({"campaign", "policy", "appeal", "decision", "exchange", "account", "user"})
_PAGES: Final[Mapping[str, str]] = MappingProxyType({"campaign": "campaigns", "policy": "policies"})
_SHORT: Final[Mapping[str, int]] = MappingProxyType({"policy": 12, "appeal": 12, "decision": 8})


def _named(what: str, value: Any) -> Piece:  # noqa: ANN401 - whatever a document holds
    """A name; it leads to the page of it, or to what else is on record of it."""
    if not isinstance(value, str) or not value:
        return Piece("none" if value is None else "?", is_id=True)
    href = at(_PAGES[what], value) if what in _PAGES else at("audit", about=what, id=value)
    return Piece(value[: _SHORT.get(what, len(value))], is_id=True, href=href)


def _time(value: Any) -> Piece:  # noqa: ANN401 - whatever a document holds
    try:
        found = time_of(value)
    except (InvalidInput, TypeError):
        return Piece("?")
    return Piece(moment(found), time=found)


def _share(value: Any) -> str:  # noqa: ANN401
    return share(float(value)) if isinstance(value, int | float) else "?"


_GROUNDS: Final = {ground.value: words[0].lower() for ground, words in GROUNDS.items()}
_WORDED: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "action": lambda value: action_told(value if isinstance(value, str) else None),
        "share": _share,
        "n": lambda value: count(len(value)) if isinstance(value, list) else "?",
        "end": lambda value: _ENDS.get(str(value), str(value)),
        "closed": lambda value: WORDS["closed"].get(str(value), str(value)),
        "grounds": lambda value: _GROUNDS.get(str(value), str(value)),
        "change": lambda value: _CHANGES.get(str(value), ""),
        "approved": lambda value: f", approved by {value}" if value else "",
        "texts": lambda value: " with texts" if value else "",
    }
)
