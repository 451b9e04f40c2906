"""What a small run is expected to measure, with the width of its noise: a run that is worse beyond it has regressed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import orjson
from scipy.stats import t as student

from stillwatch.bench.scoreboard.results import OURS, Board, Outcome
from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData

__all__ = ["EXPECTATION_VERSION", "Expectation", "Expected", "Regression", "check_seeds"]

EXPECTATION_VERSION: Final = 1
_CONFIDENCE: Final = 0.99
_TOLERANCE: Final = 0.02
"""Least width for shares, where all seeds agree; half an account for counts, so that one is too many."""
_FEWEST_SEEDS: Final = 3


@dataclass(frozen=True, slots=True)
class Expected:
    """One measure over the seeds it was measured on.

    mean, standard_deviation    Over seeds.
    more_is_better              False for counts of false accounts.
    """

    mean: float
    standard_deviation: float
    n_seeds: int
    more_is_better: bool

    def limit(self, n_seeds: int) -> float:
        """Worst mean over so many new seeds that is still noise: end of the one-sided 99 % prediction interval.

        References  Hahn and Meeker (1991), Statistical Intervals, section 4.8.

        >>> round(Expected(0.9, 0.01, 6, more_is_better=True).limit(1), 3)
        0.864
        """
        spread = self.standard_deviation * math.sqrt(1 / n_seeds + 1 / self.n_seeds)
        least = _TOLERANCE if self.more_is_better else 0.5
        width = max(float(student.ppf(_CONFIDENCE, self.n_seeds - 1)) * spread, least)
        return self.mean - width if self.more_is_better else self.mean + width


@dataclass(frozen=True, slots=True)
class Regression:
    """A measure that is worse than noise explains."""

    measure: str
    value: float
    limit: float
    expected: float

    def __str__(self) -> str:
        """One line for a log.

        >>> print(Regression("campaigns recall_0", 0.5, 0.8, 0.9))
        campaigns recall_0 is 0.5, worse than 0.8, which noise around the expected 0.9 allows
        """
        return (
            f"{self.measure} is {self.value:.4g}, worse than {self.limit:.4g}, "
            f"which noise around the expected {self.expected:.4g} allows"
        )


@dataclass(frozen=True, slots=True)
class Expectation:
    """Expected measures of our detector, and what was run to get them."""

    run: Mapping[str, Any]
    measures: Mapping[str, Expected]

    @classmethod
    def of(cls, board: Board) -> Self:
        """Expectation from a run over several seeds.

        Raises  InvalidInput when there are fewer than three seeds, or steps failed.
        """
        check_seeds(board.setup.seeds)
        if board.failures:
            msg = f"an expectation needs a run without failed steps, got {len(board.failures)}"
            raise InvalidInput(msg)
        measures = {
            name: Expected(float(np.mean(v)), float(np.std(v, ddof=1)), len(v), not name.endswith("n_false"))
            for name, v in _measured(board).items()
        }
        return cls({**_run(board), "seeds": list(board.setup.seeds), "version": board.setup.version}, measures)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises  MissingData when there is none, IncompatibleVersion when it is of another layout or damaged.
        """
        if not path.is_file():
            msg = f"expectation {path} does not exist; write one with 'stillwatch bench --save-expectation'"
            raise MissingData(msg)
        try:
            content = orjson.loads(path.read_bytes())
            if content["format_version"] != EXPECTATION_VERSION:
                raise ValueError(content["format_version"])  # noqa: TRY301 (all that is wrong is told in one place)
            return cls(content["run"], {name: Expected(**entry) for name, entry in content["measures"].items()})
        except (ValueError, KeyError, TypeError) as wrong:
            msg = f"expectation {path} is of another version or damaged; write it again with --save-expectation"
            raise IncompatibleVersion(msg) from wrong

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            orjson.dumps(
                {"format_version": EXPECTATION_VERSION, **asdict(self)},
                option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE,
            )
        )

    def regressions(self, board: Board) -> list[Regression]:
        """Measures of a run that are worse than noise explains; a measure that is missing is one.

        Raises  InvalidInput when the run is not of the kind that was expected.
        """
        differ = [
            f"{name} {value} is not {self.run[name]}" for name, value in _run(board).items() if value != self.run[name]
        ]
        if differ:
            msg = f"this run cannot be held against the expectation: {'; '.join(differ)}"
            raise InvalidInput(msg)
        found = _measured(board)
        worse = []
        for name, expected in self.measures.items():
            values = found.get(name, [])
            mean = float(np.mean(values)) if values else math.nan
            limit = expected.limit(max(1, len(values)))
            good = mean >= limit if expected.more_is_better else mean <= limit
            if not good:
                worse.append(Regression(name, mean, limit, expected.mean))
        return worse


def check_seeds(seeds: Sequence[int]) -> None:
    """Refuse too few seeds for a width of noise, before hours of work.

    Raises  InvalidInput when there are fewer than three.
    """
    if len(seeds) < _FEWEST_SEEDS:
        msg = f"an expectation needs at least {_FEWEST_SEEDS} seeds, got {len(seeds)}"
        raise InvalidInput(msg)


def _run(board: Board) -> dict[str, Any]:
    """What two runs must have in common to be compared."""
    setup = board.setup
    return {
        "scale": setup.scale,
        "generator": setup.generator,
        "prompts": setup.prompts,
        "scenarios": list(setup.scenarios),
    }


def _measured(board: Board) -> dict[str, list[float]]:
    """Our measures by world and name, one value a seed; doses are not among them."""
    found: dict[str, list[float]] = {}
    for outcome in board.outcomes:
        if outcome.method == OURS and outcome.is_ok and outcome.world != "dose":
            for name, value in _values(outcome).items():
                found.setdefault(f"{outcome.world} {name}", []).append(value)
    return found


def _values(outcome: Outcome) -> dict[str, float]:
    values: dict[str, float] = {"n_false": outcome.n_false}
    if outcome.scenarios:
        values["found"] = _mean([row.found for row in outcome.scenarios])
        values["exchange_recall"] = outcome.n_right / outcome.n_planted
        values["exchange_precision"] = outcome.n_right / outcome.n_accused if outcome.n_accused else 0.0
        values["average_precision"] = outcome.average_precision
        values |= {f"recall_{rate}": recall for rate, recall in outcome.recall.items() if rate in {"0", "0.001"}}
    return values


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
