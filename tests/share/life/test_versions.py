"""Versions: a semilattice, in which what was revoked stays revoked."""

from collections.abc import Mapping
from datetime import timedelta
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.signals import INDICATOR, NOW, indicator

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import Indicator, Tlp
from stillwatch.share.life.tombstones import Cause, Tombstone
from stillwatch.share.life.versions import Held, merged, merged_all, newer

IDS = st.sampled_from(["i1", "i2", "i3"])


def version(indicator_id: str, hours: int, tlp: Tlp) -> Indicator:
    """A version modified so many hours later, with this content."""
    return indicator(indicator_id=indicator_id, modified=NOW + timedelta(hours=hours), tlp=tlp)


VERSIONS = st.builds(version, IDS, st.integers(0, 3), st.sampled_from(Tlp))
TOMBSTONES = st.builds(
    Tombstone,
    IDS,
    st.sampled_from(Cause),
    st.just(NOW),
    st.integers(0, 3).map(lambda hours: NOW + timedelta(hours=hours)),
    st.integers(-1, 3),
)
ITEMS = st.lists(VERSIONS | TOMBSTONES, max_size=8)


def state(items: list[Held]) -> Mapping[str, Held]:
    """What somebody holds who received these one after the other."""
    return reduce(lambda held, item: merged(held, {item.indicator_id: item}), items, {})


@given(one=ITEMS, other=ITEMS, third=ITEMS)
def test_merging_is_a_join(one: list[Held], other: list[Held], third: list[Held]) -> None:
    """Commutative, associative, idempotent."""
    a, b, c = state(one), state(other), state(third)
    assert merged(a, b) == merged(b, a)
    assert merged(merged(a, b), c) == merged(a, merged(b, c)) == merged_all(c, a, b)
    assert merged(a, a) == a


@given(items=ITEMS, order=st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(items: list[Held], order: object) -> None:
    """A feed that repeats and mixes leads to the same state."""
    mixed = items * 2
    order.shuffle(mixed)  # type: ignore[attr-defined]
    assert state(mixed) == state(items)


@given(items=ITEMS, tombstone=TOMBSTONES)
def test_what_was_revoked_cannot_come_back(items: list[Held], tombstone: Tombstone) -> None:
    """However late another version is modified and however often it arrives."""
    late = version(tombstone.indicator_id, 10_000, Tlp.CLEAR)
    held = state([tombstone, *items, late])[tombstone.indicator_id]
    assert isinstance(held, Tombstone)
    assert held.revoked_at <= tombstone.revoked_at


def test_the_later_version_holds() -> None:
    """And of two at the same time all choose the same one."""
    early, late = version("i1", 0, Tlp.RED), version("i1", 1, Tlp.CLEAR)
    assert newer(early, late) == newer(late, early) == late
    same: list[Held] = [version("i1", 0, tlp) for tlp in Tlp]
    assert all(reduce(newer, order) == reduce(newer, same) for order in permutations(same))


def test_versions_of_two_indicators_have_no_order() -> None:
    """Asking for it is a mistake of the caller."""
    with pytest.raises(InvalidInput, match="two ids"):
        newer(INDICATOR, indicator(indicator_id="another"))
