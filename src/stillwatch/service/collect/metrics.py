"""What the collector counts: names are ``stillwatch_collect_...``; who shows them is another's matter."""

from typing import Final, Protocol

__all__ = ["NO_METRICS", "Metrics", "NoMetrics"]


class Metrics(Protocol):
    """Counters, gauges and histograms by name. Labels are few and never come from what was sent."""

    def count(self, name: str, n: float = 1, /, **labels: str) -> None:
        """Add to a counter."""
        ...

    def gauge(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        ...

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Put one value into a histogram."""
        ...


class NoMetrics:
    """Counts nothing."""

    def count(self, name: str, n: float = 1, /, **labels: str) -> None:
        """Nothing."""

    def gauge(self, name: str, value: float, /, **labels: str) -> None:
        """Nothing."""

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Nothing."""


NO_METRICS: Final[Metrics] = NoMetrics()
