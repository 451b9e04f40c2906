"""Events of a transaction: together for who takes them so, one by one and in order for everybody else."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, MetaData

from stillwatch.share.access.events import Happened, tell_all
from stillwatch.store.database import open_database

EVENTS = [Happened("publish", "a", {"n": 1}), Happened("delete", "b", {"n": 2})]


class Listener:
    """Takes events together."""

    def __init__(self) -> None:
        self.found: list[list[Happened]] = []

    def __call__(self, kind: str, actor: str, document: Any, connection: Connection) -> None:
        """Take one."""
        self.together([Happened(kind, actor, document)], connection)

    def together(self, events: Sequence[Happened], connection: Connection) -> None:
        """Take them."""
        assert connection.in_transaction()
        self.found.append(list(events))


def test_who_takes_them_together_is_told_once_and_others_one_by_one() -> None:
    """The same events, in the same order."""
    listener, singly = Listener(), list[tuple[Any, ...]]()
    with open_database("sqlite://", MetaData()).begin() as connection:
        tell_all(listener, EVENTS, connection)
        tell_all(lambda *told: singly.append(told[:3]), EVENTS, connection)
    assert listener.found == [EVENTS]
    assert singly == [tuple(event) for event in EVENTS]
