"""What a decider takes up after a restart: decisions and alarms that are proved to be on record as they stand.

Whoever can write to the database and has no key could make up a decision, change one or take back its end, and it would
be enforced. So each row is held against its entry of the ledger, and that against a head that the service has signed.
What does not fit is left out: the next request of its stream is decided anew.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.act.decide.radius import Alarm
from stillwatch.act.decide.records import alarm_of, alarms_about, decided_of, document_of
from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.tables import ALARMS, DECISIONS
from stillwatch.ledger.proved import proved_about
from stillwatch.model.decision import Decision
from stillwatch.signing.keys import Keys

__all__ = ["proved_alarms", "proved_decisions"]

_OPEN: Final = select(DECISIONS).where(DECISIONS.c.ended_at.is_(None))


def proved_decisions(connection: Connection, keys: Keys) -> tuple[list[tuple[Stream, Decision]], int]:
    """Decisions whose end is not on record, expired ones among them; and how many rows were left out.

    connection  That sees one state of the database.
    keys        Who may have signed the heads of the ledger.
    """
    rows = [dict(row) for row in connection.execute(_OPEN).mappings()]
    decided: dict[str, Mapping[str, Any]] = {}
    ended = set()
    for name, document in proved_about(connection, [row["decision_id"] for row in rows], keys):
        if document.get("event") == "decided":
            decided[name] = document
        else:
            ended.add(name)
    good = [
        row for row in rows if row["decision_id"] not in ended and document_of(row) == decided.get(row["decision_id"])
    ]
    return [decided_of(row) for row in good], len(rows) - len(good)


def proved_alarms(connection: Connection, keys: Keys) -> tuple[list[Alarm], int]:
    """Alarms likewise."""
    rows = [dict(row) for row in connection.execute(select(ALARMS)).mappings()]
    about = sorted({alarms_about(row["policy_version"]) for row in rows})
    proved = [document for _, document in proved_about(connection, about, keys)]
    good = [row for row in rows if document_of(row) in proved]
    return [alarm_of(row) for row in good], len(rows) - len(good)
