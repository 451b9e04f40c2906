"""Records of members: the posterior against its density, grades against what they promise, floods against one."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind, SourceGrade
from stillwatch.share.trust.posterior import HALF_LIFE, Audited, AuditOutcome, Posterior, posterior, source_grade

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BAND = (SignalKind.BAND,)
RIGHT, WRONG, OPEN = AuditOutcome.CONFIRMED, AuditOutcome.WRONG, AuditOutcome.NOT_JUDGED


def audited(
    operation: int, outcome: AuditOutcome = RIGHT, days_ago: float = 0.0, kind: SignalKind = SignalKind.BAND
) -> Audited:
    """An outcome of one operation."""
    return Audited(f"i{operation}", "m", kind, f"o{operation}", outcome, NOW - timedelta(days=days_ago))


OUTCOMES = st.lists(
    st.builds(audited, st.integers(0, 6), st.sampled_from(AuditOutcome), st.floats(0, 400)), max_size=20
)


@given(confirmed=st.floats(0, 60), wrong=st.floats(0, 60), p=st.sampled_from([0.05, 0.5, 0.95]))
def test_quantiles_are_those_of_the_density(confirmed: float, wrong: float, p: float) -> None:
    """The density, summed up on a fine grid in the angle that makes it smooth, reaches p at the quantile."""
    angle = (np.arange(200_000) + 0.5) / 200_000 * np.pi / 2
    log_density = 2 * confirmed * np.log(np.sin(angle)) + 2 * wrong * np.log(np.cos(angle))
    density = np.exp(log_density - log_density.max())
    below = density[np.sin(angle) ** 2 <= Posterior(confirmed, wrong).quantile(p)].sum() / density.sum()
    assert below == pytest.approx(p, abs=1e-3)


def test_a_new_member_is_not_known() -> None:
    """Without outcomes, and after those that came to no judgement, the grade is F."""
    assert source_grade(posterior([], BAND, NOW)) is SourceGrade.F
    undecided = [audited(i, OPEN) for i in range(50)]
    assert source_grade(posterior(undecided, BAND, NOW)) is SourceGrade.F


@pytest.mark.parametrize(
    ("confirmed", "wrong", "grade"),
    [(1, 0, "F"), (2, 1, "F"), (3, 0, "C"), (9, 0, "B"), (31, 0, "B"), (32, 0, "A"), (60, 4, "B"), (0, 3, "E")],
)
def test_grades_are_earned(confirmed: int, wrong: int, grade: str) -> None:
    """So many operations, so many of them wrong, give this grade."""
    outcomes = [audited(i) for i in range(confirmed)] + [audited(100 + i, WRONG) for i in range(wrong)]
    assert source_grade(posterior(outcomes, BAND, NOW)).value == grade


def test_bounds_hold_as_often_as_they_say() -> None:
    """Of members with a true reliability, one in twenty at most is graded above it (frequentist coverage)."""
    rng = np.random.default_rng(0)
    for reliability, n in ((0.79, 30), (0.93, 60), (0.49, 20)):
        confirmed = rng.binomial(n, reliability, 4_000)
        bounds = {k: Posterior(float(k), float(n - k)).quantile(0.05) for k in set(confirmed.tolist())}
        too_good = np.mean([bounds[k] > reliability for k in confirmed.tolist()])
        assert too_good < 0.075


@given(outcomes=OUTCOMES, more=st.integers(0, 6), times=st.integers(1, 30), outcome=st.sampled_from(AuditOutcome))
def test_a_flood_earns_nothing(outcomes: list[Audited], more: int, times: int, outcome: AuditOutcome) -> None:
    """Many outcomes of one operation weigh what one of them does."""
    one = posterior([*outcomes, audited(more, outcome)], BAND, NOW)
    flood = posterior([*outcomes, *[audited(more, outcome)] * times], BAND, NOW)
    assert one == flood


@given(outcomes=OUTCOMES, order=st.randoms(use_true_random=False))
def test_order_does_not_matter(outcomes: list[Audited], order: object) -> None:
    """The same outcomes in any order are the same record."""
    mixed = [*outcomes]
    order.shuffle(mixed)  # type: ignore[attr-defined]
    assert posterior(mixed, BAND, NOW) == posterior(outcomes, BAND, NOW)


@given(outcomes=OUTCOMES, operation=st.integers(0, 6))
def test_one_more_error_never_helps(outcomes: list[Audited], operation: int) -> None:
    """The bound that the grade rests on does not rise, whatever operation it is in."""
    before = posterior(outcomes, BAND, NOW)
    after = posterior([*outcomes, audited(operation, WRONG)], BAND, NOW)
    assert after.quantile(0.05) <= before.quantile(0.05) + 1e-12


def test_an_error_is_not_buried_in_its_operation() -> None:
    """A thousand confirmed signals of one operation do not make up for the wrong one among them."""
    outcomes = [audited(1, WRONG), *(audited(1) for _ in range(1000))]
    assert posterior(outcomes, BAND, NOW) == Posterior(0.0, 1.0)


def test_outcomes_are_forgotten_by_halves() -> None:
    """After a half-life an operation counts half; after years nothing can be told any more."""
    half = posterior([audited(1, days_ago=HALF_LIFE.days), audited(2, WRONG)], BAND, NOW)
    assert (half.confirmed, half.wrong) == (0.5, 1.0)
    old = [audited(i, days_ago=2000) for i in range(50)]
    assert source_grade(posterior(old, BAND, NOW)) is SourceGrade.F


def test_kinds_and_the_future_are_kept_apart() -> None:
    """A record of addresses says nothing of bands; what is dated after now does not count."""
    outcomes = [audited(i, kind=SignalKind.ADDRESS) for i in range(9)] + [audited(20, days_ago=-1)]
    assert posterior(outcomes, BAND, NOW).n == 0
    assert posterior(outcomes, (SignalKind.ADDRESS, SignalKind.BAND), NOW).n == 9


def test_a_quantile_needs_a_probability() -> None:
    """0 and 1 have none."""
    for p in (0.0, 1.0, -1.0):
        with pytest.raises(InvalidInput, match=r"p must be in \(0, 1\)"):
            Posterior(1.0, 1.0).quantile(p)


def test_the_mean_is_between_what_was_seen_and_a_coin() -> None:
    """Jeffreys' prior adds half an outcome to each side."""
    assert Posterior(0.0, 0.0).mean == 0.5
    assert Posterior(9.0, 0.0).mean == pytest.approx(0.95)
