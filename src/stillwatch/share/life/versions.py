"""Which version of an indicator holds: the latest, unless it was revoked, which holds for ever.

A member that was offline, a feed that repeats and two forums that exchange what they have all come to the same state,
whatever arrives first or twice: `merged` is commutative, associative and idempotent (a join of a semilattice).
"""

import hashlib
from collections.abc import Mapping
from functools import reduce
from typing import Any

import orjson

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import Indicator
from stillwatch.share.life.tombstones import Tombstone

__all__ = ["Held", "merged", "merged_all", "newer"]


Held = Indicator | Tombstone
"""What somebody holds under one id."""


def newer(one: Held, other: Held) -> Held:
    """Of two versions of one indicator the one that holds.

    A tombstone before any indicator, however late that was modified; of two tombstones the earlier; of two indicators
    the later modified, and at the same time the one with the larger hash, so that all choose alike.

    Raises      InvalidInput if they are of two indicators.
    """
    if one.indicator_id != other.indicator_id:
        msg = "versions must be of one indicator, got two ids"
        raise InvalidInput(msg)
    if isinstance(one, Tombstone) and isinstance(other, Tombstone):
        return min(one, other, key=lambda t: (t.revoked_at, t.entry, t.published_at, t.cause))
    if isinstance(one, Tombstone):
        return one
    if isinstance(other, Tombstone):
        return other
    if one.modified != other.modified:
        return max(one, other, key=lambda version: version.modified)
    return max(one, other, key=_digest)


def merged(one: Mapping[str, Held], other: Mapping[str, Held]) -> Mapping[str, Held]:
    """Everything that two hold, by indicator id, each in the version that holds."""
    both = {key: newer(one[key], other[key]) for key in one.keys() & other.keys()}
    return {**one, **other, **both}


def merged_all(*states: Mapping[str, Held]) -> Mapping[str, Held]:
    """Everything that any of them holds."""
    return reduce(merged, states, {})


def _digest(indicator: Indicator) -> bytes:
    text = orjson.dumps(indicator, default=_plain, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).digest()


def _plain(value: Any) -> Any:  # noqa: ANN401 - orjson asks for what it does not know
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError
