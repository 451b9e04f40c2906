"""How fast throttled streams may go: a bucket for each stream, or one for all streams of a campaign; in bounded memory.

A campaign of thousands of accounts sends about one request an hour a stream, which no rate of a stream holds up. So a
rate may be of the campaign. Whoever was attributed to it wrongly would then share the fate of all, so each stream has
first of all an allowance of its own, which nobody else can take from it:

- A stream that sends at most `own_per_day` requests in every 24 hours is never held up.
- All streams of a campaign together get at most their own, and what the rate gives.
- What is told to wait is really enough, and at most 24 hours over `own_per_day`.

The allowance is of a day and not of an hour, because that tells people from a harvest: people send their requests of a
day within an hour or two, the accounts of a harvest spread theirs over the day (some 26 at the largest that were
disclosed). Twenty an hour would hold up the one, and let pass 480 a day of the other.

A request beyond it takes its place in the campaign's queue, unless its own next one comes sooner. Places lie as far
apart as the rate says, so that not all come back at once, and a stream has at most one: one that asks all the time
comes no sooner than others, and takes nobody's place.

Memory is bounded, and a campaign of more streams than there is room for could send with each in turn, always one that
was forgotten and starts afresh. So while a campaign has streams that were forgotten and would not be whole again by
now, a stream of it that is not remembered takes its first request from a bucket that they all share, and that gives
what as many streams may have as are remembered: forgotten or not, a campaign gets at most twice that.

References
----------
ITU-T I.371 (2004), annex A: the virtual scheduling algorithm, which keeps one time in place of a number of tokens and
is the same bucket; RFC 2697 (1999), section 3: the bucket of a stream; RFC 9110 (2022), section 10.2.3: Retry-After.
"""

import math
import threading
from collections import OrderedDict
from typing import Final, NamedTuple, TypeVar

from stillwatch.act.decide.remembered import Remembered
from stillwatch.act.decide.stream import Stream

__all__ = ["DAY_S", "HOLD_S", "Throttles"]

DAY_S: Final = 86_400.0
HOLD_S: Final = 600.0
"""How long a place in a campaign's queue is kept for the stream that it was told to."""
_MINUTE_S: Final = 60.0
_NEVER: Final = -math.inf
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Forgotten(NamedTuple):
    """What streams of a campaign that were forgotten have together.

    until_s     When all of them would be whole again, so that nothing is lost by forgetting them.
    next_s      When their shared bucket gives the next request, less what it may give at once.
    """

    until_s: float
    next_s: float


class Throttles:
    """Buckets of the streams and campaigns that came last.

    What was forgotten starts afresh, as long as its campaign has room: after a restart each stream has its own requests
    of a day again, and each bucket its burst, besides what they had before.

    most        Streams that are remembered, and campaigns.
    burst_s     Seconds of the rate that may come at once; at least one request may.
    """

    def __init__(self, most: int = 200_000, burst_s: float = 10.0) -> None:
        self._most = most
        self._burst_s = burst_s
        self._lock = threading.Lock()
        self._buckets = Remembered[tuple[float, float]](most)
        self._own = Remembered[tuple[float, float | None]](most)
        self._next_s: OrderedDict[str, float] = OrderedDict()
        self._of_forgotten: OrderedDict[tuple[str, bool], _Forgotten] = OrderedDict()

    def __len__(self) -> int:
        """Streams that are remembered."""
        return len(self._buckets) + len(self._own)

    def take(
        self, stream: Stream, rate_per_minute: float, steady_s: float, own_per_day: float | None = None
    ) -> int | None:
        """Let a request pass, or say in how many seconds one may; None when it passes.

        rate_per_minute     Above 0; it may differ from the last request's.
        steady_s            Steady clock; one that went back is taken to have stood still.
        own_per_day         At least 1; None where the rate is of the stream alone.

        >>> throttles = Throttles()
        >>> [throttles.take(Stream("c", "a"), 6.0, at_s) for at_s in (0.0, 1.0, 11.0)]
        [None, 9, None]
        >>> [throttles.take(Stream("c", account), 1.0, 0.0, own_per_day=1.0) for account in "aaabbc"]
        [None, None, 61, None, 121, None]
        """
        rate = rate_per_minute / _MINUTE_S
        with self._lock:
            if own_per_day is None:
                return self._of_stream(stream, rate, steady_s)
            return self._of_campaign(stream, rate, steady_s, own_per_day)

    def _of_stream(self, stream: Stream, rate: float, now_s: float) -> int | None:
        burst = max(1.0, rate * self._burst_s)
        known = self._buckets.get(stream)
        if known is None:
            share = rate * max(1, self._buckets.count(stream.campaign_id))
            known = (burst if self._is_new((stream.campaign_id, False), share, now_s) else 0.0, now_s)
        tokens, since_s = known
        now_s = max(now_s, since_s)
        tokens = min(burst, tokens + (now_s - since_s) * rate)
        passes = tokens >= 1.0
        forgotten = self._buckets.keep(stream, (tokens - passes, now_s))
        if forgotten is not None:
            self._forget((forgotten.campaign_id, False), now_s + max(self._burst_s, 1.0 / rate), now_s)
        return None if passes else max(1, math.ceil((1.0 - tokens) / rate))

    def _of_campaign(self, stream: Stream, rate: float, now_s: float, own_per_day: float) -> int | None:
        """By its place when that has come, else by its own, else by the queue.

        A stream is kept as the time at which its own is whole again, and its place in the queue, None for none.
        """
        own_s, place_s = self._own.get(stream) or (self._first_s(stream, now_s, own_per_day), None)
        own_at_s = own_s - DAY_S * (1.0 - 1.0 / own_per_day)
        if place_s is not None and now_s > place_s + HOLD_S:
            place_s = None
        has_place = place_s is not None and place_s <= now_s
        if now_s >= own_at_s and not has_place:
            self._keep_own(stream, (max(own_s, now_s) + DAY_S / own_per_day, place_s), now_s)
            return None
        if place_s is None:
            place_s = self._place(stream.campaign_id, rate, now_s, own_at_s)
        passes = place_s is not None and place_s <= now_s
        self._keep_own(stream, (own_s, None if passes else place_s), now_s)
        return None if passes else _until(own_at_s if place_s is None else place_s, now_s)

    def _first_s(self, stream: Stream, now_s: float, own_per_day: float) -> float:
        """When the own of a stream that is not remembered is whole again: it is, or all of it is taken to be used."""
        share = own_per_day / DAY_S * max(1, self._own.count(stream.campaign_id))
        return _NEVER if self._is_new((stream.campaign_id, True), share, now_s) else now_s + DAY_S

    def _keep_own(self, stream: Stream, value: tuple[float, float | None], now_s: float) -> None:
        forgotten = self._own.keep(stream, value)
        if forgotten is not None:
            self._forget((forgotten.campaign_id, True), now_s + DAY_S, now_s)

    def _is_new(self, which: tuple[str, bool], rate: float, now_s: float) -> bool:
        """Whether a stream that is not remembered starts afresh: it is a new one, or the bucket of the others gives it.

        which       Its campaign, and whether streams are told apart by their own.
        rate        Requests a second of those that are remembered.
        """
        others = self._of_forgotten.get(which)
        if others is None or now_s >= others.until_s:
            return True
        next_s = max(others.next_s, now_s - self._burst_s)
        if next_s > now_s:
            return False
        _keep(self._of_forgotten, which, others._replace(next_s=next_s + 1.0 / rate), self._most)
        return True

    def _forget(self, which: tuple[str, bool], until_s: float, now_s: float) -> None:
        others = self._of_forgotten.get(which)
        next_s = now_s - self._burst_s if others is None else others.next_s
        _keep(self._of_forgotten, which, _Forgotten(until_s, next_s), self._most)

    def _place(self, campaign_id: str, rate: float, now_s: float, before_s: float) -> float | None:
        """Next place in the queue of a campaign, now given away; None when it is not before a time."""
        place_s = max(self._next_s.get(campaign_id, _NEVER), now_s - max(0.0, self._burst_s - 1.0 / rate))
        if place_s >= before_s:
            return None
        _keep(self._next_s, campaign_id, place_s + 1.0 / rate, self._most)
        return place_s


def _keep(kept: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)


def _until(at_s: float, now_s: float) -> int:
    """Whole seconds after which a time has surely come."""
    return int(at_s - now_s) + 1
