"""What happened to a campaign: what people and the service did, in words, newest first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection

from stillwatch.act.cases.case import Case, CaseEvent
from stillwatch.act.cases.lookup import events_of
from stillwatch.act.cases.reveals import reveals_of
from stillwatch.console.wording import WORDS
from stillwatch.report.sentences import named

__all__ = ["Happened", "history_of"]


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened.

    words   What a person or the service did.
    text    A note, or the reason of a closing; None for the rest.
    entry   Of the ledger.
    """

    at: datetime
    by: str
    words: str
    entry: int
    text: str | None = None


def history_of(connection: Connection, campaign_id: str, case: Case | None) -> list[Happened]:
    """Events of the case and prompts that were looked at."""
    found = [] if case is None else [_event(event) for event in events_of(connection, case)]
    names = [campaign_id] if case is None else [case.case_id, *case.also_known_as]
    looked = reveals_of(connection, names)
    found += [
        Happened(one.at, one.by, f"looked at exchange {named(one.exchange_id)}", one.entry, one.reason)
        for one in looked
    ]
    return sorted(found, key=lambda one: one.entry, reverse=True)


def _event(event: CaseEvent) -> Happened:
    word = _WORDS.get(event.what)
    words = event.what if word is None else word(event.facts)
    return Happened(event.at, event.by, words, event.entry, event.text)


_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = MappingProxyType(
    {
        "opened": lambda facts: f"opened the case: it is called {facts.get('verdict')}",
        "assigned": lambda facts: f"gave the case to {facts.get('to')}",
        "noted": lambda _: "noted",
        "acted": lambda _: "saw the first decision that rests on the campaign",
        "judged": lambda facts: f"changed the verdict from {facts.get('from')} to {facts.get('to')}",
        "merged": lambda facts: f"made it part of {named(str(facts.get('into')))}",
        "closed": lambda facts: f"closed the case: {WORDS['closed'].get(str(facts.get('why')), 'no reason kept')}",
        "reopened": lambda _: "opened the case again: there was new traffic",
        "exported": lambda _: "took a bundle of evidence",
    }
)
