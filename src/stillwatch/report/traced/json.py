"""A report on a suspect as JSON: every figure, and each p-value as text too, since a small one is no float."""

from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any, Final

from stillwatch.model.trace_report import TraceReport
from stillwatch.report.traced.words import p_value
from stillwatch.signing.stamp import stamp

__all__ = ["FORMAT_VERSION", "to_json"]

FORMAT_VERSION: Final = 1


def to_json(report: TraceReport) -> dict[str, Any]:
    """The report as plain JSON values; ``kind`` is the suspect's."""
    told = {name: _plain(value) for name, value in asdict(report).items() if name not in {"suspect", "counts"}}
    return {
        "format": "stillwatch-trace-report",
        "format_version": FORMAT_VERSION,
        "kind": report.suspect.value,
        "counts": [{"name": name, "count": count} for name, count in report.counts],
        **told,
    }


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        plain = {str(name): _plain(one) for name, one in value.items()}
        spelled = {f"{name[4:]}": p_value(value[name]) for name in ("log_p", "log_p_adjusted") if name in value}
        return plain | spelled
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return stamp(value)
    return value.value if isinstance(value, Enum) else value
