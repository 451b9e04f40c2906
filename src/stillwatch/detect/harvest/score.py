"""One score: log2 of how much likelier a family is as a harvest than as legitimate automation, all tests at once.

S = log2 p1(x) - log2[(1 - eps) p_legit(x) + eps prod_j p_legit(x_j)].

p1 is stated by theory: shards of one list differ less than people do, so effects of people are near zero; the density
of each test is given at `harvest_density`. p_legit is a kernel density over legitimate families, one vote a unit
(organisation or family). The product term is a legitimate kind that nobody has seen: known values, recombined; without
it the score would be a novelty detector. The alternative is composite: S is log2 of the mean of 2^S over `VARIANTS`.
S is not an e-value: its bar is a conformal quantile (`conformal_bar`).
"""

from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from stillwatch.detect.harvest._kernels_nearest import distances
from stillwatch.engine.threads import available_cores, map_in_order
from stillwatch.errors import InvalidInput
from stillwatch.model.campaign import NearestFamily
from stillwatch.stats.conformal import conformal_quantile
from stillwatch.stats.kernel_density import Bounds, Densities, KernelSample, kernel_densities

__all__ = [
    "TESTS",
    "VARIANTS",
    "Reference",
    "Score",
    "conformal_bar",
    "harvest_density",
    "leave_one_unit_out",
    "nearest_families",
    "score_families",
]

TESTS: tuple[str, ...] = (
    "ti",
    "own",
    "hi",
    "se",
    "cd",
    "loc",
    "dr",
    "rep",
    "item",
    "talk",
    "elic",
    "pay",
    "bits",
)
"""Columns of every effects array. pay is what the accounts' means of payment say of one hand, bits what all else says
of it, in bits as measured; they are put on a log scale here."""

VARIANTS: tuple[str, ...] = ("strict", "no-cd", "no-rep", "dr-for-loc", "sticky", "sticky-no-cd", "rota", "drain")
"""Alternatives an evader chooses among. loc is replaced, never dropped: that would accuse people behind a relay. sticky
is a dispatcher that stays with an account for a while, as public relay software does: sessions say nothing then. rota
deals strictly by turns: an account's turn comes at whatever hours the length of a round gives it. drain uses one
account up before it takes the next: neither hours nor sessions nor the load of accounts say anything."""

_DROPPED = {
    "no-cd": ("cd",),
    "no-rep": ("rep",),
    "sticky": ("se",),
    "sticky-no-cd": ("se", "cd"),
    "rota": ("hi",),
    "drain": ("hi", "se", "cd"),
}
"""Tests that a variant leaves out."""

_ASTRAY = {
    "ti": 0.03,
    "own": 0.05,
    "hi": 0.1,
    "se": 0.1,
    "cd": 0.15,
    "loc": 0.0005,
    "rep": 0.1,
    "item": 0.05,
    "talk": 0.35,
}
"""Share of harvests in which a test does not come out as theory says, whatever it is then: no single oddity acquits.
Least where it would accuse people: topics of one's own, and talk that wanders."""

_QUERIES = 512
"""Families that a thread scores at a time."""
_UNSEEN_KIND = 0.2
_UNLIKE = 0.05
"""Weight of legitimate families in which topics could be compared, for a family in which they could not, and back."""
_SATURATION = 10.0
"""About 1,000 bits of coordination. Beyond, one hand is certain, and more bits only count its accounts: a large relay
has as many as a large harvest."""
_FLOOR = -3.0
"""Seven bits against. Below, more bits against only count exchanges."""
_BARE = 0.3
_BANDWIDTH = np.array([0.02, 0.05, 0.05, 0.05, 0.2, 0.02, 0.03, 0.05, 0.05, 0.05, 0.1, 1.0, 1.0])
_BOUNDS = Bounds(
    lower=np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -np.inf, 0.0, 0.0, 0.0, 0.0, _FLOOR, _FLOOR]),
    upper=np.array([1.0, 1.0, 1.0, 1.0, np.inf, 1.0, np.inf, 1.0, 1.0, 1.0, 1.0, _SATURATION, _SATURATION]),
    broad=np.array([1.0, 1.0, 1.0, 1.0, 0.25, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1 / 13, 1 / 13]),
)
_COLUMN = {test: j for j, test in enumerate(TESTS)}
_BITS = [_COLUMN[test] for test in ("pay", "bits")]
_SHARES = [_COLUMN[test] for test in ("ti", "own", "hi", "se", "loc", "rep", "item", "talk", "elic")]


def _subsets() -> NDArray[np.bool_]:
    """Tests of each variant."""
    subsets = np.ones((len(VARIANTS), len(TESTS)), dtype=np.bool_)
    subsets[:, _COLUMN["dr"]] = False
    for name, tests in _DROPPED.items():
        subsets[VARIANTS.index(name), [_COLUMN[test] for test in tests]] = False
    subsets[VARIANTS.index("dr-for-loc"), [_COLUMN["loc"], _COLUMN["dr"]]] = [False, True]
    return subsets


_SUBSETS = _subsets()


@dataclass(frozen=True, slots=True)
class Reference:
    """Legitimate families: verified, time-lagged, not declared.

    x       Effects, columns as `TESTS`, NaN missing. Shape (R, 13).
    s       Their standard errors; NaN where there is none. Shape (R, 13).
    unit    Organisation or family a row was drawn from, 0 or above; rows of one unit share one vote. Shape R.
    kind    Population of each row, for people to read. Length R.
    scaled  Effects as they are compared. Shape (R, 12).
    """

    x: NDArray[np.float64]
    s: NDArray[np.float64]
    unit: NDArray[np.int64]
    kind: tuple[str, ...]
    scaled: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Refuse tables that do not fit together."""
        _check_effects(self.x, self.s)
        if not len(self.x) == len(self.unit) == len(self.kind) or not len(self.x):
            message = (
                f"reference needs rows, a unit and a kind each, got {len(self.x)}, {len(self.unit)}, {len(self.kind)}"
            )
            raise InvalidInput(message)
        object.__setattr__(self, "scaled", _on_scale(self.x))


@dataclass(frozen=True, slots=True)
class Score:
    """Scores of F families.

    total_bits      S after the composite; 0 when no test could be judged. Shape F.
    per_test_bits   log2 of harvest density over legitimate density of each test by itself; 0 when missing or not used
                    by the family's best variant. They do not add up to S, because tests depend on one another.
                    Shape (F, 13).
    variant         Best variant, index into `VARIANTS`. Shape F.
    """

    total_bits: NDArray[np.float64]
    per_test_bits: NDArray[np.float64]
    variant: NDArray[np.int64]


def score_families(x: NDArray[np.float64], s: NDArray[np.float64], reference: Reference) -> Score:
    """Score families against a reference.

    x, s    Effects and standard errors, columns as `TESTS`. NaN in x is a test that could not be judged; NaN in s is
            no error. Shape (F, 13).
    Raises  InvalidInput if shapes are wrong or a standard error is negative.

    >>> rng = np.random.default_rng(0)
    >>> people = rng.normal([.4, .4, .4, .5, 2, .3, .1, .4, .2, .5, .1, -1, -6], .1, (200, 13))
    >>> reference = Reference(people, np.full((200, 13), .05), np.arange(200), ("people",) * 200)
    >>> harvest = np.array([[.0, .0, .0, .0, .1, .0, .0, .02, .01, .0, .9, 20, 60]])
    >>> bool(score_families(harvest, np.full((1, 13), .02), reference).total_bits[0] > 20)
    True
    """
    return _score(x, s, reference, None)


def leave_one_unit_out(reference: Reference) -> Score:
    """Score every row of the reference against the rows of all other units.

    Raises  InvalidInput if there is only one unit.
    """
    if np.unique(reference.unit).size < 2:
        message = "reference must have at least 2 units to be held against itself, got 1"
        raise InvalidInput(message)
    return _score(reference.x, reference.s, reference, reference.unit)


def conformal_bar(reference: Reference, alpha: float) -> float:
    """Score that a legitimate unit's largest family reaches with probability at most alpha; inf when units are too few.

    A row is held against all other units, a new family against all of them: the promise is exact up to the weight of
    one unit among many, and only for traffic like the reference.

    alpha       In (0, 1).
    References  Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World, proposition 4.1.
    """
    bits = leave_one_unit_out(reference).total_bits
    _, code = np.unique(reference.unit, return_inverse=True)
    largest = np.full(code.max() + 1, -np.inf)
    np.maximum.at(largest, code, bits)
    return conformal_quantile(largest, alpha)


def harvest_density(x: NDArray[np.float64], s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Density of each test under a harvest, stated by theory; NaN where x is. Columns as `TESTS`, shape (F, 13).

    A share of each, `_ASTRAY`, is spread evenly instead.

    ti, own, hi, se, loc    Half-normal on max(x, 0): accounts are exchangeable shards of one list. Random dealing has
                expectation exactly 0, dealing by turns lies below, people lie above. Variance s^2 + .005^2 leaves room
                for a list that is not quite shuffled; .01^2 for hi and se, .05^2 for own, which jobs that change from
                day to day move most.
    cd          Half-normal of scale .4 on max(cd, 0), s added in quadrature: load is evened out, or more than even.
    rep, item   Exponential of mean .05, s added in quadrature: a list without replacement, no popular items.
    talk        The same: an item of a list is done with its answer. One harvest in three works in several turns.
    elic        Three in ten harvests send bare questions: half-normal of scale .1 at 0. The others .5 below one half,
                1.5 above: not every harvest asks for reasoning, most do.
    dr          Uniform on (.1, 1), smoothed by s and .03: a sorted list drifts. It only serves in place of loc.
    bits        y = sign(b) log2(1 + |b|). Wealth grows in proportion to exchanges, so y is log2 of their number plus a
                constant that depends on the dispatcher; campaigns from 100 exchanges at .05 bits each to saturation
                are spread evenly over y in (2, 10), smoothed by 1 below. One in seven escapes the channels (people's
                rhythm replayed): spread evenly over y in (-3, 10), where y ends.
    pay         The same scale. Every second harvest pays for many accounts with few cards, spread evenly over (2, 10);
                the others have a card each, or nobody knows: N(-1, 1).

    >>> x, s = np.full((1, 13), np.nan), np.zeros((1, 13))
    >>> x[0, TESTS.index("elic")] = .9
    >>> round(harvest_density(x, s)[0, TESTS.index("elic")].item(), 2)
    1.05
    """
    x, s = _on_scale(x), _errors(s)
    density = np.empty_like(x)
    for test, tau in (("ti", 0.005), ("own", 0.05), ("hi", 0.01), ("se", 0.01), ("loc", 0.005)):
        density[:, _COLUMN[test]] = 2 * _normal(x[:, _COLUMN[test]], np.hypot(s[:, _COLUMN[test]], tau))
    cd, dr, elic, bits = (_COLUMN[test] for test in ("cd", "dr", "elic", "bits"))
    density[:, cd] = 2 * _normal(x[:, cd], np.hypot(s[:, cd], 0.4))
    for j in (_COLUMN["rep"], _COLUMN["item"], _COLUMN["talk"]):
        mean = np.hypot(s[:, j], 0.05)
        density[:, j] = np.exp(-x[:, j] / mean) / mean
    density[:, dr] = _box(x[:, dr], 0.1, 1.0, np.hypot(s[:, dr], 0.03))
    for test, share in _ASTRAY.items():
        j = _COLUMN[test]
        density[:, j] = (1 - share) * density[:, j] + share * _BOUNDS.broad[j]
    asking = 0.5 + ndtr((x[:, elic] - 0.5) / np.maximum(s[:, elic], 1e-9))
    density[:, elic] = _BARE * 2 * _normal(x[:, elic], np.hypot(s[:, elic], 0.1)) + (1 - _BARE) * asking
    y = x[:, bits]
    escaped = np.where(np.isnan(y), np.nan, 1 / (_SATURATION - _FLOOR))
    density[:, bits] = 6 / 7 * ndtr(y - 2.0) / (_SATURATION - 2.0) + 1 / 7 * escaped
    y = x[:, _COLUMN["pay"]]
    density[:, _COLUMN["pay"]] = 0.5 * ndtr(y - 2.0) / (_SATURATION - 2.0) + 0.5 * _normal(y + 1.0, np.array(1.0))
    return density


def nearest_families(
    x: NDArray[np.float64], s: NDArray[np.float64], reference: Reference, count: int = 3
) -> tuple[tuple[int, NearestFamily], ...]:
    """Rows of the reference that look most like one family, the closest first.

    Distance is the root mean square, over tests both have, of the difference in units of the kernel width. A row that
    shares fewer than half of the family's tests comes last.

    x, s    Effects and standard errors of one family. Shape 13.
    """
    query, width = _on_scale(x[None, :])[0], np.hypot(_errors(s[None, :])[0], _BANDWIDTH)
    distance, n_known = distances(reference.scaled, query, width)
    is_comparable = 2 * n_known >= np.count_nonzero(~np.isnan(query))
    rows = np.lexsort((distance, ~is_comparable))[:count]
    apart = np.abs(reference.scaled[rows] - query) / width
    return tuple((int(r), _nearest(reference.kind[r], float(distance[r]), a)) for r, a in zip(rows, apart, strict=True))


def _nearest(kind: str, distance: float, apart: NDArray[np.float64]) -> NearestFamily:
    known = np.flatnonzero(~np.isnan(apart))
    closest_first = [TESTS[j] for j in known[np.argsort(apart[known], kind="stable")]]
    half = len(closest_first) // 2
    return NearestFamily(
        kind, distance, tuple(closest_first[: len(closest_first) - half]), tuple(closest_first[::-1][:half])
    )


def _score(
    x: NDArray[np.float64], s: NDArray[np.float64], reference: Reference, left_out: NDArray[np.int64] | None
) -> Score:
    _check_effects(x, s)
    legitimate = _legitimate(x, s, reference, left_out)
    known = ~np.isnan(legitimate.marginal)
    log2_p1 = np.log2(np.maximum(harvest_density(x, s), 1e-300))
    log2_marginal = np.log2(legitimate.marginal)
    numerator = _sum_over_tests(log2_p1, known)
    unseen_kind = np.exp2(_sum_over_tests(log2_marginal, known))
    bits = numerator - np.log2((1 - _UNSEEN_KIND) * legitimate.joint + _UNSEEN_KIND * unseen_kind)
    bits[~known[:, _COLUMN["dr"]], VARIANTS.index("dr-for-loc")] = -np.inf
    variant = np.argmax(bits, axis=1)
    total = np.logaddexp2.reduce(bits - np.log2(len(VARIANTS)), axis=1)
    used = known & _SUBSETS[variant]
    judged = known[:, _SUBSETS[0]].any(axis=1)
    per_test = np.where(used, np.where(used, log2_p1, 0.0) - np.where(used, log2_marginal, 0.0), 0.0)
    return Score(np.where(judged, total, 0.0), per_test, variant)


def _legitimate(
    x: NDArray[np.float64], s: NDArray[np.float64], reference: Reference, left_out: NDArray[np.int64] | None
) -> Densities:
    """Densities among legitimate families, like with like: what could not be judged there or here is another kind."""
    at = _on_scale(x)
    variance = _errors(s) ** 2 + _BANDWIDTH**2
    joint, marginal = np.empty((len(x), len(VARIANTS))), np.empty(x.shape)
    sparse = np.isnan(reference.x[:, _COLUMN["ti"]])
    for missing in (False, True):
        rows = np.isnan(x[:, _COLUMN["ti"]]) == missing
        sample = KernelSample(
            reference.scaled, reference.unit.astype(np.int64), _BOUNDS, np.where(sparse == missing, 1.0, _UNLIKE)
        )
        parts = np.array_split(np.flatnonzero(rows), 1 + np.count_nonzero(rows) // _QUERIES)

        def densities(part: NDArray[np.int64], sample: KernelSample = sample) -> Densities:
            units = None if left_out is None else left_out[part]
            return kernel_densities(at[part], variance[part], sample, _SUBSETS, left_out=units)

        with closing(map_in_order(densities, parts, available_cores())) as found:
            for part, density in zip(parts, found, strict=True):
                joint[part], marginal[part] = density.joint, density.marginal
    return Densities(joint, marginal)


def _sum_over_tests(log2_density: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sum of the known tests of each variant, shape (F, variants)."""
    return np.asarray(np.where(known, log2_density, 0.0) @ _SUBSETS.T.astype(np.float64))


def _on_scale(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Effects as they are compared: cd not below 0, correlations and shares in 0 to 1, bits on a signed log scale."""
    scaled = x.astype(np.float64, copy=True)
    scaled[:, _COLUMN["cd"]] = np.maximum(scaled[:, _COLUMN["cd"]], 0.0)
    scaled[:, _SHARES] = np.clip(scaled[:, _SHARES], 0.0, 1.0)
    bits = scaled[:, _BITS]
    scaled[:, _BITS] = np.clip(np.sign(bits) * np.log2(1 + np.abs(bits)), _FLOOR, _SATURATION)
    return scaled


def _errors(s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard errors with none as 0; bits carry none."""
    errors = np.nan_to_num(s, nan=0.0)
    errors[:, _BITS] = 0.0
    return errors


def _normal(x: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.exp(-0.5 * (x / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi)))


def _box(x: NDArray[np.float64], low: float, high: float, sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Uniform density on (low, high) with a normal error."""
    return np.asarray((ndtr((x - low) / sigma) - ndtr((x - high) / sigma)) / (high - low))


def _check_effects(x: NDArray[np.float64], s: NDArray[np.float64]) -> None:
    if x.ndim != 2 or x.shape[1] != len(TESTS) or x.shape != s.shape:
        message = f"effects and errors must be (families, {len(TESTS)}) alike, got {x.shape} and {s.shape}"
        raise InvalidInput(message)
    if np.isinf(x).any() or np.isinf(s).any() or (s < 0).any():
        message = "effects and errors must be finite or NaN, errors 0 or above"
        raise InvalidInput(message)
