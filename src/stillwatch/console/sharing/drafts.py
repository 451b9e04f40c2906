"""What would leave, made ready and not sent: kept in memory for who asked, for a quarter of an hour."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from stillwatch.console.console import Console
from stillwatch.console.sharing.fields import Crossing
from stillwatch.model.indicator import Indicator

__all__ = ["DRAFTS", "KEPT", "Draft", "Drafts", "Wished", "key_of"]

KEPT: Final = timedelta(minutes=15)
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Wished:
    """How a campaign is to be told.

    tlp         Level of TLP 2.0.
    days        How long it may be used, 1 to 30.
    quiet_h     Hours of the advice not to act visibly, 0 to 72; 0 is no advice.
    """

    tlp: str = "amber"
    days: int = 14
    quiet_h: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """An indicator that was made and not sent.

    digest      SHA-256 of the bytes: whoever publishes says which ones were looked at.
    indicator   The same in our words.
    body        The document, canonical JSON, byte for byte what would be sent.
    values      Values that were turned into tags, by kind of signal.
    spared      Values that stand on a warning list and are not told, by kind.
    missing     What could not be made, in words; empty when it is whole, and may be sent.
    """

    campaign_id: str
    wished: Wished
    made_at: datetime
    digest: str
    indicator: Indicator = field(repr=False)
    body: bytes = field(repr=False)
    crossing: Crossing = field(repr=False)
    values: Mapping[str, int] = field(default_factory=dict)
    spared: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def ends_at(self) -> datetime:
        """Until when it is kept."""
        return self.made_at + KEPT

    @property
    def may_be_sent(self) -> bool:
        """Whether all of it is there, and the guard lets it cross."""
        return not self.missing and self.crossing.may_cross


class Drafts:
    """Drafts of all persons, one a person and campaign; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], tuple[datetime, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, key: tuple[str, ...], kept: object, made_at: datetime) -> None:
        """Keep one for a quarter of an hour, in the place of an earlier one."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (made_at + KEPT, kept)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def of(self, key: tuple[str, ...], now: datetime) -> Any:  # noqa: ANN401 - what was kept
        """What was kept; None when there is nothing, or its time is over."""
        with self._lock:
            ends_at, kept = self._kept.get(key, (now, None))
            if kept is not None and ends_at <= now:
                del self._kept[key]
                return None
            return kept

    def drop(self, key: tuple[str, ...]) -> None:
        """Forget one."""
        with self._lock:
            self._kept.pop(key, None)


DRAFTS: Final = Drafts()
"""Of this process: nothing of it is written anywhere."""


def key_of(console: Console, person: str, what: str, name: str) -> tuple[str, ...]:
    """Place of a person's draft: drafts of two services in one process are apart."""
    return str(console.settings.folder), person, what, name
