"""How fast a throttled stream may go: one token bucket a stream, in bounded memory.

References
----------
RFC 2697 (1999), A single rate three color marker, section 3: the bucket; RFC 9110 (2022), section 10.2.3: Retry-After.
"""

import math
import threading
from collections import OrderedDict
from typing import Final

from stillwatch.act.decide.stream import Stream

__all__ = ["Throttles"]

_MINUTE_S: Final = 60.0


class Throttles:
    """Buckets of the streams that came last. A stream that was forgotten starts with a full bucket: never harsher.

    most        Streams that are remembered.
    burst_s     Seconds of the rate that may come at once; at least one request may.
    """

    def __init__(self, most: int = 200_000, burst_s: float = 10.0) -> None:
        self._most = most
        self._burst_s = burst_s
        self._lock = threading.Lock()
        self._buckets: OrderedDict[Stream, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """Streams that are remembered."""
        return len(self._buckets)

    def take(self, stream: Stream, rate_per_minute: float, steady_s: float) -> int | None:
        """Let a request pass, or say in how many seconds one may; None when it passes.

        rate_per_minute     Above 0; it may differ from the last request's.
        steady_s            Steady clock; one that went back is taken to have stood still.

        >>> throttles = Throttles()
        >>> [throttles.take(Stream("c", "a"), 6.0, at_s) for at_s in (0.0, 1.0, 11.0)]
        [None, 9, None]
        """
        rate = rate_per_minute / _MINUTE_S
        burst = max(1.0, rate * self._burst_s)
        with self._lock:
            tokens, since_s = self._buckets.get(stream, (burst, steady_s))
            steady_s = max(steady_s, since_s)
            tokens = min(burst, tokens + (steady_s - since_s) * rate)
            passes = tokens >= 1.0
            self._buckets[stream] = tokens - passes, steady_s
            self._buckets.move_to_end(stream)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        return None if passes else max(1, math.ceil((1.0 - tokens) / rate))
