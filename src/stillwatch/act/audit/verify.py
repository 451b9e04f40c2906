"""Verify a service's database: its ledger, what the entries commit to, decisions and cleared streams in the tables."""

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, select

from stillwatch.act.audit.cleared import Upheld
from stillwatch.act.audit.trail import Recorded, recorded
from stillwatch.act.decide.records import document_of
from stillwatch.act.decide.tables import ALARMS, DECISIONS
from stillwatch.errors import FailedProof, InvalidInput, UnreadableSource
from stillwatch.ledger.audit import Audit, audit
from stillwatch.ledger.entry import Kind, is_of
from stillwatch.ledger.export import export
from stillwatch.signing.keys import Keys

__all__ = ["Verified", "verify"]

_END: Final = ("ended_at", "ended_why")
_ALARM_KEY: Final = ("policy_version", "is_final")


@dataclass(frozen=True, slots=True)
class Verified:
    """What was verified.

    ledger      Entries and heads.
    n_documents Entries whose document is kept and fits.
    n_decisions Decisions of the table that stand on record exactly so.
    n_unproved  Decisions whose document was forgotten: nothing speaks against them, nothing for them.
    """

    ledger: Audit
    n_documents: int
    n_decisions: int
    n_unproved: int


def verify(connection: Connection, kept: Iterable[Mapping[str, Any]] = (), keys: Keys | None = None) -> Verified:
    """Verify everything; the message of a failure names the first bad entry or decision.

    connection  That sees one state of the database.
    kept        Heads from before: the ledger must continue them.
    keys        Public keys of the service; None leaves signatures unchecked.
    Raises      FailedProof when anything does not hold.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger"
        export(connection, path)
        try:
            found = audit(path, kept, keys)
        except FailedProof as error:
            message = re.sub(rf"{re.escape(str(path))}:(\d+)", r"line \1", str(error)).replace(str(path), "the ledger")
            raise FailedProof(message) from error
    told, upheld = _Told(), Upheld()
    for one in recorded(connection, last=None):
        told.take(one)
        upheld.take(one)
    n_decisions, n_unproved = _decisions(connection, told)
    _alarms(connection, told)
    upheld.check(connection)
    return Verified(found, told.n_documents, n_decisions, n_unproved)


class _Told:
    """What the documents say, by decision and by alarm."""

    def __init__(self) -> None:
        self.n_documents = 0
        self.n_forgotten = 0
        self.decided: dict[str, Mapping[str, Any]] = {}
        self.ended: dict[str, dict[str, Any]] = {}
        self.alarms: dict[tuple[object, ...], Mapping[str, Any]] = {}

    def take(self, one: Recorded) -> None:
        """Hold a document against its entry, and remember what it says.

        Raises      FailedProof when it is not what the entry commits to.
        """
        is_ours = one.entry.kind is Kind.DECISION
        if one.opening is None:
            self.n_forgotten += is_ours
            return
        if not _fits(one):
            message = f"entry {one.entry.index} is bad: the document beside it is not what it commits to"
            raise FailedProof(message)
        self.n_documents += 1
        if is_ours:
            self._remember(one.opening.document)

    def _remember(self, said: Mapping[str, Any]) -> None:
        if said["event"] == "decided":
            self.decided[said["decision_id"]] = said
        elif said["event"] == "ended":
            self.ended[said["decision_id"]] = {name: said[name] for name in _END}
        elif said["event"] == "alarm":
            self.alarms[tuple(said[name] for name in _ALARM_KEY)] = said


def _fits(one: Recorded) -> bool:
    try:
        return one.opening is not None and is_of(one.entry, one.opening)
    except (InvalidInput, UnreadableSource):  # no canonical JSON, or no salt: it was never committed to
        return False


def _decisions(connection: Connection, told: _Told) -> tuple[int, int]:
    """Hold the rows against what is on record; how many fit, and of how many nothing is kept."""
    fitting = unproved = 0
    for row in _rows(connection, DECISIONS):
        name = row["decision_id"]
        end = {key: row.pop(key) for key in _END}
        said = document_of(row)
        on_record, ended = told.decided.pop(name, None), told.ended.pop(name, None)
        if on_record is None or (end["ended_at"] is not None and ended is None):
            if not told.n_forgotten:
                message = f"decision {name} is bad: {'it' if on_record is None else 'its end'} is not on record"
                raise FailedProof(message)
            unproved += 1
        elif said != on_record or (ended or dict.fromkeys(_END)) != end:
            message = f"decision {name} is bad: it is not as it was recorded"
            raise FailedProof(message)
        else:
            fitting += 1
    missing = next(iter((*told.decided, *told.ended)), None)
    if missing is not None:
        message = f"decision {missing} is bad: it is on record and not in the table"
        raise FailedProof(message)
    return fitting, unproved


def _alarms(connection: Connection, told: _Told) -> None:
    rows = {tuple(row[name] for name in _ALARM_KEY): document_of(row) for row in _rows(connection, ALARMS)}
    wrong = [key for key in rows | told.alarms if rows.get(key) != told.alarms.get(key)]
    if wrong and not told.n_forgotten:
        message = f"the alarm of policy {str(wrong[0][0])[:12]} is bad: it is not as it was recorded"
        raise FailedProof(message)


def _rows(connection: Connection, table: Table) -> Iterable[dict[str, Any]]:
    for row in connection.execute(select(table)).mappings().yield_per(1_000):
        yield dict(row)
