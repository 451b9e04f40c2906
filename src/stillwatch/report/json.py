"""campaigns.json: findings without their tables, and back, without loss."""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from stillwatch.errors import IncompatibleVersion
from stillwatch.model.campaign import Campaign
from stillwatch.model.findings import CAMPAIGNS_VERSION, FINDING_EXCHANGE, STREAM, Findings
from stillwatch.model.quarantine import QUARANTINE

__all__ = [
    "FORMAT",
    "NOT_WRITTEN",
    "OF_THE_RUN",
    "TABLES",
    "campaign_from_json",
    "campaign_to_json",
    "from_json",
    "run_to_json",
    "to_json",
]

FORMAT = "stillwatch-campaigns"

TABLES: Mapping[str, pa.Schema] = {"streams": STREAM, "exchanges": FINDING_EXCHANGE, "quarantine": QUARANTINE}
"""Fields of `Findings` that are Arrow tables: they go to Parquet files of the same name."""

OF_THE_RUN = ("stage_s", "calibration_age_days")
"""Fields of `Findings` that differ between two scans of the same logs: they go to run.json, so that campaigns.json is
the same to the byte on every machine and engine."""

NOT_WRITTEN = ("held",)
"""Fields of `Findings` that only serve what follows a scan in the same process."""

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""JSON has no such numbers; they are written as these strings, as protobuf's JSON mapping does."""


def to_json(findings: Findings) -> str:
    """Findings as JSON text, ASCII only so that no terminal can be tricked by it."""
    content = {"format": FORMAT, "format_version": CAMPAIGNS_VERSION}
    names = (f.name for f in fields(findings) if f.name not in {*TABLES, *OF_THE_RUN, *NOT_WRITTEN})
    content |= {name: _plain(getattr(findings, name)) for name in names}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def run_to_json(findings: Findings) -> str:
    """What is particular to this run of the scan, as JSON text."""
    return json.dumps({name: _plain(getattr(findings, name)) for name in OF_THE_RUN}, indent=1, allow_nan=False) + "\n"


def campaign_to_json(campaign: Campaign) -> str:
    """One campaign as JSON text, as it stands in campaigns.json."""
    return json.dumps(_plain(campaign), indent=1, allow_nan=False) + "\n"


def campaign_from_json(text: str, *, where: str = "campaigns.parquet") -> Campaign:
    """One campaign back from what `campaign_to_json` gave.

    Raises      IncompatibleVersion if the text is something else.
    """
    try:
        found = _typed_dataclass(json.loads(text), Campaign)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        msg = f"{where} does not follow version {CAMPAIGNS_VERSION} of its schema ({type(wrong).__name__}); scan again"
        raise IncompatibleVersion(msg) from wrong
    assert isinstance(found, Campaign)  # noqa: S101 - as it was asked for
    return found


def from_json(
    text: str, tables: Mapping[str, pa.Table] | None = None, *, run: str = "{}", where: str = "campaigns.json"
) -> Findings:
    """Findings back from JSON.

    tables      Their Arrow tables by name (`TABLES`); one that is missing is empty.
    run         What `run_to_json` gave; without it nothing is known of the run.
    where       Name of the file, for messages.
    Raises      IncompatibleVersion if the text is something else or was written by a version whose layout differs.
    """
    try:
        content = json.loads(text)
        _check_format(content, where)
        content |= json.loads(run)
        hints = get_type_hints(Findings)
        there = (f for f in fields(Findings) if f.name not in TABLES and (f.name in content or _is_needed(f)))
        values = {f.name: _typed(content[f.name], hints[f.name]) for f in there}
    except (KeyError, TypeError, ValueError) as wrong:
        if isinstance(wrong, IncompatibleVersion):
            raise
        msg = f"{where} does not follow version {CAMPAIGNS_VERSION} of its schema ({type(wrong).__name__}); scan again"
        raise IncompatibleVersion(msg) from wrong
    found = tables or {}
    return Findings(**values, **{name: found.get(name, schema.empty_table()) for name, schema in TABLES.items()})


def _is_needed(field: Field[Any]) -> bool:
    """Whether a field has no default: one that was added later has, so that older findings can still be read."""
    return field.default is MISSING and field.default_factory is MISSING


def _check_format(content: Any, where: str) -> None:  # noqa: ANN401 (whatever the file holds)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        msg = f"{where} is not a {FORMAT} file; scan again"
        raise IncompatibleVersion(msg)
    if content.get("format_version") != CAMPAIGNS_VERSION:
        found = content.get("format_version")
        msg = f"{where} has format version {found!r}, this version reads {CAMPAIGNS_VERSION}; scan again"
        raise IncompatibleVersion(msg)


def _plain(value: Any) -> Any:  # noqa: ANN401 (any field of a dataclass)
    """Value as JSON types."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:  # noqa: ANN401 (any scalar)
    if isinstance(value, float):
        return value if math.isfinite(value) else next(k for k, v in _NOT_FINITE.items() if str(v) == str(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, StrEnum):
        return value.value
    return value


def _typed(value: Any, hint: Any) -> Any:  # noqa: ANN401 (any field of a dataclass)
    """JSON value as the type that `hint` names."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if value is None else _typed(value, next(i for i in inner if i is not NoneType))
    if origin is tuple:
        each = (inner[0],) * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_typed(item, kind) for item, kind in zip(value, each, strict=True))
    if origin is Mapping:
        return {key: _typed(item, inner[1]) for key, item in value.items()}
    if is_dataclass(hint):
        return _typed_dataclass(value, hint)
    return _typed_scalar(value, hint)


def _typed_dataclass(value: Mapping[str, Any], hint: Any) -> Any:  # noqa: ANN401 (any dataclass)
    hints = get_type_hints(hint)
    there = (f for f in fields(hint) if f.name in value or _is_needed(f))
    return hint(**{f.name: _typed(value[f.name], hints[f.name]) for f in there})


def _typed_scalar(value: Any, hint: Any) -> Any:  # noqa: ANN401 (any scalar)
    if hint is float:
        return _NOT_FINITE[value] if isinstance(value, str) else float(value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    if type(value) is not hint:
        msg = f"expected {hint.__name__}, got {type(value).__name__}"
        raise TypeError(msg)
    return value
