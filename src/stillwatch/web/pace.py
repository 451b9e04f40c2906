"""How often somebody may come: counted by source and overall, in bounded memory, whatever comes."""

import ipaddress
import math
import threading
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Pace", "source_group"]

_MOST_SOURCES: Final = 50_000
_IPV6_PREFIX: Final = 64


class Pace:
    """Counts of the current window.

    each        What one source may do in a window.
    overall     What all of them may together; None for no limit.
    window_s    Seconds of a window.

    >>> pace = Pace(each=1, overall=10, window_s=60, clock=lambda: 30.0)
    >>> pace.take("192.0.2.1"), pace.take("192.0.2.1"), pace.take("192.0.2.2")
    (None, 30, None)
    """

    def __init__(
        self, each: int, overall: int | None, window_s: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._each, self._overall, self._window_s, self._clock = each, overall, window_s, clock
        self._lock = threading.Lock()
        self._start = -math.inf
        self._counts: dict[str, int] = {}
        self._total = 0

    def take(self, source: str) -> int | None:
        """Count one; None when it is allowed, else the seconds after which it is.

        What is not allowed does not count overall: one source that knocks all day closes the door to nobody else.
        """
        with self._lock:
            now = self._clock()
            start = now // self._window_s * self._window_s
            if start != self._start:
                self._start, self._counts, self._total = start, {}, 0
            group = source_group(source)
            if group not in self._counts and len(self._counts) >= _MOST_SOURCES:
                group = ""  # more sources than are counted apart share one count
            n = self._counts[group] = self._counts.get(group, 0) + 1
            if n <= self._each and (self._overall is None or self._total < self._overall):
                self._total += 1
                return None
            return max(1, math.ceil(start + self._window_s - now))


def source_group(source: str) -> str:
    """Address that counts: of IPv6 its first 64 bits, which one customer has for himself.

    >>> source_group("2001:db8::1"), source_group("192.0.2.1"), source_group("a name")
    ('2001:db8::/64', '192.0.2.1', 'a name')
    """
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return source[:64]
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
