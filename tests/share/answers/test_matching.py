"""Bits of a match: union bounds against simulation, rarity against a plain loop, bands by families."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.answers.test_index import Row, index_of, local_of
from tests.share.signals import NO_BEHAVIOUR, tag

from stillwatch.model.indicator import SignalKind
from stillwatch.share.answers.index import NO_FAMILY
from stillwatch.share.answers.matching import behaviour_bits, match_families, union_bits
from stillwatch.share.tags import BANDS_OF_A_HIT

ADDRESS, BAND = SignalKind.ADDRESS, SignalKind.BAND
ROWS = st.tuples(
    st.integers(0, 5), st.sampled_from([ADDRESS, BAND]), st.integers(0, 4), st.integers(0, 6), st.just(False)
)


def test_a_union_bound_is_one() -> None:
    """Chance hits among 40 tags exceed b bits no more often than 2^-b, over all numbers of hits, times that number."""
    rng = np.random.default_rng(0)
    rates = rng.uniform(0.001, 0.05, 40)
    hits = rng.random((20_000, 40)) < rates
    bits = np.array([union_bits((-np.log2(rates[hit])).tolist(), 40) for hit in hits])
    for bar in (3.0, 6.0):
        assert np.mean(bits >= bar) <= 4 * 2.0**-bar


@given(bits=st.lists(st.floats(0, 30), max_size=6), more=st.floats(0, 30))
def test_more_hits_never_weigh_less(bits: list[float], more: float) -> None:
    """One hit more of as many tags looked for; and as many hits of more tags weigh no more."""
    assert union_bits([*bits, more], 50) >= union_bits(bits, 50) - 1e-9
    assert union_bits(bits, 51) <= union_bits(bits, 50) + 1e-9


@given(drawn=st.lists(ROWS, max_size=40))
def test_rarity_is_counted_outside_the_family(drawn: list[Row]) -> None:
    """Addresses by accounts, bands by families, as a plain loop does; what is in no family matches nothing."""
    wanted = {tag(number, kind): 1.0 for number in range(6) for kind in (ADDRESS, BAND)}
    found = {m.family: m.tag_bits for m in match_families(index_of(local_of(drawn)), wanted, NO_BEHAVIOUR, {})}
    rows = {row[:4] for row in drawn}
    assert set(found) == {row[2] for row in rows} - {NO_FAMILY}
    for family, bits in found.items():
        expected = 0.0
        for kind, n in ((ADDRESS, 5), (BAND, 4)):
            each = []
            for number in {row[0] for row in rows if row[1] is kind and row[2] == family}:
                having = [row for row in rows if row[:2] == (number, kind)]
                inside = {row[2] if kind is BAND else row[3] for row in having if row[2] == family}
                units = {row[2] if kind is BAND else row[3] for row in having} - inside
                each.append(max(-math.log2((len(units) + 0.5) / (n + 1)), 0.0))
            expected += union_bits(each, 6) if kind is ADDRESS or len(each) >= BANDS_OF_A_HIT else 0.0
        assert bits == pytest.approx(expected)


@given(drawn=st.lists(ROWS, max_size=40), weight=st.sampled_from([1.0, 0.5, 0.125]))
def test_a_match_says_which_tags_it_rests_on(drawn: list[Row], weight: float) -> None:
    """Out of their bits, before any decay, its own follow again; tags that say nothing are left out."""
    wanted = {tag(number, kind): weight for number in range(6) for kind in (ADDRESS, BAND)}
    for match in match_families(index_of(local_of(drawn)), wanted, NO_BEHAVIOUR, {}):
        by_kind = {kind: [bits * weight for one, bits in match.tags if one.kind is kind] for kind in (ADDRESS, BAND)}
        assert match.tag_bits == pytest.approx(sum(union_bits(bits, 6) for bits in by_kind.values()))
        assert {one.kind for one, _ in match.tags} == set(match.kinds)
        assert all(bits > 0 for _, bits in match.tags)


def test_three_of_eight_bands_tell_rewritten_texts_from_others() -> None:
    """The chances of the module's text: binomial, two MinHashes a band."""

    def at_least_three(alike: float) -> float:
        p = alike**2
        return 1 - sum(math.comb(8, k) * p**k * (1 - p) ** (8 - k) for k in range(BANDS_OF_A_HIT))

    assert at_least_three(0.2) == pytest.approx(0.003, abs=0.0005)
    assert at_least_three(0.8) == pytest.approx(0.97, abs=0.005)


@pytest.mark.parametrize("n", [2, 3])
def test_two_bands_are_no_match(n: int) -> None:
    """And three are."""
    rows: list[Row] = [(number, BAND, 1, 0, False) for number in range(n)]
    wanted = {tag(number, BAND): 1.0 for number in range(8)}
    (match,) = match_families(index_of(local_of(rows), n_families=1000), wanted, NO_BEHAVIOUR, {})
    assert (match.bits > 10) is (n == 3)


def test_weight_is_lost_with_time() -> None:
    """Tags with half their worth left match for half the bits, before the ways to choose."""
    rows: list[Row] = [(1, ADDRESS, 1, 0, False)]
    index = index_of(local_of(rows), n_accounts=1023)
    fresh, old = (match_families(index, {tag(1): w}, NO_BEHAVIOUR, {})[0].bits for w in (1.0, 0.5))
    assert fresh == pytest.approx(11.0)
    assert old == pytest.approx(5.5)


def test_behaviour_that_everybody_shows_adds_nothing() -> None:
    """And never less than nothing."""
    assert [behaviour_bits(n, 10) for n in (5, 9, 10)] == [0.0, 0.0, 0.0]
    assert behaviour_bits(0, 10) > behaviour_bits(1, 10) > behaviour_bits(2, 10) > 0
