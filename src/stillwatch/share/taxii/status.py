"""Status resources: what became of each object of one publication.

References
----------
TAXII 2.1, section 4.3.1 (status resource).
"""

import time
from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, insert, select

from stillwatch.share.taxii.moments import timestamp
from stillwatch.share.taxii.tables import STATUSES

__all__ = ["load_status", "new_status", "prune_statuses", "store_statuses"]

_KEPT_S: Final = 7 * 86_400
_ADD: Final = insert(STATUSES)


def new_status(status_id: str, successes: list[dict[str, str]], failures: list[dict[str, str]]) -> dict[str, Any]:
    """Status of a publication that is done: it was done before the answer, so that nothing is ever pending."""
    status: dict[str, Any] = {
        "id": status_id,
        "status": "complete",
        "request_timestamp": timestamp(time.time_ns() // 1000),
        "total_count": len(successes) + len(failures),
        "success_count": len(successes),
        "failure_count": len(failures),
        "pending_count": 0,
    }
    return status | ({"successes": successes} if successes else {}) | ({"failures": failures} if failures else {})


def store_statuses(connection: Connection, statuses: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Keep statuses, each with the member it is for."""
    now_s = int(time.time())
    rows = [
        {"status_id": status["id"], "member_id": member_id, "created_s": now_s, "document": orjson.dumps(status)}
        for member_id, status in statuses
    ]
    connection.execute(_ADD, rows)


def prune_statuses(connection: Connection) -> None:
    """Drop statuses that are older than a week."""
    connection.execute(delete(STATUSES).where(STATUSES.c.created_s < int(time.time()) - _KEPT_S))


def load_status(connection: Connection, member_id: str, status_id: str) -> dict[str, Any] | None:
    """Status that this member may see: its own."""
    row = select(STATUSES.c.document).where(STATUSES.c.status_id == status_id, STATUSES.c.member_id == member_id)
    document = connection.execute(row).scalar()
    return None if document is None else dict(orjson.loads(document))
