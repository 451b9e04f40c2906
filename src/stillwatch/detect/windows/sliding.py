"""Many windows of one long file, each with its own p-value and one that allows for how many there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stillwatch.detect.windows.score import WindowScore, score_windows
from stillwatch.errors import InvalidInput
from stillwatch.model.progress import Progress
from stillwatch.stats.tails import benjamini_hochberg
from stillwatch.stats.two_sample import holm

__all__ = ["MOST_WINDOWS", "Window", "adjusted", "score_each", "spans_of"]

MOST_WINDOWS = 1000


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of the suspect texts.

    first       Place of its first text among the suspect ones, from 1.
    last        Place of its last.
    score       What it is by itself.
    holm        P-value adjusted for all windows: one below the level is a false alarm with at most that chance.
    is_found    By Benjamini and Hochberg at the level: the share of false ones among those found is at most it on
                average, for windows that do not overlap.
    """

    first: int
    last: int
    score: WindowScore
    holm: float
    is_found: bool


def spans_of(n_texts: int, window: int, step: int) -> list[tuple[int, int]]:
    """First and past-the-end place of every window; the last one ends with the texts.

    Raises  InvalidInput if the window or the step is below 1, or there would be more than MOST_WINDOWS.

    >>> spans_of(7, 3, 3)
    [(0, 3), (3, 6), (4, 7)]
    """
    if window < 1 or step < 1:
        message = f"window and step must be at least 1, got {window} and {step}"
        raise InvalidInput(message)
    last = max(n_texts - window, 0)
    firsts = [*range(0, last, step), last]
    if len(firsts) > MOST_WINDOWS:
        message = f"windows must be at most {MOST_WINDOWS:,}, got {len(firsts):,}: take a longer step"
        raise InvalidInput(message)
    return [(first, min(first + window, n_texts)) for first in firsts]


def score_each(
    benign: Sequence[str],
    suspect: Sequence[str],
    spans: Sequence[tuple[int, int]],
    *,
    permutations: int = 9999,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> Iterator[WindowScore]:
    """Scores of windows against the same benign texts, in order.

    spans       As `spans_of` gives them.
    Raises      InvalidInput as `score_windows` does.
    """
    for done, (first, last) in enumerate(spans):
        if len(spans) > 1 and on_progress:
            on_progress("score windows", done, len(spans))
        inner = on_progress if len(spans) == 1 else None
        yield score_windows(benign, suspect[first:last], permutations=permutations, seed=seed + done, on_progress=inner)


def adjusted(spans: Sequence[tuple[int, int]], scores: Sequence[WindowScore], level: float) -> tuple[Window, ...]:
    """Windows with what allows for how many there are.

    level       For `is_found`, in (0, 1].
    """
    p_values = np.array([score.p_value for score in scores])
    each = zip(spans, scores, holm(p_values), benjamini_hochberg(p_values, level), strict=True)
    return tuple(Window(a + 1, b, score, float(p), bool(is_found)) for (a, b), score, p, is_found in each)
