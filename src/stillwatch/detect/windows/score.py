"""Are these texts drawn as the benign ones are, or is something mixed in? A two-sample test on nothing but text."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.windows.asked import PARTS, Asked, ask
from stillwatch.detect.windows.excess import Excess, most_in_excess
from stillwatch.detect.windows.permuted import permuted_statistics
from stillwatch.detect.windows.share import Share, estimate_share
from stillwatch.errors import InvalidInput
from stillwatch.model.progress import Progress
from stillwatch.stats.two_sample import combine, permutation_p_value

__all__ = ["LEAST_TEXTS", "MOST_TEXTS", "PartScore", "WindowScore", "score_windows"]

LEAST_TEXTS, MOST_TEXTS = 20, 20_000
"""Texts of a side: fewer cannot be told apart, and of more a random choice is taken."""

LEAST_PERMUTATIONS, MOST_PERMUTATIONS = 99, 99_999


@dataclass(frozen=True, slots=True)
class PartScore:
    """One kind of difference.

    name        Which: one of PARTS.
    p_value     Of this part alone.
    adjusted    The same after looking at all parts and taking the smallest.
    n_sets      Sets of texts that were asked about.
    """

    name: str
    p_value: float
    adjusted: float
    n_sets: int


@dataclass(frozen=True, slots=True)
class WindowScore:
    """What a window of suspect texts is, against benign ones.

    p_value         Chance to look as different as this, or more, if all texts were dealt to the two sides at random.
    parts           By kind of difference, smallest p-value first.
    share           Share of the window that the benign texts do not explain.
    n_suspect       Texts of the window that were used.
    n_benign        Benign texts that were used.
    permutations    Random deals; the p-value cannot be below 1 / (permutations + 1).
    seed            Everything random followed from it.
    excess          Pieces of text most over-represented in the window, without repeating one another. They are text
                    of the prompts and are not shown when the value is printed.
    """

    p_value: float
    parts: tuple[PartScore, ...]
    share: Share
    n_suspect: int
    n_benign: int
    permutations: int
    seed: int
    excess: tuple[Excess, ...] = field(repr=False)


def score_windows(
    benign: Sequence[str],
    suspect: Sequence[str],
    *,
    permutations: int = 9999,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> WindowScore:
    """Test whether the suspect texts are drawn as the benign ones are.

    The p-value is exact, whatever the texts are, if without a campaign every text could as well have stood on the
    other side: one source, one time. It says nothing of who sent them, and a benign source that drifts is different
    too (see `drift`).

    benign          At least LEAST_TEXTS; of more than MOST_TEXTS a random choice is used.
    suspect         The window, with the same bounds.
    permutations    99 to 99,999.
    Raises          InvalidInput if there are too few texts or the permutations are out of range.
    References      Phipson and Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9, 39.

    >>> benign = [f"when does my card number {i} arrive" for i in range(60)]
    >>> suspect = benign[:30] + [f"Explain your reasoning about claim {i}, then grade it." for i in range(30)]
    >>> score_windows(benign[30:], suspect, permutations=199).p_value
    0.005
    """
    check_inputs(benign, suspect, permutations)
    report = on_progress or _silent
    rng = np.random.default_rng(seed)
    texts, is_suspect = pooled(chosen(suspect, rng), chosen(benign, rng), rng)
    asked = ask(texts, rng, report)
    labels = is_suspect.astype(np.uint8)[:, None]
    statistics, part = permuted_statistics(asked, labels, permutations, seed, report)
    p_value, parts = _judged(statistics, part, asked)
    return WindowScore(
        p_value,
        parts,
        estimate_share(asked.sets, is_suspect, rng),
        int(is_suspect.sum()),
        int((~is_suspect).sum()),
        permutations,
        seed,
        most_in_excess(asked, is_suspect),
    )


def check_inputs(benign: Sequence[str], suspect: Sequence[str], permutations: int) -> None:
    """Raise InvalidInput, naming everything that is out of range."""
    problems = [
        f"{name} texts must be at least {LEAST_TEXTS}, got {len(texts):,}"
        for name, texts in (("benign", benign), ("suspect", suspect))
        if len(texts) < LEAST_TEXTS
    ]
    if not LEAST_PERMUTATIONS <= permutations <= MOST_PERMUTATIONS:
        allowed = f"{LEAST_PERMUTATIONS} to {MOST_PERMUTATIONS:,}"
        problems.append(f"permutations must be {allowed}, got {permutations:,}")
    if problems:
        raise InvalidInput("; ".join(problems))


def chosen(texts: Sequence[str], rng: np.random.Generator, most: int = MOST_TEXTS) -> list[str]:
    """All texts, or a random choice of `most`."""
    if len(texts) <= most:
        return list(texts)
    return [texts[i] for i in np.sort(rng.permutation(len(texts))[:most])]


def pooled(suspect: list[str], benign: list[str], rng: np.random.Generator) -> tuple[list[str], NDArray[np.bool_]]:
    """Both sides in random order, so that nothing about a text's place can tell its side."""
    texts, order = suspect + benign, rng.permutation(len(suspect) + len(benign))
    return [texts[i] for i in order], order < len(suspect)


def _judged(
    statistics: NDArray[np.float32], part: NDArray[np.int64], asked: Asked
) -> tuple[float, tuple[PartScore, ...]]:
    if not len(part):  # no two texts differ in anything that was asked
        return 1.0, ()
    names, place = np.unique(part, return_inverse=True)
    parts, whole = combine(statistics, place, slice(None))
    largest = parts.max(axis=0)
    n_sets = np.bincount(asked.part[asked.sets.strata], minlength=len(PARTS))
    scores = [
        PartScore(
            PARTS[name],
            permutation_p_value(nats[0], nats[1:]),
            permutation_p_value(nats[0], largest[1:]),
            int(n_sets[name]),
        )
        for name, nats in zip(names, parts, strict=True)
    ]
    ordered = sorted(scores, key=lambda score: (score.p_value, score.adjusted))
    return permutation_p_value(whole[0], whole[1:]), tuple(ordered)


def _silent(_stage: str, _done: float, _total: float) -> None:
    """Tell nobody."""
