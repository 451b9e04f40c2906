"""Paces: by source, overall, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.web import pace
from stillwatch.web.pace import Pace, source_group

Hits = st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 5)), max_size=60)


@given(Hits, st.integers(1, 5), st.integers(1, 12))
def test_as_counted_by_hand(hits: list[tuple[str, float]], each: int, overall: int) -> None:
    """In each window a source gets what it may while there is something left for all, as a plain count says."""
    now = [0.0]
    made = Pace(each, overall, 10, clock=lambda: now[0])
    seen: dict[tuple[int, str], int] = {}
    total: dict[int, int] = {}
    for source, step in hits:
        now[0] += step
        window = int(now[0] // 10)
        n = seen[window, source] = seen.get((window, source), 0) + 1
        allowed = n <= each and total.get(window, 0) < overall
        total[window] = total.get(window, 0) + allowed
        wait_s = made.take(source)
        assert (wait_s is None) == allowed
        assert wait_s is None or 1 <= wait_s <= 10


def test_one_source_that_knocks_all_day_closes_the_door_to_nobody() -> None:
    """What is refused of one source is not counted against the others."""
    made = Pace(2, 4, 60, clock=lambda: 0.0)
    for _ in range(100):
        made.take("192.0.2.1")
    assert made.take("192.0.2.2") is None


def test_a_network_of_ipv6_is_one_source() -> None:
    """Addresses of one /64 share a count, whatever their spelling; mapped IPv4 is IPv4."""
    assert source_group("2001:db8::1") == source_group("2001:db8:0:0:ffff::9%eth0")
    assert source_group("2001:db8:0:1::1") != source_group("2001:db8::1")
    assert source_group("::ffff:192.0.2.1") == "192.0.2.1"
    assert len(source_group("x" * 500)) == 64


def test_memory_is_bounded() -> None:
    """More sources than are counted apart share one count, and cannot fill the memory."""
    made = Pace(5, None, 60, clock=lambda: 0.0)
    most = pace._MOST_SOURCES
    for n in range(most + 50):
        made.take(f"source {n}")
    assert len(made._counts) <= most + 1
    assert made.take("one more") is not None
