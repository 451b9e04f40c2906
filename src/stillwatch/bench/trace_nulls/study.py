"""How often a test is wrong on innocent texts, with exact intervals, and how its p-values lie against uniform."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.stats.tails import clopper_pearson

__all__ = ["LEVELS", "Row", "Setting", "null_study", "table"]

Tokens = NDArray[np.int64]
LEVELS: Final = (1e-2, 1e-3, 1e-4)
CONFIDENCE: Final = 0.999
"""Of each interval: a study has some hundred, of which none should miss by chance."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One test under study.

    log_p       Natural log of its p-value on one innocent text, under a key that the number names.
    """

    name: str
    log_p: Callable[[Tokens, int], float]


@dataclass(frozen=True, slots=True)
class Row:
    """One test on one kind of text.

    log_p       Of each text, shape (texts,).
    """

    setting: str
    kind: str
    log_p: NDArray[np.float64]

    def rate(self, level: float) -> float:
        """Share of innocent texts with p at or below a level."""
        return float((self.log_p <= np.log(level)).mean())

    def interval(self, level: float) -> tuple[float, float]:
        """Exact interval of that rate."""
        return clopper_pearson(int((self.log_p <= np.log(level)).sum()), len(self.log_p), CONFIDENCE)

    @property
    def is_kept(self) -> bool:
        """Whether no level is below its interval: a discrete test may be wrong less often than it says, not more."""
        return all(self.interval(level)[0] <= level for level in LEVELS)


def null_study(
    settings: Iterable[Setting], texts: Mapping[str, Sequence[Tokens]], n_texts: int, first_key: int = 0
) -> list[Row]:
    """Each test on each kind. Every text has a key of its own, so that texts used again are new draws.

    n_texts     Draws by setting and kind.
    """
    rows = []
    for setting, (kind, of_kind) in itertools.product(settings, texts.items()):
        drawn = itertools.islice(itertools.cycle(of_kind), n_texts)
        found = (setting.log_p(tokens, first_key + i) for i, tokens in enumerate(drawn))
        rows.append(Row(setting.name, kind, np.fromiter(found, np.float64, n_texts)))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The study as Markdown: rates with their intervals; a rate above its promise is marked."""
    heads = ["test", "texts", "drawn", *(f"P(p <= {level:g})" for level in LEVELS)]
    lines = ["| " + " | ".join(heads) + " |", "| --- | --- | ---: |" + " ---: |" * len(LEVELS)]
    for row in rows:
        cells = [_cell(row, level) for level in LEVELS]
        lines.append("| " + " | ".join([row.setting, row.kind, f"{len(row.log_p):,}", *cells]) + " |")
    return "\n".join(lines)


def _cell(row: Row, level: float) -> str:
    low, high = row.interval(level)
    told = f"{row.rate(level):.2g} ({low:.1g} to {high:.2g})"
    return f"**{told}**" if low > level else told
