"""Indicators and tags for tests of trust, life and answers."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from stillwatch.model.indicator import (
    Behaviour,
    Confidence,
    Indicator,
    InformationGrade,
    SignalKind,
    SourceGrade,
    Tag,
    Technique,
    Tlp,
)

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NO_BEHAVIOUR = Behaviour({}, {})


def tag(number: int, kind: SignalKind = SignalKind.ADDRESS, epoch: int = 1) -> Tag:
    """A tag that is equal for equal numbers, spread over the whole range as real ones are."""
    return Tag(kind, epoch, f"{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}{number:048x}")


def tags_of(numbers: Iterable[int], kind: SignalKind = SignalKind.ADDRESS) -> frozenset[Tag]:
    """Tags of these numbers."""
    return frozenset(tag(number, kind) for number in numbers)


INDICATOR = Indicator(
    indicator_id="00000000-0000-4000-8000-000000000001",
    group_id="00000000-0000-4000-8000-0000000000aa",
    created=NOW,
    modified=NOW,
    valid_from=NOW,
    valid_until=NOW + timedelta(days=2),
    tlp=Tlp.AMBER,
    confidence=Confidence(SourceGrade.B, InformationGrade.THREE),
    techniques=(Technique.TEMPLATED_PROMPTS,),
    behaviour=NO_BEHAVIOUR,
    tags=tuple(tag(number) for number in range(5)),
)


def indicator(**changes: Any) -> Indicator:
    """One that is in order, but for what is changed."""
    return replace(INDICATOR, **changes)
