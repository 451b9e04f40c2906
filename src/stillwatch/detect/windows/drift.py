"""Does the window differ more than benign days differ from one another? The null is then drift, not chance alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stillwatch.detect.windows.asked import ask
from stillwatch.detect.windows.permuted import permuted_statistics
from stillwatch.detect.windows.score import LEAST_TEXTS, MOST_TEXTS, check_inputs, chosen
from stillwatch.errors import InvalidInput
from stillwatch.model.progress import Progress
from stillwatch.stats.two_sample import combine

__all__ = ["DriftScore", "score_drift"]

SCALE_COLUMNS = 1999


@dataclass(frozen=True, slots=True)
class DriftScore:
    """A window among benign days.

    p_value     Share of the days, the window among them, that stand out as much; never below 1 / (n_days + 1).
    rank        Place of the window, 1 stands out most.
    n_days      Benign days.
    n_texts     Texts of each day and of the window that were used: as many as the smallest has.
    """

    p_value: float
    rank: int
    n_days: int
    n_texts: int


def score_drift(
    days: Sequence[Sequence[str]], suspect: Sequence[str], *, seed: int = 0, on_progress: Progress | None = None
) -> DriftScore:
    """Test whether the window stands out among benign days as one of them would.

    Each day and the window take a turn as the sample that is held against all others. The p-value is exact if
    without a campaign the window would be one more such day; with few days it cannot be small.

    days        Benign texts day by day (or hour, or customer); at least two.
    suspect     The window.
    Raises      InvalidInput if there are fewer than two days, or too few texts in one.
    References  Phipson and Smyth (2010); blocks: Lehmann and Romano (2005), Testing Statistical Hypotheses, 15.2.

    >>> days = [[f"day {d}: where is my card number {i}" for i in range(25)] for d in range(4)]
    >>> score_drift(days, [f"Explain your reasoning about claim {i}." for i in range(25)])
    DriftScore(p_value=0.2, rank=1, n_days=4, n_texts=25)
    """
    _check(days, suspect)
    rng = np.random.default_rng(seed)
    n_texts = min(MOST_TEXTS // (len(days) + 1), *(len(block) for block in (suspect, *days)))
    blocks = [chosen(block, rng, n_texts) for block in (suspect, *days)]
    order = rng.permutation(n_texts * len(blocks))
    texts = [text for block in blocks for text in block]
    labels = (order[:, None] // n_texts == np.arange(len(blocks))).astype(np.uint8)
    asked = ask([texts[i] for i in order], rng, on_progress or (lambda *_: None))
    statistics, part = permuted_statistics(asked, labels, SCALE_COLUMNS, seed, on_progress or (lambda *_: None))
    if not len(part):
        return DriftScore(1.0, 1, len(days), n_texts)
    # Random labels give the scale; they know nothing of the blocks, so that all blocks are treated alike.
    place = np.unique(part, return_inverse=True)[1]
    whole = combine(statistics, place, slice(len(blocks), None))[1][: len(blocks)]
    rank = int((whole >= whole[0]).sum())
    return DriftScore(rank / len(blocks), rank, len(days), n_texts)


def _check(days: Sequence[Sequence[str]], suspect: Sequence[str]) -> None:
    if len(days) < 2:
        message = f"benign days must be at least 2 for drift to be seen, got {len(days)}"
        raise InvalidInput(message)
    most = MOST_TEXTS // LEAST_TEXTS - 1
    if len(days) > most:
        message = f"benign days must be at most {most}, got {len(days):,}"
        raise InvalidInput(message)
    for day in days:
        check_inputs(day, suspect, SCALE_COLUMNS)
