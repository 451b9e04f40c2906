"""Structure tests on families whose making is known: shards of a list, people, a benchmark, a sorted list, a relay."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from stillwatch.detect.harvest import TESTS
from stillwatch.detect.harvest.load import truncated_rate, truncated_variance
from stillwatch.model.family import ATTRIBUTES, Family

HOUR_US = 3_600_000_000
N_TOPICS = 40
BY_NAME = {test.name: test for test in TESTS}
FLOAT = NDArray[np.float64]
INT = NDArray[np.int64]


def _family(hours: FLOAT, account: INT, topic: NDArray[np.uint64], fill: NDArray[np.uint64]) -> Family:
    """Family of these exchanges: sorted by time, accounts coded by first appearance."""
    order = np.argsort(hours, kind="stable")
    _, first, inverse = np.unique(account[order], return_index=True, return_inverse=True)
    k = len(first)
    rank = np.empty(k, np.int32)
    rank[np.argsort(first)] = np.arange(k, dtype=np.int32)
    n = len(order)
    return Family(
        family=1,
        view="template",
        time_us=(hours[order] * HOUR_US).astype(np.int64),
        account=rank[inverse],
        head=np.ones(n, np.bool_),
        content=fill[order] + np.uint64(1),
        fill=fill[order],
        topic=topic[order],
        elicitation=np.zeros(n, np.uint16),
        followed=np.zeros(n, np.int8),
        accounts=np.arange(1, k + 1, dtype=np.uint64),
        attributes=np.zeros((k, len(ATTRIBUTES)), np.uint64),
        p_background=np.ones((k, len(ATTRIBUTES))),
    )


def _fills(rng: np.random.Generator, n: int) -> NDArray[np.uint64]:
    return rng.integers(1, 2**63, n, dtype=np.uint64)


def _sketches(rng: np.random.Generator, subject: INT) -> NDArray[np.uint64]:
    """Sketch of a prompt on each subject: the subject's own 64 bits, three in ten of them flipped."""
    prototypes = np.random.default_rng(99).integers(1, 2**63, 10_000, dtype=np.uint64)
    flips = np.packbits(rng.random((len(subject), 64)) < 0.3, axis=1).view(np.uint64).ravel()
    return np.asarray(prototypes[subject % 10_000] ^ flips, np.uint64)


def _subjects(rng: np.random.Generator, n: int) -> INT:
    return np.asarray(np.minimum(rng.geometric(0.08, n), N_TOPICS), np.int64)


def _list_hours(rng: np.random.Generator, n: int, days: float) -> FLOAT:
    """Times of a harvest: bursts by day, one in five at any hour."""
    day, hour = rng.integers(0, max(1, round(days)), n), rng.normal(14, 3, n) % 24
    return np.where(rng.random(n) < 0.2, rng.uniform(0, 24 * days, n), 24.0 * day + hour)


def shards(rng: np.random.Generator, n: int = 600, k: int = 40, days: float = 10) -> Family:
    """A shuffled list, every exchange by an account drawn at random."""
    topic = _sketches(rng, _subjects(rng, n))
    return _family(_list_hours(rng, n, days), rng.integers(0, k, n), topic, _fills(rng, n))


def sorted_list(rng: np.random.Generator, n: int = 600, k: int = 40) -> Family:
    """The same list sorted by subject."""
    hours = np.sort(rng.uniform(0, 240, n))
    return _family(hours, rng.integers(0, k, n), _sketches(rng, np.sort(_subjects(rng, n))), _fills(rng, n))


def people(rng: np.random.Generator, k: int = 40, mean_sessions: float = 4) -> Family:
    """Each with two subjects, an hour of the day, sessions of a few prompts, and a use of very different size."""
    hours, account, subject = [], [], []
    for a in range(k):
        peak, subjects = rng.uniform(0, 24), rng.integers(0, 1_000, 2)
        for _ in range(1 + rng.poisson(mean_sessions * rng.lognormal(-0.5, 1))):
            start = 24 * rng.integers(0, 10) + (peak + rng.normal(0, 2)) % 24
            n = rng.geometric(0.35)
            hours += (start + np.cumsum(rng.exponential(0.05, n))).tolist()
            account += [a] * n
            subject += [int(rng.choice(subjects))] * n
    n = len(hours)
    return _family(np.array(hours), np.array(account), _sketches(rng, np.array(subject)), _fills(rng, n))


def benchmark(rng: np.random.Generator, k: int = 20, n_items: int = 50) -> Family:
    """Every account sends every item once, in an order of its own, within hours."""
    item = np.tile(np.arange(n_items), k)
    fills, topics = _fills(rng, n_items), _sketches(rng, np.arange(n_items))
    hours = np.repeat(rng.uniform(0, 200, k), n_items) + rng.uniform(0, 2, k * n_items)
    return _family(hours, np.repeat(np.arange(k), n_items), topics[item], fills[item])


def relay(rng: np.random.Generator, k: int = 40, n_sessions: int = 150) -> Family:
    """Sessions of people, each exchange sent by whichever account is drawn."""
    hours, subject = [], []
    for _ in range(n_sessions):
        n = 1 + rng.geometric(0.3)
        start = rng.uniform(0, 240)
        hours += (start + np.cumsum(rng.exponential(0.05, n))).tolist()
        subject += [int(rng.integers(0, 1_000))] * n
    n = len(hours)
    return _family(np.array(hours), rng.integers(0, k, n), _sketches(rng, np.array(subject)), _fills(rng, n))


def _effects(name: str, make: Callable[[np.random.Generator], Family], n_draws: int) -> tuple[FLOAT, FLOAT]:
    """Effects and errors of one test on many families."""
    found = np.array([BY_NAME[name].effect(make(np.random.default_rng(seed))) for seed in range(n_draws)])
    return found[:, 0], found[:, 1]


SIZES: dict[str, tuple[int, int, float]] = {
    "ordinary": (600, 40, 10),
    "small": (80, 10, 2),
    "slow drip": (180, 60, 2),
    "about two each": (400, 200, 5),
    "many each": (4000, 25, 20),
    "burst": (3000, 300, 0.3),
}


def test_tests_are_named_as_in_the_design() -> None:
    """The order is that of the score's features."""
    assert [test.name for test in TESTS] == ["ti", "own", "hi", "se", "cd", "loc", "dr", "rep", "item", "talk", "elic"]
    assert all(test.meaning.endswith("?") for test in TESTS)


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("name", ["ti", "own", "hi", "se", "cd", "loc", "dr", "item"])
def test_effects_on_shards_are_zero_with_honest_errors(name: str, size: str) -> None:
    """Over random shards of one list, value / error has mean 0 and standard deviation 1, or a little less."""
    n, k, days = SIZES[size]
    value, error = _effects(name, lambda rng: shards(rng, n, k, days), 160)
    z = (value / error)[~np.isnan(value)]
    assert len(z) >= 100
    assert abs(z.mean()) < 0.3
    assert 0.55 < z.std() < 1.17
    assert np.mean(np.abs(z) > 2.576) < 0.04


@pytest.mark.parametrize("name", ["ti", "own", "hi", "se", "cd", "loc", "dr"])
@pytest.mark.parametrize("k", [15, 60])
def test_errors_on_people_are_what_repetition_gives(name: str, k: int) -> None:
    """The spread of an effect over many families of people is the error that each of them states."""
    value, error = _effects(name, lambda rng: people(rng, k), 120)
    assert 0.6 < value.std() / error.mean() < 1.45


@pytest.mark.parametrize(
    ("name", "at_least", "errors"),
    [("ti", 0.05, 3), ("own", 0.2, 3), ("hi", 0.4, 3), ("se", 0.5, 3), ("cd", 0.3, 2), ("loc", 0.06, 3)],
)
def test_people_differ(name: str, at_least: float, errors: float) -> None:
    """People have topics, hours, sessions and a use of their own, far outside the errors; load's is a few users'."""
    value, error = _effects(name, people, 10)
    assert value.min() > at_least
    assert (value / error).min() > errors


def test_benchmark_is_a_list_sent_by_everyone() -> None:
    """All fills are items, all but the first of their sendings are repeats, and the load is even."""
    family = benchmark(np.random.default_rng(1))
    assert BY_NAME["item"].effect(family)[0] == 1.0
    assert BY_NAME["rep"].effect(family)[0] == pytest.approx(1 - 1 / 20)
    value, error = BY_NAME["cd"].effect(family)
    assert value < -2 * error
    value, error = BY_NAME["item"].effect(shards(np.random.default_rng(1)))
    assert abs(value) < 3 * error < 0.15


@pytest.mark.parametrize("answered", [0.3, 1.0])
def test_a_class_asks_the_same_things_in_its_own_words(answered: float) -> None:
    """One bit in seven differs between two wordings, some exercises are left out: the closest question is another's."""
    rng = np.random.default_rng(15)
    exercise = np.concatenate([rng.permutation(30)[: round(30 * answered)] for _ in range(40)])
    account = np.repeat(np.arange(40), round(30 * answered))
    n = len(account)
    bits = rng.random((n, 64)) < 1 / 14
    reworded = _sketches(rng, np.arange(30))[exercise] ^ np.packbits(bits, axis=1).view(np.uint64).ravel()
    family = _family(rng.uniform(0, 40, n), account, reworded, _fills(rng, n))
    value, error = BY_NAME["item"].effect(family)
    assert value > 0.7 * answered
    assert value > 4 * error
    assert BY_NAME["rep"].effect(family)[0] == 0.0


def test_a_list_that_holds_each_question_many_times_is_still_a_list() -> None:
    """However often a question comes, whose it is was drawn: no item list, and nobody's own."""
    rng = np.random.default_rng(16)
    subject = rng.integers(0, 25, 1_000)
    family = _family(
        np.sort(rng.uniform(0, 90, 1_000)), rng.integers(0, 40, 1_000), _sketches(rng, subject), _fills(rng, 1_000)
    )
    for name in ("item", "own"):
        value, error = BY_NAME[name].effect(family)
        assert abs(value) < 3 * error


def test_sorted_list_drifts_while_its_shards_stay_alike() -> None:
    """Drift is seen in the stream and not in the accounts."""
    for seed in range(5):
        family = sorted_list(np.random.default_rng(seed))
        value, error = BY_NAME["dr"].effect(family)
        assert value > 0.08
        assert value > 8 * error
        value, error = BY_NAME["ti"].effect(family)
        assert abs(value) < 3 * error


def test_locality_is_uncertain_when_few_stretches_make_it() -> None:
    """A stream of eight stretches, each on one subject or shuffled, is worth eight observations and not hundreds."""

    def stretches(rng: np.random.Generator) -> Family:
        local = np.repeat(rng.random(8) < 0.5, 75)
        subject = np.where(local, np.repeat(rng.integers(100, 900, 8), 75), rng.integers(1_000, 9_000, 600))
        hours = np.sort(rng.uniform(0, 20, 600))
        return _family(hours, rng.integers(0, 40, 600), _sketches(rng, subject), _fills(rng, 600))

    value, error = _effects("loc", stretches, 60)
    assert value.std() / error.mean() < 1.5


def test_load_has_no_bias_in_small_families() -> None:
    """Over shards on ten accounts the spread of rates is 0 on average."""
    value, error = _effects("cd", lambda rng: shards(rng, 80, 10, 2), 400)
    assert abs(value.mean()) < 3 * value.std() / 20
    assert error.min() > 0.03


def test_relay_shows_sessions_that_no_account_has() -> None:
    """Accounts look like shards, the stream does not look shuffled."""
    for seed in range(5):
        family = relay(np.random.default_rng(seed))
        for name in ("ti", "hi", "se"):
            value, error = BY_NAME[name].effect(family)
            assert abs(value) < 3.5 * error
        value, error = BY_NAME["loc"].effect(family)
        assert value > 0.06
        assert value > 8 * error


def test_the_spread_of_rates_does_not_depend_on_how_much_was_sent() -> None:
    """Rates that are lognormal with sigma 0.5 have a squared coefficient of variation of exp(1/4) - 1."""
    rng = np.random.default_rng(13)
    rate = rng.lognormal(-0.125, 0.5, 4_000)
    for mean in (4.0, 40.0, 400.0):
        account = np.repeat(np.arange(4_000), rng.poisson(mean * rate))
        n = len(account)
        family = _family(rng.uniform(0, 99, n), account, np.full(n, 5, np.uint64), np.ones(n, np.uint64))
        assert BY_NAME["cd"].effect(family)[0] == pytest.approx(0.25, abs=0.05)


def test_even_quotas_have_a_finite_load() -> None:
    """Counts of 6 without any variance lie under those of random dealing by the variance of these."""
    rng = np.random.default_rng(3)
    account = np.tile(np.arange(50), 6)
    family = _family(rng.uniform(0, 99, 300), account, _sketches(rng, _subjects(rng, 300)), _fills(rng, 300))
    value, error = BY_NAME["cd"].effect(family)
    assert value == pytest.approx(math.log1p(-truncated_variance(6.0) / 36), abs=0.001)
    assert 0 < error < 0.4


def test_elicitation_is_a_share_of_exchanges() -> None:
    """Accounts that all or never elicit make the share less certain than exchanges at random."""
    family = shards(np.random.default_rng(5), 1_000, 50)
    assert BY_NAME["elic"].effect(family) == (0.0, 1 / 1_000)
    at_random = replace(family, elicitation=(np.arange(1_000) % 4 == 0).astype(np.uint16))
    by_account = replace(family, elicitation=(family.account % 4 == 0).astype(np.uint16) * np.uint16(6))
    value, error = BY_NAME["elic"].effect(at_random)
    assert value == 0.25
    assert error == pytest.approx(math.sqrt(0.25 * 0.75 / 1_000), rel=0.3)
    assert BY_NAME["elic"].effect(by_account)[1] > 2 * error


def test_a_question_sampled_many_times_is_no_wandering() -> None:
    """Four answers to each item of a shuffled list, one after the other: neither topics nor talk stay for a while."""
    rng = np.random.default_rng(12)
    n = 500
    hours, account = np.repeat(np.sort(rng.uniform(0, 40, n)), 4), rng.integers(0, 40, 4 * n)
    topic, fill = np.repeat(_sketches(rng, _subjects(rng, n)), 4), np.repeat(_fills(rng, n), 4)
    reworded = topic ^ (np.uint64(1) << rng.integers(0, 64, 4 * n).astype(np.uint64))
    for family in (_family(hours, account, topic, fill), _family(hours, account, reworded, _fills(rng, 4 * n))):
        value, error = BY_NAME["loc"].effect(family)
        assert abs(value) < 4 * error


def test_talk_is_the_share_of_questions_that_lead_to_more() -> None:
    """A quarter of the openings are followed; where no conversation is known, nobody can tell."""
    family = shards(np.random.default_rng(14), 400, 20)
    followed = (np.arange(400) % 4 == 0).astype(np.int8)
    value, error = BY_NAME["talk"].effect(replace(family, followed=followed))
    assert value == 0.25
    assert 0.01 < error < 0.05
    assert np.isnan(BY_NAME["talk"].effect(replace(family, followed=np.full(400, -1, np.int8)))).all()


@pytest.mark.parametrize("name", [name for name in BY_NAME if name != "talk"])
def test_only_heads_are_read(name: str) -> None:
    """Follow-ups of any number and content change nothing, and a family without a head is read whole."""
    family = people(np.random.default_rng(6))
    n = len(family.time_us)
    both = np.repeat(np.arange(n), 2)
    padded = replace(
        family,
        time_us=family.time_us[both],
        account=family.account[both],
        head=np.tile([True, False], n),
        content=family.content[both],
        fill=family.fill[both] * np.where(np.arange(2 * n) % 2, 0, 1).astype(np.uint64) + np.uint64(0),
        topic=np.where(np.arange(2 * n) % 2, np.uint64(77), family.topic[both]),
        elicitation=(np.arange(2 * n) % 2).astype(np.uint16),
        followed=np.zeros(2 * n, np.int8),
    )
    effect = BY_NAME[name].effect
    assert effect(padded) == effect(family)
    assert effect(replace(family, head=np.zeros(n, np.bool_))) == effect(family)


def test_without_text_only_times_and_counts_are_judged() -> None:
    """Rows whose sketch is 0 are no rows for topics; unknown fills are no fills."""
    family = shards(np.random.default_rng(7))
    n = len(family.time_us)
    blank = replace(family, topic=np.zeros(n, np.uint64), fill=np.zeros(n, np.uint64))
    for name in ("ti", "own", "loc", "dr", "rep", "item"):
        assert np.isnan(BY_NAME[name].effect(blank)).all()
    for name in ("hi", "se", "cd", "elic"):
        assert np.isfinite(BY_NAME[name].effect(blank)).all()
    half = np.arange(n) % 2 == 0
    partly = replace(family, topic=np.where(half, family.topic, 0).astype(np.uint64))
    alone = replace(
        family,
        **{c: getattr(family, c)[half] for c in ("time_us", "account", "head", "content", "fill", "topic")},
    )
    for name in ("ti", "own", "loc", "dr", "item"):
        assert BY_NAME[name].effect(partly) == BY_NAME[name].effect(alone)


@pytest.mark.parametrize("name", list(BY_NAME))
def test_too_little_is_missing_and_never_zero(name: str) -> None:
    """Below the stated minimum both numbers are NaN, down to a family of one exchange."""
    rng = np.random.default_rng(8)
    for n, k in ((1, 1), (2, 1), (2, 2), (40, 5), (7, 7)):
        account = np.arange(n) % k
        family = _family(rng.uniform(0, 200, n), account, _sketches(rng, _subjects(rng, n)), _fills(rng, n))
        if (name, n) == ("dr", 40):
            continue  # drift asks for bins of time, of which 40 exchanges may fill enough
        assert np.isnan(BY_NAME[name].effect(family)).all()


def test_one_exchange_an_account_says_nothing_about_accounts() -> None:
    """There are no pairs, so nobody can be said to have topics, hours, sessions or a load."""
    rng = np.random.default_rng(9)
    family = _family(rng.uniform(0, 5, 200), np.arange(200), _sketches(rng, _subjects(rng, 200)), _fills(rng, 200))
    for name in ("ti", "own", "hi", "se", "cd", "item"):
        assert np.isnan(BY_NAME[name].effect(family)).all()
    assert np.isfinite(BY_NAME["loc"].effect(family)).all()


def test_a_burst_shows_no_sessions() -> None:
    """When every gap is short whoever sends, sessions are missing; and so are topics when all sketches are equal."""
    rng = np.random.default_rng(10)
    account = rng.integers(0, 20, 200)
    family = _family(rng.uniform(0, 0.3, 200), account, np.full(200, 5, np.uint64), _fills(rng, 200))
    for name in ("se", "ti", "own", "loc", "dr", "item"):
        assert np.isnan(BY_NAME[name].effect(family)).all()


def test_a_heavy_account_does_not_speak_for_the_family() -> None:
    """One account with a topic of its own and most of the exchanges leaves the shards what they are."""
    rng = np.random.default_rng(11)
    n = 4_000
    account = np.where(np.arange(n) < 3_000, 0, rng.integers(1, 100, n))
    subject = np.where(account == 0, 500, _subjects(rng, n))
    family = _family(rng.uniform(0, 200, n), account, _sketches(rng, subject), _fills(rng, n))
    assert BY_NAME["ti"].effect(family)[0] < 0.02


@pytest.mark.parametrize("rate", [1e-3, 0.3, 1.0, 4.0, 60.0, 900.0])
def test_truncated_poisson_against_scipy(rate: float) -> None:
    """Rate and variance from the mean are those of a Poisson given that it is not 0."""
    counts = np.arange(1, 2_000)
    p = stats.poisson.pmf(counts, rate) / -math.expm1(-rate)
    mean = float(p @ counts)
    assert truncated_rate(mean) == pytest.approx(rate, rel=1e-6)
    assert truncated_variance(mean) == pytest.approx(float(p @ (counts - mean) ** 2), rel=1e-5)
