"""What stands behind the pictures of a report, as tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa

from stillwatch.model.trace_report import NullRun, TraceReport
from stillwatch.report.traced.words import p_value

__all__ = ["TABLES", "Short", "decoys_in_short"]


@dataclass(frozen=True, slots=True)
class Short:
    """Values under keys that were never used, in five numbers; and the real one."""

    least: float
    quarter: float
    median: float
    three_quarters: float
    most: float
    observed: float
    n: int
    n_at_or_above: int


def decoys_in_short(run: NullRun) -> Short:
    """The same as its picture, in numbers.

    >>> decoys_in_short(NullRun("c", (1.0, 2.0, 3.0, 4.0, 5.0), 4.5, 0.0)).n_at_or_above
    1
    """
    values = np.asarray(run.values)
    least, quarter, median, three, most = (float(x) for x in np.quantile(values, [0, 0.25, 0.5, 0.75, 1]))
    n_above = int((values >= run.observed).sum())
    return Short(least, quarter, median, three, most, run.observed, len(values), n_above)


def _ranks(report: TraceReport) -> pa.Table:
    ranks = np.array([one.rank for one in report.ranked], np.int64)
    log_p = np.array([one.log_p for one in report.ranked], np.float64)
    chance = (ranks - 0.5) / max(report.n_tests, 1)
    spelled = [p_value(one) for one in log_p.tolist()]
    return pa.table({"rank": ranks, "p_value": spelled, "log_p": log_p, "p_value_by_chance": chance})


def _decoys(report: TraceReport) -> pa.Table:
    rows = [(run.about, value, False) for run in report.null_runs for value in run.values]
    rows += [(run.about, run.observed, True) for run in report.null_runs]
    about, value, is_real = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "about": pa.array(about, pa.string()),
            "statistic": pa.array(value, pa.float64()),
            "is_real_key": pa.array(is_real, pa.bool_()),
        }
    )


def _estimates(report: TraceReport) -> pa.Table:
    rows = report.intervals
    texts = {name: pa.array([getattr(one, name) for one in rows], pa.string()) for name in ("name", "assumes")}
    numbers = ("value", "low", "high", "confidence")
    return pa.table(texts | {n: pa.array([getattr(one, n) for one in rows], pa.float64()) for n in numbers})


def _tests(report: TraceReport) -> pa.Table:
    rows = report.tests
    texts = {name: pa.array([getattr(one, name) for one in rows], pa.string()) for name in ("about", "statistic")}
    numbers = ("observed", "expected", "spread", "log_p", "log_p_adjusted")
    told = texts | {n: pa.array([getattr(one, n) for one in rows], pa.float64()) for n in numbers}
    counts = pa.array([one.count for one in rows], pa.int64())
    return pa.table(told | {"contexts": counts, "p_value": pa.array([p_value(o.log_p) for o in rows], pa.string())})


TABLES: Final[Mapping[str, Callable[[TraceReport], pa.Table]]] = MappingProxyType(
    {"ranks": _ranks, "decoys": _decoys, "estimates": _estimates, "tests": _tests}
)
