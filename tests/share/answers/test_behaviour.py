"""Behaviours: two halves of one campaign agree, two campaigns do not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.share.signals import NO_BEHAVIOUR

from stillwatch.model.indicator import GAP_BINS, PROFILE_HOURS, Behaviour, Share, share_bucket
from stillwatch.share.answers.behaviour import BehaviourMatch, compare_behaviour

CLASSES = ("reasoning", "grading", "rewriting")
SHARES = st.dictionaries(st.sampled_from(CLASSES), st.sampled_from(Share))
LEVELS = st.lists(st.integers(0, 7), min_size=GAP_BINS, max_size=GAP_BINS).map(tuple) | st.just(())
BEHAVIOURS = st.builds(
    lambda e, c, g, b: Behaviour(e, c, gaps=g, builds=b),
    SHARES,
    SHARES,
    LEVELS,
    st.lists(st.sampled_from(["openai-python/2", "curl/8"]), max_size=2).map(tuple),
)


def levels(counts: NDArray[np.int64]) -> tuple[int, ...]:
    """Counts in eight levels, the largest is 7."""
    return tuple(int(level) for level in np.rint(7 * counts / counts.max()))


def half(rng: np.random.Generator, week: NDArray[np.float64], gaps: NDArray[np.float64]) -> Behaviour:
    """What one half of a campaign with this week and these gaps looks like: 49 exchanges in its busiest hour."""
    asked = rng.multinomial(300, [0.6, 0.3, 0.1]) / 300
    shares = {name: share_bucket(float(share)) for name, share in zip(CLASSES, asked, strict=True)}
    return Behaviour(
        shares,
        shares,
        week=levels(rng.poisson(week / week.max() * 49)),
        gaps=levels(rng.multinomial(1000, gaps)),
        builds=("openai-python/2",),
    )


def campaign(rng: np.random.Generator, shape: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Week of people, of a machine that never sleeps, or of bursts; gaps of any kind."""
    hours = np.arange(PROFILE_HOURS)
    weeks = (
        1 + 0.9 * np.sin(2 * np.pi * (hours / 24 + rng.random())),
        np.ones(len(hours)),
        rng.gamma(1, 1, len(hours)),
    )
    return weeks[shape], rng.dirichlet(np.ones(GAP_BINS))


@pytest.mark.parametrize("shape", [0, 1, 2])
def test_halves_of_one_campaign_agree(shape: int) -> None:
    """In week and gaps 97 of 100 times at the least, in everything together nearly always."""
    rng = np.random.default_rng(shape)
    matches = []
    for _ in range(600):
        world = campaign(rng, shape)
        matches.append(compare_behaviour(half(rng, *world), half(rng, *world)))
    assert np.mean([match.week for match in matches]) > 0.97
    assert np.mean([match.gaps for match in matches]) > 0.97
    assert np.mean([match.agrees for match in matches]) > 0.99


def test_other_campaigns_differ_in_their_weeks_and_gaps() -> None:
    """Bursts at other hours, and gaps that are drawn anew, hardly ever agree."""
    rng = np.random.default_rng(9)
    pairs = [(half(rng, *campaign(rng, 2)), half(rng, *campaign(rng, 2))) for _ in range(300)]
    matches = [compare_behaviour(*pair) for pair in pairs]
    assert np.mean([match.week for match in matches]) < 0.02
    assert np.mean([match.gaps for match in matches]) < 0.05
    assert np.mean([match.agrees for match in matches]) < 0.05


@given(one=BEHAVIOURS, other=BEHAVIOURS)
def test_comparing_is_the_same_either_way(one: Behaviour, other: Behaviour) -> None:
    """And a behaviour never differs from itself."""
    assert compare_behaviour(one, other) == compare_behaviour(other, one)
    assert compare_behaviour(one, one).n_differ == 0


def test_what_is_not_known_is_not_compared() -> None:
    """Nothing agrees and nothing differs."""
    assert compare_behaviour(NO_BEHAVIOUR, NO_BEHAVIOUR) == BehaviourMatch(None, None, None, None, None)
    assert not compare_behaviour(NO_BEHAVIOUR, NO_BEHAVIOUR).agrees


def test_neighbouring_buckets_are_one() -> None:
    """A share at a border falls on either side; two borders apart it does not."""
    one = replace(NO_BEHAVIOUR, elicitation={"grading": Share.PART})
    told = [
        compare_behaviour(one, replace(NO_BEHAVIOUR, elicitation={"grading": share})).elicitation for share in Share
    ]
    assert told == [False, True, True, True]


@pytest.mark.parametrize(
    ("told", "agrees"),
    [
        ((True, None, None, None, None), False),
        ((True, True, None, None, None), True),
        ((True, True, False, None, None), False),
        ((True, True, True, False, None), True),
        ((True, True, True, False, False), False),
    ],
)
def test_one_in_four_may_differ(*, told: tuple[bool | None, ...], agrees: bool) -> None:
    """And at least two must agree."""
    assert BehaviourMatch(*told).agrees is agrees
