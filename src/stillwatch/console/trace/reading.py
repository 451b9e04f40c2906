"""A report on a suspect, read back from the JSON that anybody may have put there: all of it fits, or none is shown."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from itertools import pairwise
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from stillwatch.errors import IncompatibleVersion, InvalidInput, StillwatchError, UnreadableSource
from stillwatch.model.trace_report import NullRun, TraceReport
from stillwatch.report.traced.json import FORMAT_VERSION
from stillwatch.signing.stamp import time_of

__all__ = ["MOST_BYTES", "report_of"]

MOST_BYTES: Final = 16 << 20
_FORMAT: Final = "stillwatch-trace-report"
_MOST_TEXT: Final = 10_000
_MOST_MEMBERS: Final = 5_000
_MOST_COUNT: Final = 10**15
_LEAST_ALPHA: Final = 1e-300


def report_of(data: bytes) -> TraceReport:
    """The report.

    data        What `stillwatch trace ... --out` wrote as report.json.
    Raises      UnreadableSource for what is no report, or damaged; IncompatibleVersion for one of a later version. The
                message holds nothing of it.
    """
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = "it is no JSON, or damaged"
        raise UnreadableSource(message) from error
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        message = "it is no report of stillwatch trace"
        raise UnreadableSource(message)
    if told.get("format_version") != FORMAT_VERSION:
        message = f"it is a report of another version; this program reads {FORMAT_VERSION}"
        raise IncompatibleVersion(message)
    try:
        return _checked(_built(TraceReport, _as_fields(told)))
    except (KeyError, TypeError, ValueError, OverflowError, StillwatchError) as error:
        message = "something in it has not the form of a report: it is damaged"
        raise UnreadableSource(message) from error


def _as_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    """Members under the names that the fields have."""
    counts = [[one["name"], one["count"]] for one in told["counts"]]
    return {**told, "suspect": told["kind"], "counts": counts}


def _checked(report: TraceReport) -> TraceReport:
    """The report, when it can be drawn.

    Raises      InvalidInput when it cannot.
    """
    ranks = [one.rank for one in report.ranked]
    holds = (
        _LEAST_ALPHA <= report.alpha < 1,
        all(1 <= rank <= report.n_tests for rank in ranks),
        all(a < b for a, b in pairwise(ranks)),
        all(one.log_p <= 0 for one in report.ranked),
        all(_is_drawable(one) for one in report.null_runs),
        all(_are_finite((one.value, one.low, one.high, one.confidence)) for one in report.intervals),
    )
    if not all(holds):
        message = "its numbers do not fit together"
        raise InvalidInput(message)
    return report


def _is_drawable(run: NullRun) -> bool:
    return bool(run.values) and _are_finite((*run.values, run.observed))


def _are_finite(values: Sequence[float]) -> bool:
    return all(map(math.isfinite, values)) and max(map(abs, values)) < 1e100


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind)}


def _built(kind: Any, told: Any) -> Any:  # noqa: ANN401 - any field's type
    """A value of that type.

    Raises      KeyError, TypeError, ValueError or StillwatchError when it is none.
    """
    if get_origin(kind) is tuple:
        return _sequence(get_args(kind), told)
    if isinstance(kind, type) and is_dataclass(kind):
        if not isinstance(told, dict):
            raise TypeError
        return kind(**{name: _built(hint, told[name]) for name, hint in _hints(kind).items()})
    if NoneType in get_args(kind):
        return None if told is None else _built(get_args(kind)[0], told)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(told)
    return _plain(kind, told)


def _sequence(kinds: tuple[Any, ...], told: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as above
    if not isinstance(told, list) or len(told) > _MOST_MEMBERS:
        raise TypeError
    if kinds == (float, Ellipsis) and set(map(type, told)) <= {float}:
        return tuple(told)
    if kinds[-1] is Ellipsis:
        return tuple(_built(kinds[0], one) for one in told)
    return tuple(_built(kind, one) for kind, one in zip(kinds, told, strict=True))


def _plain(kind: Any, told: Any) -> Any:  # noqa: ANN401 - as above
    if kind is datetime and isinstance(told, str):
        return time_of(told)
    if kind is str and isinstance(told, str) and len(told) <= _MOST_TEXT:
        return told
    if kind is int and type(told) is int and 0 <= told <= _MOST_COUNT:
        return told
    if kind is float and type(told) in {int, float}:
        return float(told)
    raise TypeError
