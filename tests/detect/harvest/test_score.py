"""The score: against a direct computation, its calibration, and what it must not do."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from stillwatch.detect.harvest.score import (
    TESTS,
    VARIANTS,
    Reference,
    conformal_bar,
    harvest_density,
    leave_one_unit_out,
    nearest_families,
    score_families,
)
from stillwatch.errors import InvalidInput
from stillwatch.stats.kernel_density import normal_kernel

Floats = NDArray[np.float64]
BANDWIDTH = {
    "ti": 0.02,
    "own": 0.05,
    "hi": 0.05,
    "se": 0.05,
    "loc": 0.02,
    "cd": 0.2,
    "dr": 0.03,
    "rep": 0.05,
    "item": 0.05,
    "talk": 0.05,
    "elic": 0.1,
    "pay": 1.0,
    "bits": 1.0,
}
SHARE = ("ti", "own", "hi", "se", "loc", "rep", "item", "talk", "elic")
BASE = {"ti", "own", "hi", "se", "item", "talk", "elic", "pay", "bits"}
USED = {
    "strict": BASE | {"cd", "loc", "rep"},
    "no-cd": BASE | {"loc", "rep"},
    "no-rep": BASE | {"cd", "loc"},
    "dr-for-loc": BASE | {"cd", "rep", "dr"},
    "sticky": BASE - {"se"} | {"cd", "loc", "rep"},
    "sticky-no-cd": BASE - {"se"} | {"loc", "rep"},
    "rota": BASE - {"hi"} | {"cd", "loc", "rep"},
    "drain": BASE - {"hi", "se"} | {"loc", "rep"},
}
HARVEST = [0.0, 0.02, 0.01, 0.0, 0.1, 0.0, 0.0, 0.02, 0.01, 0.0, 0.9, 20.0, 60.0]
PEOPLE = [0.4, 0.3, 0.3, 0.5, 1.5, 0.2, 0.1, 0.4, 0.2, 0.5, 0.1, -1.0, -40.0]
BENCHMARK = [0.0, 0.0, 0.1, 0.5, 0.0, 0.0, 0.0, 0.9, 0.9, 0.0, 0.05, -1.0, 30.0]
RELAY = [0.0, 0.05, 0.02, 0.3, 0.2, 0.25, 0.0, 0.3, 0.1, 0.5, 0.1, 5.0, 80.0]


def legitimate(rng: np.random.Generator, n: int, *, missing: float = 0.05) -> Reference:
    """People, benchmark runs and relays, a third each."""
    centre = np.array([PEOPLE, BENCHMARK, RELAY])[np.arange(n) % 3]
    x = centre + rng.normal(size=(n, 13)) * [0.1, 0.1, 0.1, 0.1, 0.4, 0.05, 0.05, 0.1, 0.05, 0.1, 0.05, 1, 10]
    x[rng.random(x.shape) < missing] = np.nan
    return Reference(
        x,
        np.full(x.shape, 0.02),
        np.arange(n) // 2,
        tuple(np.array(["people", "benchmark", "relay"])[np.arange(n) % 3]),
    )


def on_scale(x: Floats) -> dict[str, float]:
    """One row by test name, on the scale of comparison; missing tests left out."""
    row = {test: float(v) for test, v in zip(TESTS, x, strict=True) if not np.isnan(v)}
    for test in set(row) & {"cd"}:
        row[test] = max(row[test], 0)
    for test in set(row) & set(SHARE):
        row[test] = min(max(row[test], 0), 1)
    for test in set(row) & {"pay", "bits"}:
        row[test] = min(max(float(np.sign(row[test]) * np.log2(1 + abs(row[test]))), -3.0), 10.0)
    return row


def log2_sum(densities: dict[str, float], used: set[str]) -> float:
    """Sum of log2 over the tests that are used and known."""
    return float(sum(np.log2(max(d, 1e-300)) for test, d in densities.items() if test in used))


def direct(x: Floats, s: Floats, reference: Reference, unit: int) -> float:
    """S by the formulas of the design, one family, plain loops."""
    query = on_scale(x)
    rows = [on_scale(r) for r, u in zip(reference.x, reference.unit, strict=True) if u != unit]
    units = [int(u) for u in reference.unit if u != unit]
    like = np.array([1.0 if ("ti" in r) == ("ti" in query) else 0.05 for r in rows])
    weight = like / np.array([units.count(u) for u in units])
    broad = {**dict.fromkeys(TESTS, 0.5), **dict.fromkeys(SHARE, 1.0), "cd": 1 / 4, "pay": 1 / 13, "bits": 1 / 13}
    kernel: dict[str, Floats] = {}
    marginal: dict[str, float] = {}
    for test in query:
        error = 0.0 if test in {"pay", "bits"} else float(s[TESTS.index(test)])
        ends = {"cd": (0.0, np.inf), "pay": (-3.0, 10.0), "bits": (-3.0, 10.0), "dr": (-np.inf, np.inf)}.get(
            test, (0.0, 1.0)
        )
        centre = np.array([r.get(test, np.nan) for r in rows])
        variance = np.full(centre.size, error**2 + BANDWIDTH[test] ** 2)
        kernel[test] = normal_kernel(np.array(query[test]), centre, variance, *ends)
        known = ~np.isnan(centre)
        marginal[test] = float((weight[known] @ kernel[test][known] + broad[test]) / (weight[known].sum() + 1))
        kernel[test] = np.where(known, kernel[test], marginal[test])
    p1 = {test: float(p) for test, p in zip(TESTS, harvest_density(x[None], s[None])[0], strict=True) if test in query}
    bits = []
    for variant in VARIANTS:
        used = USED[variant] & set(query)
        joint = sum(w * np.prod([kernel[test][i] for test in used]) for i, w in enumerate(weight)) / weight.sum()
        legit = 0.8 * joint + 0.2 * 2 ** log2_sum(marginal, used)
        bits.append(log2_sum(p1, used) - np.log2(legit) if variant != "dr-for-loc" or "dr" in query else -np.inf)
    return float(np.log2(np.mean(np.exp2(bits))))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.6))
def test_score_equals_the_formulas(seed: int, missing: float) -> None:
    """Composite, unknown kind, bounds, missing tests and left-out units, against plain loops."""
    rng = np.random.default_rng(seed)
    reference = legitimate(rng, 12, missing=missing / 2)
    x = np.array([HARVEST, PEOPLE, RELAY]) + rng.normal(size=(3, 13)) * 0.05
    x[rng.random(x.shape) < missing] = np.nan
    x[:, 0] = 0.01
    s = rng.uniform(0, 0.1, x.shape)
    expected = [direct(row, error, reference, unit=-1) for row, error in zip(x, s, strict=True)]
    np.testing.assert_allclose(score_families(x, s, reference).total_bits, expected, atol=1e-6)
    held_out = leave_one_unit_out(reference).total_bits
    first = direct(reference.x[0], reference.s[0], reference, unit=int(reference.unit[0]))
    assert held_out[0] == pytest.approx(first, abs=1e-6)


def area(density: Callable[[float], float], low: float, high: float) -> float:
    """Integral over [low, high]."""
    total, _ = integrate.quad(density, low, high, limit=400, points=np.linspace(low, high, 9)[1:-1])
    return float(total)


@pytest.mark.parametrize(
    ("test", "low", "high"),
    [
        ("ti", 0, 1),
        ("own", 0, 1),
        ("hi", 0, 1),
        ("se", 0, 1),
        ("loc", 0, 1),
        ("dr", -1, 2),
        ("cd", 0, 4),
        ("rep", 0, 1),
        ("talk", 0, 1),
        ("elic", 0, 1),
    ],
)
def test_harvest_densities_integrate_to_one(test: str, low: float, high: float) -> None:
    """Each stated density is a density on its range."""
    j = TESTS.index(test)

    def height(v: float) -> float:
        x = np.full((1, 13), np.nan)
        x[0, j] = v
        return float(harvest_density(x, np.full((1, 13), 0.01))[0, j])

    assert area(height, low, high) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("test", ["pay", "bits"])
def test_harvest_density_of_bits_integrates_to_one(test: str) -> None:
    """On the signed log scale."""

    def height(y: float) -> float:
        x = np.full((1, 13), np.nan)
        x[0, TESTS.index(test)] = np.sign(y) * (2 ** abs(y) - 1)
        return float(harvest_density(x, np.zeros((1, 13)))[0, TESTS.index(test)])

    assert area(height, -3, 10) == pytest.approx(1, abs=0.02)


def test_harvest_densities_are_those_of_the_design() -> None:
    """Scipy's distributions give the same heights."""
    x = np.array([[0.03, 0.06, -0.05, 0.02, 0.3, 0.04, 0.5, 0.1, 0.2, 0.0, 0.4, 3.0, 3.0]])
    s = np.full((1, 13), 0.05)
    found = dict(zip(TESTS, harvest_density(x, s)[0], strict=True))
    near, wide = np.hypot(0.05, 0.005), np.hypot(0.05, 0.01)
    plain = {
        "ti": (0.03, stats.halfnorm.pdf(0.03, scale=near)),
        "own": (0.05, stats.halfnorm.pdf(0.06, scale=np.hypot(0.05, 0.05))),
        "hi": (0.1, stats.halfnorm.pdf(0.0, scale=wide)),
        "se": (0.1, stats.halfnorm.pdf(0.02, scale=wide)),
        "loc": (0.0005, stats.halfnorm.pdf(0.04, scale=near)),
        "cd": (0.15, stats.halfnorm.pdf(0.3, scale=np.hypot(0.4, 0.05))),
        "rep": (0.1, stats.expon.pdf(0.1, scale=np.hypot(0.05, 0.05))),
        "item": (0.05, stats.expon.pdf(0.2, scale=np.hypot(0.05, 0.05))),
        "talk": (0.35, stats.expon.pdf(0.0, scale=np.hypot(0.05, 0.05))),
    }
    for test, (astray, height) in plain.items():
        spread = 0.25 if test == "cd" else 1.0
        assert found[test] == pytest.approx((1 - astray) * height + astray * spread)


def test_no_single_oddity_acquits() -> None:
    """However far one test lies from what theory says, it costs no more than what a harvest gone astray would."""
    reference = legitimate(np.random.default_rng(2), 300)
    plain, _ = judge(HARVEST, reference)
    for test in ("hi", "se", "cd", "rep", "talk"):
        assert judge(change(HARVEST, **{test: 0.9}), reference)[0] > plain - 9


def judge(row: list[float], reference: Reference) -> tuple[float, str]:
    """Score and best variant of one family with small errors."""
    found = score_families(np.array([row]), np.full((1, 13), 0.02), reference)
    return float(found.total_bits[0]), VARIANTS[found.variant[0]]


def test_harvest_stands_out_and_legitimate_kinds_do_not() -> None:
    """A harvest is far over the bar; people, benchmark runs and relays are far under it."""
    reference = legitimate(np.random.default_rng(2), 300)
    assert judge(HARVEST, reference)[0] > max(14, conformal_bar(reference, 0.02))
    for row in (PEOPLE, BENCHMARK, RELAY):
        assert judge(row, reference)[0] < 0


def change(row: list[float], **values: float) -> list[float]:
    """A family with some effects replaced."""
    return [values.get(test, v) for test, v in zip(TESTS, row, strict=True)]


def test_the_composite_follows_the_evader() -> None:
    """Uneven load, fake repeats and a sorted list each cost less than wandering like people does."""
    reference = legitimate(np.random.default_rng(2), 300)
    plain, _ = judge(HARVEST, reference)
    wandering, _ = judge(change(HARVEST, loc=0.3), reference)
    assert wandering < plain - 12
    for evasion in ({"cd": 3.0}, {"rep": 0.5}, {"loc": 0.3, "dr": 0.5}):
        bits, best = judge(change(HARVEST, **evasion), reference)
        assert ("dr" in evasion) == (best == "dr-for-loc")
        assert bits > max(wandering, plain - 12)


def test_loc_is_never_simply_dropped() -> None:
    """Without dr, the variant in which dr replaces loc is not open, so a wandering stream stays below the bar."""
    reference = legitimate(np.random.default_rng(2), 300)
    without_dr = change(HARVEST, loc=0.3, dr=float("nan"))
    bits, best = judge(without_dr, reference)
    assert best != "dr-for-loc"
    assert bits < judge(HARVEST, reference)[0] - 14


def test_a_wide_error_is_no_evidence() -> None:
    """A test with an error far wider than its effect moves the score by less than a bit."""
    reference = legitimate(np.random.default_rng(2), 300, missing=0)
    x, s = np.full((1, 13), np.nan), np.full((1, 13), 3.0)
    x[0, 0] = 0.0
    assert abs(score_families(x, s, reference).per_test_bits[0, 0]) < 1


def test_nothing_judged_is_no_evidence() -> None:
    """All tests missing give a score of 0, and shares of 0."""
    found = score_families(np.full((2, 13), np.nan), np.full((2, 13), np.nan), legitimate(np.random.default_rng(0), 9))
    assert found.total_bits.tolist() == [0, 0]
    assert not found.per_test_bits.any()


def test_an_unseen_outlier_has_finite_bits() -> None:
    """A value nobody has ever shown does not give infinite bits."""
    reference = legitimate(np.random.default_rng(2), 30)
    extreme = np.array([change(HARVEST, bits=1e9, cd=50.0, ti=-40.0), change(PEOPLE, ti=30.0)])
    assert np.isfinite(score_families(extreme, np.zeros((2, 13)), reference).total_bits).all()


def test_the_bar_is_exceeded_as_rarely_as_promised() -> None:
    """New legitimate units exceed a 5 % bar about as often as it says."""
    rng = np.random.default_rng(8)
    reference = legitimate(rng, 400)
    new = legitimate(rng, 1000)
    bits = score_families(new.x, new.s, reference).total_bits
    largest = bits.reshape(-1, 2).max(axis=1)
    error = np.sqrt(0.05 * 0.95 * (1 / 500 + 1 / 200))  # of the new units, and of the 200 units that set the bar
    assert (largest > conformal_bar(reference, 0.05)).mean() < 0.05 + 3 * error


def test_nearest_families_by_brute_force() -> None:
    """Order and distance equal a plain loop over all rows."""
    rng = np.random.default_rng(3)
    reference = legitimate(rng, 40, missing=0)
    x, s = np.array(RELAY), np.full(13, 0.02)
    distance = []
    for row in reference.x:
        a, b = on_scale(x), on_scale(row)
        width = {test: np.hypot(0.0 if test in {"pay", "bits"} else 0.02, BANDWIDTH[test]) for test in TESTS}
        distance.append(np.sqrt(np.mean([((a[test] - b[test]) / width[test]) ** 2 for test in TESTS])))
    found = nearest_families(x, s, reference, count=5)
    assert [index for index, _ in found] == np.argsort(distance)[:5].tolist()
    np.testing.assert_allclose([n.distance for _, n in found], np.sort(distance)[:5])
    assert found[0][1].kind == "relay"
    assert sorted(found[0][1].most_alike + found[0][1].most_different) == sorted(TESTS)


def test_a_row_with_little_in_common_is_not_near() -> None:
    """A row that shares one test of ten does not come first because that one agrees."""
    reference = legitimate(np.random.default_rng(3), 20, missing=0)
    reference.x[0] = np.nan
    reference.x[0, 0] = RELAY[0]
    assert 0 not in [index for index, _ in nearest_families(np.array(RELAY), np.zeros(13), reference)]


@pytest.mark.parametrize(
    ("x", "s"),
    [
        (np.zeros((1, 9)), np.zeros((1, 9))),
        (np.zeros((1, 13)), np.full((1, 13), -1.0)),
        (np.full((1, 13), np.inf), np.zeros((1, 13))),
    ],
)
def test_tables_that_do_not_fit_are_refused(x: Floats, s: Floats) -> None:
    """Wrong widths, negative errors and infinities are the caller's mistakes."""
    with pytest.raises(InvalidInput):
        score_families(x, s, legitimate(np.random.default_rng(0), 9))


def test_a_reference_needs_rows_units_and_kinds() -> None:
    """An empty table, and one unit held against itself, are refused."""
    with pytest.raises(InvalidInput):
        Reference(np.empty((0, 13)), np.empty((0, 13)), np.empty(0, np.int64), ())
    with pytest.raises(InvalidInput):
        leave_one_unit_out(Reference(np.zeros((2, 13)), np.zeros((2, 13)), np.zeros(2, np.int64), ("a", "a")))


def test_like_is_held_against_like() -> None:
    """Legitimate families whose topics could not be compared speak for such a family; the others hardly do."""
    rng = np.random.default_rng(4)
    judged, sparse = legitimate(rng, 300), legitimate(rng, 300)
    sparse.x[:, :5] = np.nan
    sparse.x[:, TESTS.index("bits")] = rng.normal(0.0, 1.0, len(sparse.x))
    both = Reference(
        np.vstack([judged.x, sparse.x]),
        np.vstack([judged.s, sparse.s]),
        np.r_[judged.unit, sparse.unit + judged.unit.max() + 1],
        judged.kind + sparse.kind,
    )
    once_each = [float("nan")] * 5 + HARVEST[5:-1] + [800.0]
    assert judge(once_each, both)[0] > judge(once_each, judged)[0] + 3
    assert judge(HARVEST, both)[0] == pytest.approx(judge(HARVEST, judged)[0], abs=1.5)
