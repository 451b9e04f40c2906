"""Cleared streams held against the appeals on record: whoever can write to the database could shelter a stream."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, inspect, select

from stillwatch.act.appeals.appeal import Outcome
from stillwatch.act.appeals.tables import CLEARED
from stillwatch.act.audit.trail import Recorded
from stillwatch.errors import FailedProof
from stillwatch.ledger.entry import Kind

__all__ = ["Upheld"]


class Upheld:
    """What the documents say of appeals: against which decision each was filed, and which were upheld."""

    def __init__(self) -> None:
        self._n_forgotten = 0
        self._about: dict[str, str] = {}
        self._upheld: set[str] = set()
        self._account: dict[str, str] = {}

    def take(self, one: Recorded) -> None:
        """Remember what a document says that fits its entry; of a forgotten one nothing is known."""
        document: Mapping[str, Any] = one.document or {}
        if one.document is None:
            self._n_forgotten += one.entry.kind in {Kind.APPEAL, Kind.DECISION}
        elif document.get("event") == "decided" and one.entry.kind is Kind.DECISION:
            self._account[document["decision_id"]] = document["account_id"]
        elif document.get("event") == "filed" and one.entry.kind is Kind.APPEAL:
            self._about[document["appeal_id"]] = document["decision_id"]
        elif document.get("outcome") == Outcome.UPHELD.value and one.entry.kind is Kind.APPEAL:
            self._upheld.add(document["appeal_id"])

    def check(self, connection: Connection) -> None:
        """Hold the table against it; a service without appeals has none.

        Raises      FailedProof for a stream that no person has cleared, unless something was forgotten that may say so.
        """
        if self._n_forgotten or not inspect(connection).has_table(CLEARED.name):
            return
        for row in connection.execute(select(CLEARED)):
            account = self._account.get(self._about.get(row.appeal_id, ""))
            if row.appeal_id not in self._upheld or account != row.account_id:
                message = f"the cleared stream of appeal {row.appeal_id} is bad: no person has cleared it on record"
                raise FailedProof(message)
