"""What a policy would have taken from campaigns, had their traffic been the same.

It would not have been: whoever is throttled comes back otherwise. So this is what the traffic as it was loses, not what
a campaign loses in the end. What is taken from campaigns of other verdicts (a tool, one owner's fleet) is no effect but
harm, and stands apart. And nothing can be withheld before a campaign is found, so the share is told for several
delays, counted from its first exchange in the window, and from when it was found where somebody wrote that down.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.act.preview.figures import Effect, Later
from stillwatch.act.preview.judge import Judged, refused
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import SEVERITY, Action

__all__ = ["DELAYS", "effects_of"]

DELAYS: Final = tuple(timedelta(hours=hours) for hours in (0, 1, 6, 24, 72))
_HOUR_US: Final = 3_600_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TAKING: Final = (Verdict.HARVEST, Verdict.RELAY)
_ALTERS: Final = (SEVERITY[Action.WITHHOLD_REASONING], SEVERITY[Action.DEGRADE])


class _Sums:
    """Exchanges and tokens by campaign; the last place is harvest and relay together."""

    def __init__(self, judged: Judged) -> None:
        self._judged = judged
        self.codes, self.campaign = np.unique(judged.seen.accused["campaign"], return_inverse=True)
        told = {campaign: stream.verdict for (campaign, _), stream in judged.streams.items() if stream is not None}
        self.verdicts = [told.get(code) for code in self.codes.tolist()]
        self.is_taking = np.asarray([verdict in _TAKING for verdict in self.verdicts], np.bool_)
        self.tokens = judged.seen.accused["output_tokens"].astype(np.int64)
        self.has_tokens = self.sum(self.tokens >= 0) > 0
        self.all = self.sum(np.ones(len(self.campaign)))
        self.all_tokens = self.sum(np.maximum(self.tokens, 0))

    def sum(self, weights: NDArray[Any]) -> NDArray[np.int64]:
        """By campaign, then harvest and relay together."""
        found = np.bincount(self.campaign, weights, len(self.codes)).astype(np.int64)
        return np.append(found, found[self.is_taking].sum())

    def firsts_us(self) -> NDArray[np.int64]:
        """First exchange of each campaign."""
        found = np.full(len(self.codes), np.iinfo(np.int64).max)
        np.minimum.at(found, self.campaign, self._judged.seen.accused["time_us"])
        return found

    def withheld(self, since_us: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Exchanges and tokens withheld when each campaign is known from a time on."""
        counts = self._judged.seen.accused["time_us"] >= since_us[self.campaign]
        withheld = refused(self._judged, counts)
        return self.sum(withheld), self.sum(np.where(withheld, np.maximum(self.tokens, 0), 0))


def effects_of(judged: Judged) -> tuple[Effect, ...]:
    """Harvest and relay together, then each campaign, these two first and the largest first; nothing without any."""
    sums = _Sums(judged)
    if not len(sums.codes):
        return ()
    firsts_us = sums.firsts_us()
    by_delay = [sums.withheld(firsts_us + delay // timedelta(microseconds=1)) for delay in DELAYS]
    found_us = _found_us(judged, sums.codes)
    since_found = sums.withheld(np.where(found_us < 0, firsts_us, found_us))
    altered = sums.sum(np.isin(judged.action, _ALTERS))
    order = [len(sums.codes), *np.lexsort((-sums.all[:-1], ~sums.is_taking)).tolist()]
    effects = []
    for place in order:
        is_all = place == len(sums.codes)
        is_found = bool((found_us[sums.is_taking] >= 0).all()) if is_all else bool(found_us[place] >= 0)
        later = tuple(_later(sums, place, delay, *one) for delay, one in zip(DELAYS, by_delay, strict=True))
        found_at = None if is_all or not is_found else _EPOCH + timedelta(microseconds=int(found_us[place]))
        after = timedelta(0) if found_at is None else timedelta(microseconds=int(found_us[place] - firsts_us[place]))
        has_tokens = bool(sums.has_tokens[place])
        effects.append(
            Effect(
                campaign_id=None if is_all else judged.seen.known.campaigns[int(sums.codes[place])],
                verdict=None if is_all else sums.verdicts[place],
                exchanges=int(sums.all[place]),
                output_tokens=int(sums.all_tokens[place]) if has_tokens else None,
                withheld=int(by_delay[0][0][place]),
                withheld_tokens=int(by_delay[0][1][place]) if has_tokens else None,
                altered=int(altered[place]),
                later=later,
                found_at=found_at,
                since_found=_later(sums, place, after, *since_found) if is_found else None,
            )
        )
    return tuple(effects)


def _later(sums: _Sums, place: int, after: timedelta, withheld: NDArray[np.int64], tokens: NDArray[np.int64]) -> Later:
    all_tokens = sums.all_tokens[place]
    share = float(tokens[place] / all_tokens) if sums.has_tokens[place] and all_tokens else None
    return Later(after, float(withheld[place] / max(1, sums.all[place])), share)


def _found_us(judged: Judged, codes: NDArray[Any]) -> NDArray[np.int64]:
    """When each campaign was found; -1 when nobody wrote it down."""
    return np.fromiter(_found(judged, codes.tolist()), np.int64, len(codes))


def _found(judged: Judged, codes: list[int]) -> Iterator[int]:
    known = judged.seen.known
    for code in codes:
        at = known.found_at(known.campaigns[code])
        yield -1 if at is None else (at - _EPOCH) // timedelta(microseconds=1)
