"""Metrics for Prometheus: every name that the service counts by, and what it means; labels never come from outside."""

import threading
from typing import Final, NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["CONTENT_TYPE", "METRICS", "Described", "PrometheusMetrics"]

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_QUICK: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_SLOW: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
_SIZES: Final = (1, 10, 100, 1_000, 10_000, 100_000)


class Described(NamedTuple):
    """What a metric is.

    kind        counter, gauge or histogram.
    buckets     Upper ends, of a histogram.
    """

    kind: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


def _counter(text: str, *labels: str) -> Described:
    return Described("counter", text, labels)


def _gauge(text: str, *labels: str) -> Described:
    return Described("gauge", text, labels)


def _histogram(text: str, *labels: str, buckets: tuple[float, ...] = _SLOW) -> Described:
    return Described("histogram", text, labels, buckets)


METRICS: Final[dict[str, Described]] = {
    "stillwatch_collect_requests_total": _counter("Bodies by the status that they were answered.", "format", "status"),
    "stillwatch_collect_request_seconds": _histogram("From the head of a body to its answer.", "format"),
    "stillwatch_collect_exchanges_total": _counter("Exchanges by what became of them.", "format", "outcome"),
    "stillwatch_collect_lost_exchanges_total": _counter("Exchanges that nobody waited for and the disk did not take."),
    "stillwatch_collect_waiting_bytes": _gauge("Bodies in memory."),
    "stillwatch_collect_commit_seconds": _histogram("One commit of a group, with its flush."),
    "stillwatch_collect_group_exchanges": _histogram("Exchanges of a commit.", buckets=_SIZES),
    "stillwatch_collect_remembered_ids": _gauge("Ids that are known as duplicates when they come again."),
    "stillwatch_collect_disk_failures_total": _counter("Times that the disk did not take something.", "stage"),
    "stillwatch_collect_damaged_bytes_total": _counter("Bytes at the end of segments that a crash left unfinished."),
    "stillwatch_collect_roll_seconds": _histogram("One segment written by hour."),
    "stillwatch_collect_compact_seconds": _histogram("Files of an hour made one."),
    "stillwatch_collect_backlog_bytes": _gauge("Segments that wait to be written by hour."),
    "stillwatch_collect_traffic_bytes": _gauge("Disk that exchanges use."),
    "stillwatch_collect_clock_disagreement_seconds": _gauge("How far the wall clock has jumped, of the steady one."),
    "stillwatch_collect_redis_failures_total": _counter("Times that Redis did not answer."),
    "stillwatch_collect_redis_unreadable_total": _counter("Entries of Redis that cannot be read."),
    "stillwatch_collect_redis_exchanges_total": _counter("Exchanges taken from Redis.", "outcome"),
    "stillwatch_decide_decisions_total": _counter("Decisions by action.", "action"),
    "stillwatch_decide_softened_total": _counter("Decisions that a guard took something from.", "guard"),
    "stillwatch_decide_failed_rules_total": _counter("Conditions that could not be evaluated."),
    "stillwatch_decide_request_seconds": _histogram("From the body of a question to its decision.", buckets=_QUICK),
    "stillwatch_decide_waiting_records": _gauge("Records that are not durable yet."),
    "stillwatch_decide_held_streams": _gauge("Streams with decisions in force."),
    "stillwatch_decide_alarm": _gauge("1 while the blast radius stops the policy."),
    "stillwatch_decide_touched_share": _gauge(
        "Share that decisions touched: of traffic in the last hour, of others in the last day.", "of"
    ),
    "stillwatch_policy_activation": _gauge("Number of the activation in force; 0 for none."),
    "stillwatch_policy_stage": _gauge("Share of accused streams that the policy acts on."),
    "stillwatch_watch_tick_seconds": _gauge("Seconds of the last tick."),
    "stillwatch_watch_lag_seconds": _gauge("Age of the newest exchange when the last tick was done."),
    "stillwatch_watch_index_age_seconds": _gauge("Age of the index that decisions look streams up in."),
    "stillwatch_watch_campaigns": _gauge("Campaigns of the last tick."),
    "stillwatch_watch_streams": _gauge("Accused streams of the last tick."),
    "stillwatch_watch_restarts_total": _counter("Times that the watch's process was started again."),
    "stillwatch_cases": _gauge("Cases by state.", "state"),
    "stillwatch_appeals_waiting": _gauge("Appeals that nobody has answered.", "overdue"),
    "stillwatch_problems": _gauge("Sentences under /v1/status that say what is wrong.", "part"),
}
"""By name. Labels have few values, and never one that was sent."""


class PrometheusMetrics:
    """Counts under the names of `METRICS`; safe under threads.

    >>> metrics = PrometheusMetrics()
    >>> metrics.count("stillwatch_collect_exchanges_total", 3, format="native", outcome="accepted")
    >>> b'stillwatch_collect_exchanges_total{format="native",outcome="accepted"} 3.0' in metrics.text()
    True
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}
        self._counters = {
            name: Counter(name, told.help, told.labels, registry=self._registry) for name, told in _of_kind("counter")
        }
        self._gauges = {
            name: Gauge(name, told.help, told.labels, registry=self._registry) for name, told in _of_kind("gauge")
        }
        self._histograms = {
            name: Histogram(name, told.help, told.labels, registry=self._registry, buckets=told.buckets)
            for name, told in _of_kind("histogram")
        }

    def count(self, name: str, n: float = 1, /, **labels: str) -> None:
        """Add to a counter."""
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(n)

    def gauge(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Put one value into a histogram."""
        histogram = self._histograms[name]
        (histogram.labels(**labels) if labels else histogram).observe(value)

    def total(self, name: str, value: float, /, **labels: str) -> None:
        """Bring a counter to what somebody else has counted; a count that starts anew is added."""
        key = f"{name} {sorted(labels.items())}"
        with self._lock:
            before = self._seen.get(key, 0.0)
            self._seen[key] = value
        self.count(name, value - before if value >= before else value, **labels)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)


def _of_kind(kind: str) -> list[tuple[str, Described]]:
    return [(name, told) for name, told in METRICS.items() if told.kind == kind]
