"""The report: noised counts, and what can be said from them alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from stillwatch.ledger.entry import Kind
from stillwatch.share.life.tombstones import Cause
from stillwatch.share.transparency.counts import SPANS, Counts, Period
from stillwatch.share.transparency.noise import Noise, most_noise
from stillwatch.signing.stamp import stamp
from stillwatch.stats.tails import clopper_pearson

__all__ = ["N_QUERIES", "Rate", "Report", "false_positive_rate", "median_span", "report_on"]

N_QUERIES: Final = 6
"""Sets of counts that share epsilon evenly."""
_UNSURE: Final = 0.05
_FEWEST: Final = 10
_FALSE: Final = (Cause.APPEAL, Cause.WITHDRAWN)
"""An originator need not say why it takes an indicator back: all that it does is counted as a mistake, which tells too
many rather than too few. What was merely deleted, expired or planted in a drill, is no mistake."""


class Rate(NamedTuple):
    """A rate with the ends of its interval of 95 %, noise and chance together; None: too little is known."""

    low: float
    estimate: float | None
    high: float


@dataclass(frozen=True, slots=True)
class Report:
    """What is published of a period; every number carries noise.

    epsilon         Spent on it: it covers one indicator with its publication, its revocation and one appeal.
    budget          Most that may be spent on any period.
    entries ...     As in `Counts`.
    false_positives Share of published indicators that their originators took back or that fell in an appeal.
    to_revoke, to_decide    Span with the median; None: too few to tell.
    """

    since: str
    until: str
    epsilon: float
    budget: float
    entries: Mapping[str, int]
    appeals: Mapping[str, int]
    revocations: Mapping[str, int]
    requests: Mapping[str, int]
    false_positives: Rate
    to_revoke: str | None
    to_decide: str | None

    def told(self) -> dict[str, Any]:
        """The report as JSON."""
        return {**asdict(self), "false_positives": self.false_positives._asdict()}


def report_on(counts: Counts, period: Period, epsilon: float, budget: float, noise: Noise) -> Report:
    """Report on a period.

    noise       Of scale `N_QUERIES` / epsilon; each set of counts gets its own.
    """
    told = {name: _noised(getattr(counts, name), noise) for name in counts.__slots__}
    false = sum(told["revocations"][cause.value] for cause in _FALSE)
    rate = false_positive_rate(false, told["entries"][Kind.PUBLISH.value], epsilon / N_QUERIES)
    return Report(
        since=stamp(period.since),
        until=stamp(period.until),
        epsilon=epsilon,
        budget=budget,
        entries=_shown(told["entries"]),
        appeals=_shown(told["appeals"]),
        revocations=_shown(told["revocations"]),
        requests=_shown(told["requests"]),
        false_positives=rate,
        to_revoke=median_span([told["to_revoke"][span] for span in SPANS]),
        to_decide=median_span([told["to_decide"][span] for span in SPANS]),
    )


def _noised(counts: Mapping[str, int], noise: Noise) -> dict[str, int]:
    return dict(zip(counts, noise(list(counts.values())), strict=True))


def _shown(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts as people expect them; noise below nothing is nothing."""
    return {name: max(count, 0) for name, count in counts.items()}


def false_positive_rate(false: int, published: int, epsilon: float) -> Rate:
    """Rate from two noised counts, the first the sum of two.

    The interval holds with 95 %: half of the error is left to the noise, by its largest size, half to chance, by the
    exact interval at the worst counts within the noise.

    epsilon     Of each count.

    >>> false_positive_rate(10, 1000, 10.0).estimate
    0.01
    """
    noise = most_noise(epsilon, _UNSURE / 6)
    low_n, high_n = max(published - noise, 0), max(published + noise, 0)
    low_f, high_f = max(false - 2 * noise, 0), max(false + 2 * noise, 0)
    confidence = 1 - _UNSURE / 2
    low = clopper_pearson(low_f, high_n, confidence)[0] if 0 < low_f <= high_n else 0.0
    high = clopper_pearson(high_f, low_n, confidence)[1] if high_f < low_n else 1.0
    estimate = min(max(false, 0) / published, 1.0) if published >= _FEWEST else None
    return Rate(low, estimate, high)


def median_span(counts: Sequence[int]) -> str | None:
    """Span in which the median of noised counts lies; None for fewer than 10.

    >>> median_span([0, 2, 20, 1, 0, 0, 0, 0, 0])
    '4 to 12 hours'
    """
    total = sum(counts)
    if total < _FEWEST:
        return None
    so_far, found = 0, 0
    for found, count in enumerate(counts):  # noqa: B007 - where it stops is the answer
        so_far += count
        if 2 * so_far >= total:
            break
    return SPANS[found]
