"""Failed logins: counted by source, and forgotten."""

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.web import failures as module
from stillwatch.web.failures import Failures
from stillwatch.web.problem import Problem

Steps = st.lists(st.tuples(st.sampled_from(["192.0.2.1", "192.0.2.2", ""]), st.floats(0, 20)), max_size=60)


def wait_s(failures: Failures, source: str) -> int | None:
    """Seconds that a source must wait; None when it need not."""
    try:
        failures.check(source)
    except Problem as problem:
        return int(problem.headers["Retry-After"]) if problem.status == HTTPStatus.TOO_MANY_REQUESTS else -1
    return None


@given(Steps, st.integers(1, 5))
def test_as_counted_by_hand(steps: list[tuple[str, float]], allowed: int) -> None:
    """A source waits when as many as are allowed came in the window that its first opened."""
    now = [1_000.0]
    failures = Failures(allowed, 60, lambda: now[0])
    told: dict[str, list[float]] = {}
    for source, step in steps:
        now[0] += step
        window = told.setdefault(source, [])
        if window and window[0] + 60 <= now[0]:
            window.clear()
        window.append(now[0])
        failures.count(source)
        wait = wait_s(failures, source)
        assert (wait is not None) == (len(window) >= allowed)
        assert wait is None or 0 < wait <= 61


def test_one_network_is_one_source() -> None:
    """Whoever has a /64 of IPv6 has not as many guesses as addresses, and costs nobody else any."""
    failures = Failures(2, 60, lambda: 0.0)
    for end in ("1", "2"):
        failures.count(f"2001:db8::{end}")
    assert wait_s(failures, "2001:db8::3") == 61
    assert wait_s(failures, "2001:db8:0:1::1") is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more sources than are remembered the ones that failed longest ago are forgotten."""
    monkeypatch.setattr(module, "_MOST_SOURCES", 3)
    failures = Failures(1, 60, lambda: 0.0)
    for source in ("a", "b", "c", "d"):
        failures.count(source)
    assert [wait_s(failures, source) for source in ("a", "b", "c", "d")] == [None, 61, 61, 61]
