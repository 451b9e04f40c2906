"""Metrics of the service."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

import stillwatch.service
from stillwatch.service.metrics import METRICS, PrometheusMetrics

_SOURCES = Path(stillwatch.service.__file__).parent
_USED = re.compile(r'"(stillwatch_(?:collect|decide|policy|watch|cases|appeals|problems)[a-z_]*)"')


def test_every_name_that_the_service_counts_by_is_described() -> None:
    """A name without its description would break the request that first counts by it."""
    used = {
        name for path in _SOURCES.rglob("*.py") if path.name != "metrics.py" for name in _USED.findall(path.read_text())
    }
    assert len(used) > 10
    assert used <= set(METRICS)


def test_what_is_told_can_be_read_by_a_prometheus() -> None:
    """Counters, gauges and histograms come out with their labels and values."""
    metrics = PrometheusMetrics()
    metrics.count("stillwatch_collect_requests_total", 2, format="native", status="200")
    metrics.gauge("stillwatch_collect_waiting_bytes", 17)
    metrics.observe("stillwatch_decide_request_seconds", 0.0004)
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }
    assert samples["stillwatch_collect_requests_total", (("format", "native"), ("status", "200"))] == 2
    assert samples["stillwatch_collect_waiting_bytes", ()] == 17
    assert samples["stillwatch_decide_request_seconds_bucket", (("le", "0.0005"),)] == 1
    assert samples["stillwatch_decide_request_seconds_bucket", (("le", "0.00025"),)] == 0


def test_a_count_of_somebody_else_is_taken_over_and_survives_his_restart() -> None:
    """A counter never goes back, also when what it copies does."""
    metrics = PrometheusMetrics()
    for value in (3, 5, 5, 2):
        metrics.total("stillwatch_watch_restarts_total", value)
    assert b"stillwatch_watch_restarts_total 7.0" in metrics.text()


def test_a_name_that_is_none_is_a_mistake() -> None:
    """Names are checked where they are used, not where they are read."""
    with pytest.raises(KeyError):
        PrometheusMetrics().count("stillwatch_nothing_total")


def test_alarms_of_the_how_to_ask_for_metrics_that_there_are() -> None:
    """An alarm on a name that is none never rings."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "run-the-service.md").read_text()
    named = set(re.findall(r"expr: '(stillwatch_[a-z_]+)", page))
    assert len(named) == 5
    assert named <= set(METRICS)
