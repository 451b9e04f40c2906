"""Two owners corroborate one another in what both knew of their own; copying never makes a second origin."""

from hypothesis import given
from hypothesis import strategies as st
from tests.share.signals import tags_of

from stillwatch.model.indicator import Tag
from stillwatch.share.trust.corroboration import corroborates
from stillwatch.share.trust.independence import Commitment, Publication

PAIR = ("A", "B")
NUMBERS = st.frozensets(st.integers(0, 12), min_size=1)


def committed(owner: str, place: int, tags: frozenset[Tag]) -> Commitment:
    """A commitment of 64 leaves."""
    return Commitment(owner.lower(), owner, place, tags, 64)


def said(owner: str, place: int, tags: frozenset[Tag]) -> Publication:
    """A publication."""
    return Publication(owner.lower(), owner, place, tags)


@given(common=st.frozensets(st.integers(0, 12), min_size=2), early=st.integers(0, 9), late=st.integers(11, 20))
def test_who_committed_before_the_other_published_is_a_partner(common: frozenset[int], early: int, late: int) -> None:
    """Two tags are enough for 64 chances; either way round."""
    wanted = tags_of(common)
    spoken = [said("A", 10, wanted), said("B", late, wanted)]
    assert corroborates(wanted, PAIR, [committed("B", early, wanted)], spoken)
    assert corroborates(wanted, PAIR[::-1], [committed("B", early, wanted)], spoken)
    assert not corroborates(wanted, PAIR, [committed("B", late, wanted)], spoken)
    assert not corroborates(wanted, ("A", "A"), [committed("B", early, wanted)], spoken)


@given(truth=NUMBERS, invented=NUMBERS, place=st.integers(101, 200), late=st.integers(101, 300))
def test_a_copy_beside_an_invention_is_no_partner(
    truth: frozenset[int], invented: frozenset[int], place: int, late: int
) -> None:
    """B copies what A has published, adds what it likes, and commits to all of it whenever after sight."""
    copied = tags_of(truth)
    everything = copied | tags_of(number + 100 for number in invented)
    spoken = [said("A", 100, copied), said("B", place, everything)]
    commitments = [committed("A", 1, copied), committed("B", late, everything)]
    assert not corroborates(copied & everything, PAIR, commitments, spoken)


@given(common=NUMBERS, third=st.integers(0, 4))
def test_what_a_third_had_published_before_both_corroborates_nobody(common: frozenset[int], third: int) -> None:
    """Both committed after it, and either may have read it."""
    wanted = tags_of(common)
    spoken = [said("C", third, wanted), said("A", 10, wanted), said("B", 11, wanted)]
    assert not corroborates(wanted, PAIR, [committed("A", 5, wanted), committed("B", 6, wanted)], spoken)


def test_tags_that_the_innocent_have_are_worth_little() -> None:
    """Five tags that one account in four has are worth ten bits, and 64 chances take six."""
    wanted = tags_of(range(5))
    spoken, held = [said("A", 10, wanted), said("B", 11, wanted)], [committed("B", 5, wanted)]
    assert corroborates(wanted, PAIR, held, spoken)
    assert not corroborates(wanted, PAIR, held, spoken, rate=0.25)
