"""A preview as it is kept: numbers alone, so that an activation can be held against it and nobody is named in it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from stillwatch.act.policy.previews import Preview
from stillwatch.act.preview.figures import Previewed
from stillwatch.errors import InvalidInput

__all__ = ["plain", "recorded"]

_KEPT: Final = ("traffic", "touched", "refused", "n_tenured", "touched_tenured", "rules", "guards", "doubt", "felt")
_BANDS: Final = ("verdict", "tenure", "verified level", "spend band", "region")
"""Breakdowns whose labels nobody chooses: names of models and programmes are free text."""


def recorded(found: Previewed, at: datetime) -> Preview:
    """What is recorded of a preview, for `record_preview`.

    Hard cases and campaigns, which name accounts and streams, are left out, and so are labels that clients choose.

    Raises      InvalidInput when it was of a stage: what counts is whom a policy touches rolled out to everybody.
    """
    if found.stage < 1.0:
        message = f"only a preview at 100 % is recorded, got {found.stage:.0%}; leave --stage or --by out"
        raise InvalidInput(message)
    whole = plain(found)
    figures = {name: whole[name] for name in _KEPT}
    figures["breakdowns"] = [one for one in whole["breakdowns"] if one["name"] in _BANDS]
    figures["campaigns"] = [{**one, "campaign_id": None} for one in whole["effects"][:1]]
    return Preview(found.version, found.start, found.end, found.digest, found.shares, figures, at)


def plain(value: Any) -> Any:  # noqa: ANN401 - any field
    """A preview, or a part of it, as JSON types.

    >>> plain(timedelta(hours=1)), plain((1, None))
    (3600.0, [1, None])
    """
    if hasattr(value, "__dataclass_fields__"):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key.value if isinstance(key, StrEnum) else key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value
