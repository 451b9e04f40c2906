"""What the body of an indicator says, as far as lists show it: read fast, as it was admitted when it was kept."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from stillwatch.model.indicator import SignalKind, Tlp
from stillwatch.share.node.tables import OBJECTS
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import derived_id, read_time
from stillwatch.share.stix.markings import tlp_of

__all__ = ["Told", "object_id", "told_in", "told_of"]

_KIND_ORDER: Final = {kind.value: at for at, kind in enumerate(SignalKind)}


@dataclass(frozen=True, slots=True)
class Told:
    """An indicator in a line.

    tags        How many of each kind.
    techniques  Names of the closed list.
    maker       Pseudonym of who made it.
    """

    maker: str
    tlp: Tlp | None
    created: datetime | None
    modified: datetime | None
    valid_until: datetime | None
    techniques: tuple[str, ...]
    tags: Mapping[str, int]

    @property
    def n_tags(self) -> int:
        """All tags."""
        return sum(self.tags.values())

    def has_ended(self, now: datetime) -> bool:
        """Whether it may no longer be used."""
        return self.valid_until is not None and self.valid_until <= now


def object_id(indicator_id: str) -> str:
    """Id of the object."""
    return f"indicator--{indicator_id}"


def told_in(objects: Iterable[Mapping[str, Any]]) -> Told | None:
    """Line of an indicator and its networks; None without the indicator."""
    made = list(objects)
    told = next((one for one in made if one.get("type") == "indicator"), None)
    if told is None:
        return None
    more = told.get("extensions", {}).get(EXTENSION, {})
    kinds = Counter(
        str(tag.get("kind")) for one in made for tag in one.get("extensions", {}).get(EXTENSION, {}).get("tags", ())
    )
    return Told(
        maker=str(told.get("created_by_ref", "")).partition("--")[2],
        tlp=tlp_of(str(next(iter(told.get("object_marking_refs", ())), ""))),
        created=read_time(told.get("created")),
        modified=read_time(told.get("modified")),
        valid_until=read_time(told.get("valid_until")),
        techniques=tuple(map(str, more.get("techniques", ()))),
        tags={kind: kinds[kind] for kind in sorted(kinds, key=lambda kind: _KIND_ORDER.get(kind, len(_KIND_ORDER)))},
    )


def told_of(connection: Connection, indicator_ids: Sequence[str]) -> dict[str, Told]:
    """Lines of others' indicators that the node holds; what was taken back has none.

    indicator_ids   Those of one page.
    """
    names = {name: one for one in indicator_ids for name in (object_id(one), derived_id("infrastructure", one))}
    wanted = select(OBJECTS.c.object_id, OBJECTS.c.body)
    rows = connection.execute(wanted.where(OBJECTS.c.object_id.in_(list(names)), OBJECTS.c.revoked.is_(False))).all()
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault(names[row.object_id], []).append(orjson.loads(row.body))
    lines = {one: told_in(made) for one, made in parts.items()}
    return {one: line for one, line in lines.items() if line is not None}
