"""Information grades: what two origins may reach and one may not, and what speaks against it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import InformationGrade, SourceGrade
from stillwatch.share.trust.credibility import HIGH, Against, information_grade, origin_bits, weigh

A, B, C, D, E, F = SourceGrade
BEST_FIRST = "123645"
KNOWN = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(SourceGrade), max_size=6)
LOOKED = st.dictionaries(st.sampled_from("uvwxyz"), st.floats(0, 1), max_size=6)
OPINIONS = st.dictionaries(st.sampled_from("uvwxyz"), st.sampled_from(SourceGrade), max_size=6)


def grade(*known: SourceGrade, against: Against | None = None, local_bits: float = 0.0) -> str:
    """Grade of a signal with these origins."""
    weighed = weigh([(f"{n}", one) for n, one in enumerate(known)], against, local_bits)
    return information_grade(weighed).value


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ((A, A), "1"),
        ((B, B), "1"),
        ((A, C), "1"),
        ((B, C), "2"),
        ((C, C), "3"),
        ((A,), "3"),
        ((A, F), "3"),
        ((A, E), "3"),
        ((D,), "4"),
        ((E,), "5"),
        ((F, F, F), "6"),
        ((), "6"),
    ],
)
def test_grades_by_origins(known: tuple[SourceGrade, ...], expected: str) -> None:
    """Two of B are worth one of A and are two; unknown ones are worth nothing; bad ones count against it."""
    assert grade(*known) == expected


@given(known=KNOWN, looked=LOOKED, opinions=OPINIONS)
def test_high_needs_two_reliable_origins(
    known: dict[str, SourceGrade], looked: dict[str, float], opinions: dict[str, SourceGrade]
) -> None:
    """Whatever else is said."""
    found = information_grade(weigh(known.items(), Against(looked, opinions)))
    assert found not in HIGH or sum(one in {A, B, C} for one in known.values()) >= 2


@given(known=KNOWN, looked=LOOKED, opinions=OPINIONS, who=st.sampled_from("uvwxyz"), how=st.floats(0, 1))
def test_a_contradiction_never_raises_a_grade(
    known: dict[str, SourceGrade], looked: dict[str, float], opinions: dict[str, SourceGrade], who: str, how: float
) -> None:
    """Neither an opinion more nor a search more."""
    before = information_grade(weigh(known.items(), Against(looked, opinions)))
    searched = looked if who in looked else {**looked, who: how}
    disputed = opinions if who in opinions else {**opinions, who: list(SourceGrade)[int(how * 5)]}
    for against in (Against(searched, opinions), Against(looked, disputed)):
        after = information_grade(weigh(known.items(), against))
        assert after is InformationGrade.FOUR or BEST_FIRST.index(after) >= BEST_FIRST.index(before)


@given(known=KNOWN, who=st.sampled_from("uvwxyz"), more=st.sampled_from([A, B, C]))
def test_a_reliable_origin_more_never_lowers_a_grade(
    known: dict[str, SourceGrade], who: str, more: SourceGrade
) -> None:
    """One that is better than a coin can only help."""
    before, after = (information_grade(weigh(found.items())) for found in (known, {**known, who: more}))
    assert BEST_FIRST.index(after) <= BEST_FIRST.index(before)


@pytest.mark.parametrize(("n", "coverage"), [(1, 1.0), (5, 1.0), (18, 0.9), (10, 0.5), (40, 0.25)])
def test_searches_weigh_what_a_uniform_spread_says(n: int, coverage: float) -> None:
    """Integral over the unknown share of members that a campaign visits, of the chance that none of n sees it."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    exact = -math.log2(float((weights / 2 * (1 - coverage * (nodes + 1) / 2) ** n).sum()))
    told = weigh([], Against({f"{i}": coverage for i in range(n)}, {})).bits_against
    assert told == pytest.approx(exact, abs=0.3)


def test_local_evidence_is_an_origin() -> None:
    """With one reliable partner it makes high confidence; alone it does not, nor below the bar."""
    assert grade(B, local_bits=3.0) == "1"
    assert grade(local_bits=9.0) == "3"
    assert grade(B, local_bits=-2.0) == "3"


def test_an_opinion_weighs_what_its_source_does() -> None:
    """A reliable member's opinion outweighs an equally reliable one's signal; one from a stranger is worth nothing."""
    assert grade(A, against=Against({}, {"z": A})) == "3"
    assert grade(B, against=Against({}, {"z": A})) == "4"
    assert grade(B, against=Against({}, {"z": F})) == "3"


def test_grades_bits_are_steps_of_two() -> None:
    """Symmetric about even odds; nothing for what is not known."""
    assert [origin_bits(one) for one in SourceGrade] == [4, 2, 0, -2, -4, 0]


def test_nonsense_is_refused() -> None:
    """An owner twice, a coverage above one."""
    with pytest.raises(InvalidInput, match="twice"):
        weigh([("a", A), ("a", A)])
    with pytest.raises(InvalidInput, match="coverage"):
        weigh([], Against({"z": 1.5}, {}))
