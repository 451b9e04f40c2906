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

References
----------
ITU-T I.371 (2004), annex A: the virtual scheduling algorithm, which keeps one time in place of a number of tokens and
is the same bucket; RFC 2697 (1999), section 3: the bucket of a stream; RFC 9110 (2022), section 10.2.3: Retry-After.
"""

import math
import threading
from collections import OrderedDict
from typing import Final, TypeVar

from stillwatch.act.decide.stream import Stream

__all__ = ["DAY_S", "HOLD_S", "Throttles"]

DAY_S: Final = 86_400.0
HOLD_S: Final = 600.0
"""How long a place in a campaign's queue is kept for the stream that it was told to."""
_MINUTE_S: Final = 60.0
_NEVER: Final = -math.inf
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Throttles:
    """Buckets of the streams and campaigns that came last.

    What was forgotten starts afresh, which is never harsher: after a restart each stream has its own requests of a day
    again, and each bucket its burst, besides what they had before.

    most        Streams that are remembered, and campaigns.
    burst_s     Seconds of the rate that may come at once; at least one request may.
    """

    def __init__(self, most: int = 200_000, burst_s: float = 10.0) -> None:
        self._most = most
        self._burst_s = burst_s
        self._lock = threading.Lock()
        self._buckets: OrderedDict[Stream, tuple[float, float]] = OrderedDict()
        self._own: OrderedDict[Stream, tuple[float, float | None]] = OrderedDict()
        self._next_s: OrderedDict[str, float] = OrderedDict()

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
        tokens, since_s = self._buckets.get(stream, (burst, now_s))
        now_s = max(now_s, since_s)
        tokens = min(burst, tokens + (now_s - since_s) * rate)
        passes = tokens >= 1.0
        self._keep(self._buckets, stream, (tokens - passes, now_s))
        return None if passes else max(1, math.ceil((1.0 - tokens) / rate))

    def _of_campaign(self, stream: Stream, rate: float, now_s: float, own_per_day: float) -> int | None:
        """By its place when that has come, else by its own, else by the queue.

        A stream is kept as the time at which its own is whole again, and its place in the queue, None for none.
        """
        own_s, place_s = self._own.get(stream, (_NEVER, None))
        own_at_s = own_s - DAY_S * (1.0 - 1.0 / own_per_day)
        if place_s is not None and now_s > place_s + HOLD_S:
            place_s = None
        has_place = place_s is not None and place_s <= now_s
        if now_s >= own_at_s and not has_place:
            self._keep(self._own, stream, (max(own_s, now_s) + DAY_S / own_per_day, place_s))
            return None
        if place_s is None:
            place_s = self._place(stream.campaign_id, rate, now_s, own_at_s)
        passes = place_s is not None and place_s <= now_s
        self._keep(self._own, stream, (own_s, None if passes else place_s))
        return None if passes else _until(own_at_s if place_s is None else place_s, now_s)

    def _place(self, campaign_id: str, rate: float, now_s: float, before_s: float) -> float | None:
        """Next place in the queue of a campaign, now given away; None when it is not before a time."""
        place_s = max(self._next_s.get(campaign_id, _NEVER), now_s - max(0.0, self._burst_s - 1.0 / rate))
        if place_s >= before_s:
            return None
        self._keep(self._next_s, campaign_id, place_s + 1.0 / rate)
        return place_s

    def _keep(self, kept: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
        kept[key] = value
        kept.move_to_end(key)
        if len(kept) > self._most:
            kept.popitem(last=False)


def _until(at_s: float, now_s: float) -> int:
    """Whole seconds after which a time has surely come."""
    return int(at_s - now_s) + 1
