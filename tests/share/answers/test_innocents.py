"""Innocent accounts by their tags: counted as a plain loop counts, bands and other epochs left out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.share.answers.test_index import ROW, Row, local_of
from tests.share.signals import tag

from stillwatch.model.indicator import SignalKind
from stillwatch.share.answers.index import KINDS
from stillwatch.share.answers.innocents import Innocents

BAND = SignalKind.BAND


@given(
    drawn=st.lists(ROW, max_size=30),
    innocent=st.sets(st.integers(0, 4)),
    wanted=st.lists(st.builds(tag, st.integers(0, 8), st.sampled_from(KINDS), st.integers(1, 2)), max_size=8),
)
def test_those_are_counted_who_carry_any_tag_that_people_have_by_chance(
    drawn: list[Row], innocent: set[int], wanted: list[object]
) -> None:
    """Whatever family they are in, and whether a warning list has the value or not."""
    found = Innocents.of(local_of(drawn), np.array(sorted(innocent), np.uint64), 1)
    asked = found.asked(wanted)  # type: ignore[arg-type]
    values = {(one.kind, one.value) for one in asked}
    carrying = {
        account
        for number, kind, _, account, _ in drawn
        if account in innocent and kind is not BAND and (kind, tag(number, kind).value) in values
    }
    counted = found.carrying(asked)
    assert (counted.n, counted.carrying) == (len(innocent), len(carrying))


def test_bands_and_other_epochs_are_not_asked() -> None:
    """The rest is, expired or not."""
    found = Innocents.of(local_of([]), np.zeros(0, np.uint64), 1)
    tags = [tag(1), tag(2, BAND), tag(3, epoch=2), tag(4, SignalKind.PAYMENT)]
    assert found.asked(tags) == (tags[0], tags[3])
    assert found.carrying(()).carrying == 0
