"""What the scoreboard measures: functions on arrays of scores and counts, and who is an attacker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from stillwatch.bench.score import MIN_COVERAGE, MIN_PURITY
from stillwatch.errors import InvalidInput, MissingData

__all__ = [
    "FALSE_RATES",
    "Found",
    "account_truth",
    "average_precision",
    "bootstrap_over_seeds",
    "clustered_interval",
    "found_campaigns",
    "recall_at",
    "threshold_at",
]

FALSE_RATES: Final = (0.0, 1e-5, 1e-4, 1e-3)
"""Shares of legitimate accounts that may be accused, at which account recall is reported."""

T = TypeVar("T")


def account_truth(folder: Path, account_id: pa.StringArray) -> NDArray[np.bool_]:
    """True for accounts that a campaign's operator has, whatever else they carry; aligned with `account_id`.

    Raises  MissingData when the folder has no truth.
    """
    path = folder / "truth" / "accounts.parquet"
    if not path.is_file():
        msg = f"{path} does not exist; run 'stillwatch simulate' first"
        raise MissingData(msg)
    truth = pq.read_table(path, columns=["account_id", "campaign"])
    planted = truth.filter(pc.is_valid(truth["campaign"]))["account_id"].combine_chunks()
    return np.asarray(pc.is_in(account_id, value_set=planted).to_numpy(zero_copy_only=False), np.bool_)


def threshold_at(legitimate: ArrayLike, false_rate: float, n_legitimate: int | None = None) -> float:
    """Score that an accused account must exceed so that at most this share of legitimate accounts is accused.

    Accounts tied with the first one too many are not accused. -inf when every account that has a score may be.

    legitimate      Scores of legitimate accounts, or of the highest of them; -inf is never accused.
    false_rate      0 to 1; 0 allows none.
    n_legitimate    All legitimate accounts, when `legitimate` holds only the highest.
    Raises          InvalidInput if the rate is out of range, or if too few scores were kept for it.

    >>> threshold_at([1.0, 5.0, 3.0], 0.0), threshold_at([1.0, 5.0, 3.0], 0.4)
    (5.0, 3.0)
    """
    scores = np.asarray(legitimate, np.float64)
    n = len(scores) if n_legitimate is None else n_legitimate
    if not 0 <= false_rate <= 1:
        msg = f"false_rate must be in [0, 1], got {false_rate}"
        raise InvalidInput(msg)
    allowed = int(np.floor(false_rate * n * (1 + 1e-12)))
    if allowed >= n:
        return -np.inf
    if allowed >= len(scores):
        msg = f"{allowed} false accounts are allowed, but only {len(scores)} scores of {n} were kept"
        raise InvalidInput(msg)
    return float(np.partition(scores, len(scores) - 1 - allowed)[len(scores) - 1 - allowed])


def recall_at(attack: ArrayLike, legitimate: ArrayLike, false_rate: float, n_legitimate: int | None = None) -> float:
    """Share of attackers' accounts above `threshold_at`; NaN without attackers.

    >>> recall_at([4.0, 6.0, 5.0], [1.0, 5.0, 3.0], 0.0)
    0.3333333333333333
    """
    scores = np.asarray(attack, np.float64)
    if not len(scores):
        return float("nan")
    return float(np.mean(scores > threshold_at(legitimate, false_rate, n_legitimate)))


def average_precision(attack: ArrayLike, legitimate: ArrayLike) -> float:
    """Precision averaged over the recall that each threshold adds; ties count as one threshold.

    Accounts with -inf are never accused: what they would add is lost. NaN without attackers.

    References  Manning, Raghavan and Schuetze (2008), Introduction to Information Retrieval, section 8.4.

    >>> average_precision([3.0, 1.0], [2.0])
    0.8333333333333333
    """
    bad, good = np.asarray(attack, np.float64), np.asarray(legitimate, np.float64)
    if not len(bad):
        return float("nan")
    scores = np.concatenate([bad, good])
    is_attack = np.arange(len(scores)) < len(bad)
    judged = scores > -np.inf
    scores, is_attack = scores[judged], is_attack[judged]
    if not len(scores):
        return 0.0
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    hits = np.cumsum(is_attack[order])[last_of_tie]
    precision = hits / (last_of_tie + 1)
    return float(np.sum(np.diff(hits, prepend=0) * precision) / len(bad))


@dataclass(frozen=True, slots=True)
class Found:
    """How planted campaigns were found, one entry each.

    coverage    Largest share of its exchanges in one reported campaign, 0 to 1.
    purity      Share of that reported campaign's exchanges that are its own; 0 when nothing was reported.
    best        Place of that reported campaign, -1 when none holds any of it.
    """

    coverage: NDArray[np.float64]
    purity: NDArray[np.float64]
    best: NDArray[np.int64]

    @property
    def is_found(self) -> NDArray[np.bool_]:
        """Coverage of one half or more at a purity of nine tenths or more."""
        return (self.coverage >= MIN_COVERAGE) & (self.purity >= MIN_PURITY)


def found_campaigns(held: ArrayLike, planted_size: ArrayLike, reported_size: ArrayLike) -> Found:
    """Hold planted campaigns against reported ones.

    held            Exchanges of planted campaign i in reported campaign j. Shape (planted, reported).
    planted_size    All exchanges of each planted campaign, at least 1.
    reported_size   All exchanges of each reported campaign, legitimate ones too.
    """
    counts = np.asarray(held, np.int64)
    planted, reported = np.asarray(planted_size, np.float64), np.asarray(reported_size, np.float64)
    if counts.shape[1] == 0:
        return Found(np.zeros(len(planted)), np.zeros(len(planted)), np.full(len(planted), -1))
    best = counts.argmax(axis=1)
    most = counts[np.arange(len(planted)), best]
    purity = np.divide(most, reported[best], out=np.zeros(len(planted)), where=most > 0)
    return Found(most / planted, purity, np.where(most > 0, best, -1))


def clustered_interval(
    false_by_unit: ArrayLike, n_by_unit: ArrayLike, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Rate of falsely accused accounts with an exact interval that knows that accounts of one unit fall together.

    Clopper-Pearson on the effective number of accounts n / d. The design effect d is the variance of the ratio estimate
    over units, divided by the binomial one, and at least 1. Without a false account nothing can be estimated: there d
    is the one of units that are accused whole or not at all, which is the widest.

    false_by_unit, n_by_unit    Falsely accused and all legitimate accounts of each unit (family or organisation).
    Returns         Rate, lower and upper end, 0 to 1; all NaN without accounts.
    References      Korn and Graubard (1998), Survey Methodology 24, 193-201; Kish (1965), Survey Sampling, section 5.4.

    >>> [round(v, 4) for v in clustered_interval([0, 0, 0], [100, 100, 100])]
    [0.0, 0.0, 0.7076]
    """
    false, n = np.asarray(false_by_unit, np.float64), np.asarray(n_by_unit, np.float64)
    total, hits = n.sum(), false.sum()
    if total == 0:
        return (float("nan"),) * 3
    rate = float(hits / total)
    effective = total / _design_effect(false, n)
    x = rate * effective
    outside = (1 - confidence) / 2
    low = float(betaincinv(x, effective - x + 1, outside)) if x > 0 else 0.0
    high = float(betaincinv(x + 1, effective - x, 1 - outside)) if x < effective else 1.0
    return rate, low, high


def _design_effect(false: NDArray[np.float64], n: NDArray[np.float64]) -> float:
    total, units = n.sum(), int((n > 0).sum())
    rate = false.sum() / total
    whole = float((n**2).sum() / total)
    if rate in {0.0, 1.0} or units < 2:
        return max(1.0, whole)
    variance = units / (units - 1) * ((false - rate * n) ** 2).sum() / total**2
    return max(1.0, float(variance / (rate * (1 - rate) / total)))


def bootstrap_over_seeds(
    statistic: Callable[[Sequence[T]], ArrayLike], parts: Sequence[T], *, n: int = 1000, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Statistic of all parts, with the ends of its 95 % interval when parts (seeds) are drawn with replacement.

    statistic   Takes parts, gives a number or a row of numbers.
    parts       One part a seed; a single one gives an interval of NaN.
    n           Draws.
    Returns     Value, lower and upper end, each of the statistic's shape.
    References  Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.

    >>> value, low, high = bootstrap_over_seeds(lambda p: sum(p) / len(p), [1.0, 2.0, 3.0, 4.0])
    >>> float(value), float(low) < 2.5 < float(high)
    (2.5, True)
    """
    value = np.asarray(statistic(parts), np.float64)
    if len(parts) < 2:
        unknown = np.full(value.shape, np.nan)
        return value, unknown, unknown
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, len(parts), (n, len(parts)))
    draws = np.array([statistic([parts[i] for i in row]) for row in chosen.tolist()], np.float64)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    return value, np.asarray(low), np.asarray(high)
