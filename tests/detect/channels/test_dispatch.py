"""The dispatch channel: kernel against twin, exact validity by enumeration, power on dispatchers, silence on people."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.detect.channels._kernels_quota import batch_log2
from stillwatch.detect.channels._kernels_turns import turns_log2
from stillwatch.detect.channels._twins import (
    alternative_probabilities,
    batch_probability,
    null_probability,
    turn_bits,
)
from stillwatch.detect.channels.dispatch import (
    MAX_EXCHANGES,
    TURN_MODEL,
    TurnModel,
    dispatch_bits,
    dispatch_turns,
    visits,
)
from stillwatch.errors import InvalidInput

SMALL = TURN_MODEL._replace(
    theta=np.array([1.0, 64.0]),
    discount=np.array([0.0, 0.9]),
    habit=np.array([0.0, 0.9, 0.9, 0.5]),
    company=np.array([1, 1, 1, 4]),
    counting=np.array([-1, -1, 0, 1]),
    total=np.array([3.0, 8.0]),
    sticky=np.array([0.5, 0.9]),
    sticky_company=np.array([1, 4]),
    prior=np.array([0.2, 0.1, 0.05, 0.15, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.1]),
)
"""A grid small enough to enumerate, with every kind of member in it."""


def relabel(turns: NDArray[np.int64]) -> NDArray[np.int32]:
    """Codes in order of first appearance."""
    _, first, inverse = np.unique(turns, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int32)


def hours(n: int, gap: float) -> NDArray[np.int64]:
    """Equally spaced times in microseconds."""
    return (np.arange(n) * gap * 3.6e9).astype(np.int64)


def partitions(n: int) -> Iterator[list[int]]:
    """Every sequence of n codes in order of first appearance."""
    for rest in itertools.product(range(n), repeat=n - 1):
        highest = 0
        for a in rest:
            if a > highest + 1:
                break
            highest = max(highest, a)
        else:
            yield [0, *rest]


@st.composite
def sequences(draw: st.DrawFn) -> list[int]:
    """A sequence of turns with long and short memories."""
    turns, k = [0], 1
    for _ in range(draw(st.integers(0, 40))):
        turns.append(draw(st.integers(0, k)))
        k = max(k, turns[-1] + 1)
    return turns


@settings(max_examples=40, deadline=None)
@given(sequences(), st.integers(0, 2**32 - 1))
def test_kernel_equals_twin(turns: list[int], seed: int) -> None:
    """Mixture and null likelihoods of kernel and twin agree."""
    gaps = np.random.default_rng(seed).exponential(0.5, len(turns))
    mixture, nulls, _ = turns_log2(np.array(turns, np.int32), gaps, *SMALL)
    expected_mixture, expected_nulls = turn_bits(turns, list(gaps), SMALL)
    assert mixture == pytest.approx(expected_mixture, abs=1e-9)
    np.testing.assert_allclose(nulls, expected_nulls, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(sequences(), st.floats(0, 3))
def test_every_prediction_is_a_distribution(past: list[int], gap: float) -> None:
    """Under each null and each component, all accounts and the new one together have probability 1."""
    choices = range(len(set(past)) + 1)
    for null in np.ndindex(SMALL.habit.size, SMALL.theta.size, SMALL.discount.size):
        i, j, m = null
        assert sum(null_probability(past, a, gap, SMALL, (i, j, m)) for a in choices) == pytest.approx(1)
    totals = np.sum([alternative_probabilities(past, a, gap, SMALL) for a in choices], axis=0)
    np.testing.assert_allclose(totals, 1, atol=1e-12)


@pytest.mark.parametrize("gap", [0.01, 1.0])
@pytest.mark.parametrize("model", [SMALL, TURN_MODEL])
def test_expectation_is_at_most_one_under_every_null(gap: float, model: TurnModel) -> None:
    """Over all sequences of seven turns, E has expectation at most 1 under each null of the grid: exact."""
    mixtures, nulls = [], []
    for turns in partitions(7):
        mixture, null, _ = turns_log2(np.array(turns, np.int32), np.full(7, gap), *model)
        mixtures.append(mixture)
        nulls.append(null)
    probability = np.exp2(np.array(nulls))
    e_value = np.exp2(np.array(mixtures) - np.array(nulls).max(axis=1))
    np.testing.assert_allclose(probability.sum(axis=0), 1, rtol=1e-9)
    assert np.exp2(mixtures).sum() == pytest.approx(1)
    assert (e_value @ probability).max() <= 1 + 1e-9


def draw_null(rng: np.random.Generator, n: int, gap: float, null: tuple[int, int, int]) -> list[int]:
    """One sequence from a null without overlapping sessions, drawn turn by turn."""
    habit, theta, discount = null
    stay = TURN_MODEL.habit[habit] * np.exp(-gap / 0.3)
    strength, d = TURN_MODEL.theta[theta], TURN_MODEL.discount[discount]
    turns = [0]
    counts = [1]
    for _ in range(n - 1):
        if rng.random() < stay:
            a = turns[-1]
        else:
            mass = np.array([*(c - d for c in counts), strength + d * len(counts)])
            a = int(rng.choice(mass.size, p=mass / mass.sum()))
        if a == len(counts):
            counts.append(0)
        counts[a] += 1
        turns.append(a)
    return turns


@pytest.mark.parametrize("null", [(0, 0, 0), (0, 3, 0), (0, 2, 3), (1, 1, 1), (2, 3, 2)])
def test_long_sequences_of_a_null_rarely_look_dispatched(null: tuple[int, int, int]) -> None:
    """Monte Carlo: mean of E at most 1 within error, and P(peak >= b) at most 2^-b within three standard errors."""
    rng = np.random.default_rng(20261101)
    runs = 150
    found = [dispatch_turns(np.array(draw_null(rng, 120, 0.1, null), np.int32), hours(120, 0.1)) for _ in range(runs)]
    e_values = np.exp2([f.bits for f in found])
    assert e_values.mean() <= 1 + 3 * e_values.std() / np.sqrt(runs)
    peaks = np.array([f.peak_bits for f in found])
    for bits in (1, 2, 4, 6):
        promised = 2.0**-bits
        assert (peaks >= bits).mean() <= promised + 3 * np.sqrt(promised * (1 - promised) / runs)


def test_a_dispatcher_gives_positive_bits() -> None:
    """Uniform turns over 60 accounts x 3 and 120 x 2, and rotation, are seen."""
    rng = np.random.default_rng(5)
    few = [dispatch_bits(relabel(rng.integers(0, 60, 180)), hours(180, 0.5)) for _ in range(20)]
    many = [dispatch_bits(relabel(rng.integers(0, 120, 240)), hours(240, 0.5)) for _ in range(20)]
    rounds = dispatch_bits(relabel(np.tile(np.arange(60), 3)), hours(180, 0.5))
    assert np.median(few) > 5
    assert np.median(many) > 5
    assert rounds > 20


def people(
    rng: np.random.Generator, n: int, k: int, returning: float, gap: float
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Sessions of about eight; the next one is of a known person, by habit, with probability `returning`."""
    turns: list[int] = []
    sessions: list[int] = []
    times: list[float] = []
    now = 0.0
    while len(turns) < n:
        known = len(sessions) and rng.random() < returning
        person = int(rng.choice(sessions)) if known else int(rng.integers(0, k))
        sessions.append(person)
        for _ in range(1 + rng.poisson(7)):
            turns.append(person)
            times.append(now)
            now += rng.exponential(0.02)
        now += rng.exponential(gap)
    order = np.argsort(times, kind="stable")
    return relabel(np.array(turns)[order]), (np.array(times)[order] * 3.6e9).astype(np.int64)


def test_people_give_strongly_negative_bits() -> None:
    """People who come back in sessions are far below zero exchange by exchange; visits leave less to tell them by."""
    rng = np.random.default_rng(11)
    drawn = [people(rng, 600, 200, 0.5, 1.0) for _ in range(60)]
    assert max(dispatch_turns(*found).bits for found in drawn) < -20
    bits = np.array([dispatch_bits(*found) for found in drawn])
    assert np.median(bits) < -10
    assert np.exp2(bits).mean() <= 1


@pytest.mark.parametrize("null", [(0, 1, 0), (0, 2, 3), (0, 5, 1)])
def test_visits_of_a_null_rarely_look_dispatched(null: tuple[int, int, int]) -> None:
    """Sittings of some exchanges, whose turn it is drawn from the null: the mean of both e-values is at most one."""
    rng = np.random.default_rng(20261102)
    bits = []
    for _ in range(100):
        sitting = np.array(draw_null(rng, 60, 1.0, null), np.int32)
        size = 1 + rng.poisson(5, len(sitting))
        within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        time_us = np.repeat(hours(len(sitting), 1.0), size) + 60_000_000 * within
        account = np.repeat(sitting, size)
        assert visits(account, time_us).sum() == len(sitting)
        bits.append(dispatch_bits(account, time_us))
    e_values = np.exp2(bits)
    assert e_values.mean() <= 1 + 3 * e_values.std() / 10
    for least in (1, 2, 4, 6):
        promised = 2.0**-least
        assert (np.array(bits) >= least).mean() <= promised + 3 * np.sqrt(promised * (1 - promised) / 100)


def visits_plainly(account: list[int], time_us: list[int]) -> list[bool]:
    """An account's first exchange begins a visit, and so does one after half an hour without any."""
    last: dict[int, int] = {}
    begins = []
    for a, t in zip(account, time_us, strict=True):
        begins.append(a not in last or t - last[a] >= 1_800_000_000)
        last[a] = t
    return begins


@settings(max_examples=60, deadline=None)
@given(sequences(), st.integers(0, 2**32 - 1))
def test_visits_begin_after_silence(turns: list[int], seed: int) -> None:
    """Rows that begin a visit are those of a plain loop, half an hour to the microsecond included."""
    gaps = np.random.default_rng(seed).choice([0, 1, 600_000_000, 1_799_999_999, 1_800_000_000, 10**10], len(turns))
    account, time_us = np.array(turns, np.int32), np.cumsum(gaps)
    begins = visits(account, time_us)
    assert begins.tolist() == visits_plainly(turns, time_us.tolist())
    assert np.array_equal(relabel(account[begins].astype(np.int64)), account[begins])


@settings(max_examples=40, deadline=None)
@given(sequences(), st.integers(0, 2**32 - 1))
def test_bits_are_the_mean_of_both_e_values(turns: list[int], seed: int) -> None:
    """Exchanges and visits, half each: never more than one bit below the better, never above it."""
    account = np.array(turns, np.int32)
    time_us = np.cumsum(np.random.default_rng(seed).exponential(0.5 * 3.6e9, len(turns))).astype(np.int64)
    begins = np.array(visits_plainly(turns, time_us.tolist()))
    exchanges = dispatch_turns(account, time_us).bits
    whose = dispatch_turns(account[begins], time_us[begins]).bits
    bits = dispatch_bits(account, time_us)
    assert bits == pytest.approx(np.log2((2**exchanges + 2**whose) / 2))
    assert max(exchanges, whose) - 1 <= bits + 1e-9
    assert bits <= max(exchanges, whose) + 1e-9


def worked_in_turn(rng: np.random.Generator, *, k: int, rounds: int, each: int) -> tuple[list[int], list[float]]:
    """A worker has an account to itself for about an hour, `each` exchanges long, then takes the next; in hours."""
    turns = np.repeat(np.concatenate([rng.permutation(k) for _ in range(rounds)]), each)
    gaps = rng.exponential(1 / each, len(turns))
    return turns.tolist(), np.cumsum(np.minimum(gaps, 0.4)).tolist()


def test_a_dispatcher_who_hands_out_hours_is_seen_by_visits() -> None:
    """Exchange by exchange it looks like people who go on; whose hour comes next is dealt."""
    rng = np.random.default_rng(12)
    for _ in range(5):
        turns, at = worked_in_turn(rng, k=40, rounds=5, each=60)
        account, time_us = relabel(np.array(turns)), (np.array(at) * 3.6e9).astype(np.int64)
        assert dispatch_turns(account, time_us).bits < 0
        assert dispatch_bits(account, time_us) > 10


def batch(
    rng: np.random.Generator, k: int, quota: int, at_once: int, jitter: float
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Accounts that send their quota in one run, so many runs at a time, each gap varying by jitter."""
    free = np.zeros(at_once)
    rows: list[tuple[float, int]] = []
    for a in range(k):
        worker = int(np.argmin(free))
        gaps = 0.002 * ((1 - jitter) + jitter * rng.exponential(1.0, quota))
        times = free[worker] + rng.random() * 1e-4 + np.cumsum(gaps)
        rows += [(float(time), a) for time in times]
        free[worker] = times[-1]
    rows.sort()
    return relabel(np.array([a for _, a in rows])), (np.array([t for t, _ in rows]) * 3.6e9).astype(np.int64)


@pytest.mark.parametrize("jitter", [0.0, 1.0])
@pytest.mark.parametrize(
    ("k", "quota", "at_once"),
    [
        (k, q, w)
        for k, q in [(12, 50), (40, 50), (40, 10), (200, 10), (100, 100)]
        for w in (1, 2, 4, 8, 16)
        if 4 * w <= k
    ],
)
def test_an_equal_quota_batch_is_not_dispatch(k: int, quota: int, at_once: int, jitter: float) -> None:
    """Each key its quota in one run, up to a quarter of the keys at a time, in step or at random: below ten bits."""
    rng = np.random.default_rng(k * at_once)
    assert max(dispatch_bits(*batch(rng, k, quota, at_once, jitter)) for _ in range(3)) < 10


def test_rounds_are_dealt() -> None:
    """The limit of that null: keys that take turns are dealt by one hand, equal quotas or not."""
    assert dispatch_bits(relabel(np.tile(np.arange(40), 50)), hours(2000, 0.002)) > 100


@settings(max_examples=40, deadline=None)
@given(sequences(), st.integers(1, 6), st.integers(1, 5))
def test_batch_kernel_equals_twin(turns: list[int], quota: int, at_once: int) -> None:
    """Likelihoods of kernel and twin agree, and every prediction is a distribution."""
    found = batch_log2(np.array(turns, np.int32), quota, np.array([at_once]), 0.02)
    expected = sum(np.log2(batch_probability(turns[:t], turns[t], quota, at_once, 0.02)) for t in range(1, len(turns)))
    assert found[0] == pytest.approx(expected, abs=1e-9)
    choices = range(len(set(turns)) + 1)
    total = sum(batch_probability(turns, a, quota, at_once, 0.02) for a in choices)
    assert total <= 1 + 1e-12


@pytest.mark.parametrize(
    ("account", "time_us"),
    [([1, 0], [0, 1]), ([0, 2], [0, 1]), ([0, 1], [1, 0]), ([0, 1], [0])],
)
def test_disorder_is_refused(account: list[int], time_us: list[int]) -> None:
    """Codes out of order, times that descend and unequal lengths are the caller's mistakes."""
    with pytest.raises(InvalidInput):
        dispatch_bits(np.array(account, np.int32), np.array(time_us, np.int64))


def test_nothing_is_no_evidence() -> None:
    """An empty family has zero bits."""
    assert dispatch_bits(np.empty(0, np.int32), np.empty(0, np.int64)) == 0


@pytest.mark.parametrize("bits_of", [lambda *rows: dispatch_turns(*rows).bits, dispatch_bits])
def test_only_the_first_exchanges_and_visits_are_read(
    bits_of: Callable[[NDArray[np.int32], NDArray[np.int64]], float],
) -> None:
    """What comes after the cap of both changes nothing, so the work of a family is bounded; each here is a visit."""
    rng = np.random.default_rng(6)
    account = relabel(rng.integers(0, 30, MAX_EXCHANGES + 500))
    time_us = hours(account.size, 1.0)
    assert visits(account, time_us).all()
    assert bits_of(account, time_us) == bits_of(account[:MAX_EXCHANGES], time_us[:MAX_EXCHANGES])


def test_nobody_waits_for_families_that_have_much_against_them() -> None:
    """People who come back by habit are told from their first 2,048 turns; dealt turns are read to the end."""
    rng = np.random.default_rng(7)
    people = relabel(np.repeat(rng.zipf(1.5, 3_000) % 300, 3)[:8_000])
    dealt = relabel(rng.integers(0, 200, 8_000))
    first = dispatch_turns(people[:2_048], hours(2_048, 0.5))
    assert first.bits < -256
    assert dispatch_turns(people, hours(people.size, 0.5)) == first
    assert dispatch_turns(dealt, hours(8_000, 0.5)).bits > dispatch_turns(dealt[:2_048], hours(2_048, 0.5)).bits > 0


def test_visits_beyond_the_first_exchanges_are_read() -> None:
    """Visits are capped by themselves: what follows the first exchanges counts where it begins a visit, else not."""
    account = np.concatenate([np.tile(np.arange(10), MAX_EXCHANGES // 10), np.zeros(500)]).astype(np.int32)
    time_us = hours(account.size, 0.001)
    first = dispatch_bits(account[:MAX_EXCHANGES], time_us[:MAX_EXCHANGES])
    assert dispatch_bits(account, time_us) == first
    later = np.tile(np.arange(10), 4).astype(np.int32)
    then = time_us[-1] + 3_600_000_000 + hours(later.size, 1.0)
    begins = visits(np.r_[account, later], np.r_[time_us, then])
    assert begins.sum() == 10 + later.size
