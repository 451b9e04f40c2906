"""Tell the others of a campaign: values to tags, tags and buckets to a bundle, and that through the guard."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import (
    Confidence,
    Indicator,
    InformationGrade,
    SignalKind,
    SourceGrade,
    Tag,
    Tlp,
)
from stillwatch.share.life.decay import LIVES
from stillwatch.share.node.describe import behaviour_of, techniques_of, values_of
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.memory import is_of_kind, shared_values
from stillwatch.share.tags.block import TagBlock
from stillwatch.share.warnings.lists import WarningLists

__all__ = ["Telling", "indicator_of", "renewed"]

_MOST_DAYS: Final = 30
_MILLISECOND_US: Final = 1000

Tagged = Callable[[SignalKind, Sequence[str]], TagBlock]


@dataclass(frozen=True, slots=True)
class Telling:
    """How a campaign is told.

    group_id    UUID of the operation; None makes a new one.
    quiet_h     Advice not to act visibly for so many hours, at most 72; 0 is no advice.
    days        How long it may be used, at most 30 and no longer than its signals live.
    """

    tlp: Tlp = Tlp.AMBER
    days: int = 14
    quiet_h: int = 0
    group_id: str | None = None


def indicator_of(
    index: LocalIndex, campaign_id: str, tagged: Tagged, lists: WarningLists, now: datetime, how: Telling | None = None
) -> Indicator:
    """Indicator of a campaign of the member's own; values on warning lists are not told.

    tagged      Values of a kind to tags, in their order.
    Raises      MissingData when the index has no such campaign; InvalidInput when it is no harvest: what a member does
                not accuse itself it does not point others at.
    """
    if campaign_id not in index.acts:
        message = f"the index has no campaign {campaign_id}; it has {', '.join(sorted(index.acts)) or 'none'}"
        raise MissingData(message)
    if index.acts[campaign_id]["verdict"] != Verdict.HARVEST.value:
        message = f"only a harvest is told to others, {campaign_id} is called {index.acts[campaign_id]['verdict']}"
        raise InvalidInput(message)
    chosen, values = how or Telling(), values_of(index, campaign_id)
    tags: list[Tag] = []
    for kind, all_of_kind in values.items():
        found = [value for value in all_of_kind if is_of_kind(kind, value)]
        told = [v for v, shared in zip(found, shared_values(kind, found, lists), strict=True) if not shared]
        tags += tagged(kind, told).tags() if told else ()
    at = now.replace(microsecond=now.microsecond // _MILLISECOND_US * _MILLISECOND_US)
    longest = max((LIVES[tag.kind].expiry for tag in tags), default=LIVES[SignalKind.BAND].expiry)
    return Indicator(
        indicator_id=str(uuid.uuid4()),
        group_id=chosen.group_id or str(uuid.uuid4()),
        created=at,
        modified=at,
        valid_from=at,
        valid_until=at + min(timedelta(days=min(chosen.days, _MOST_DAYS)), longest),
        tlp=chosen.tlp,
        confidence=Confidence(SourceGrade.F, InformationGrade.SIX),
        techniques=techniques_of(index, campaign_id, values),
        behaviour=behaviour_of(index.acts[campaign_id]),
        tags=tuple(tags),
        quiet_until=at + timedelta(hours=chosen.quiet_h) if chosen.quiet_h else None,
    )


def renewed(old: Indicator, new: Indicator) -> Indicator:
    """A version of an indicator under another epoch's key, or of more traffic: its id, group and end stay.

    old     As it was told.
    new     Of the same campaign, as it would be told now.
    """
    return replace(old, modified=new.modified, techniques=new.techniques, behaviour=new.behaviour, tags=new.tags)
