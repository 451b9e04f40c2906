"""What other members say of an indicator, as its grade needs it: who searched in vain, who objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from stillwatch.model.indicator import SightingAnswer
from stillwatch.share.node.said import SIGHTINGS, opinions_of

__all__ = ["Heard", "heard_of"]


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


def heard_of(connection: Connection, indicator_id: str) -> Heard:
    """What was said of an indicator so far and not taken back."""
    told = select(SIGHTINGS).where(SIGHTINGS.c.indicator_id == indicator_id, SIGHTINGS.c.revoked.is_(False))
    rows = connection.execute(told).all()
    in_vain = SightingAnswer.LOOKED_NOT_SEEN.value
    return Heard(
        {row.origin: row.coverage for row in rows if row.answer == in_vain},
        {row.origin: row.benign_rate for row in rows if row.benign_rate is not None},
        frozenset(opinion.origin for opinion in opinions_of(connection, indicator_id)),
    )
