"""What other members say of an indicator: that they searched in vain, who innocent has its tags, that it is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from stillwatch.share.node.trust_tables import HEARD
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import uuid_of

__all__ = ["Heard", "hear", "heard_of"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said of one indicator, by member.

    looked      Share of its traffic that a member searched in vain, 0 to 1.
    rates       Benign rates of its tags.
    objectors   Members that hold it to be false.
    """

    looked: Mapping[str, float] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    objectors: frozenset[str] = frozenset()


def hear(connection: Connection, document: Mapping[str, Any], origin: str) -> None:
    """Remember a sighting or an opinion of another member; of a member's own words the last one counts.

    document    As the guard has passed it and its originator has signed it.
    """
    kind = document["type"]
    if kind not in {"sighting", "opinion"}:
        return
    about = document["sighting_of_ref"] if kind == "sighting" else document["object_refs"][0]
    key = {"indicator_id": str(uuid_of(about, "indicator")), "member_id": origin}
    known = connection.execute(select(HEARD).filter_by(**key)).mappings().first()
    is_gone = document.get("revoked") is True
    row = {"looked": None, "benign_rate": None, "disagrees": 0, "created": ""} | dict(known or {}) | key
    if kind == "opinion":
        row["disagrees"] = int(not is_gone)
    elif document["created"] >= row["created"]:
        told = document["extensions"][EXTENSION]
        in_vain = document["count"] == 0 and not is_gone
        row |= {"looked": float(told["coverage"]) if in_vain else None, "created": document["created"]}
        row["benign_rate"] = None if is_gone else told.get("benign_rate")
    connection.execute(delete(HEARD).filter_by(**key))
    connection.execute(insert(HEARD), row)


def heard_of(connection: Connection, indicator_id: str) -> Heard:
    """What was said of an indicator so far."""
    rows = connection.execute(select(HEARD).where(HEARD.c.indicator_id == indicator_id)).all()
    return Heard(
        {row.member_id: row.looked for row in rows if row.looked is not None},
        {row.member_id: row.benign_rate for row in rows if row.benign_rate is not None},
        frozenset(row.member_id for row in rows if row.disagrees),
    )
