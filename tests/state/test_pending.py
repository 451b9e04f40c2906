"""What a watch has before it: periods, gaps, and what comes too late, against a plain count."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.state.closings import REMEMBERED, Closing
from stillwatch.state.inputs import Input
from stillwatch.state.pending import Pending

PERIOD = 100


def pending(times: list[int]) -> Pending:
    """Exchanges at these times, none counted."""
    n = len(times)
    return Pending(np.arange(1, n + 1, dtype=np.uint64), np.array(times, np.int64), np.zeros(n, np.bool_))


def closed(rows: Pending, due_us: int) -> list[Closing]:
    """Close all periods that are over."""
    found: list[Closing] = []
    while (start := rows.start_us(found, PERIOD)) is not None and start < due_us:
        end = rows.end_us(start, due_us, PERIOD)
        counted = rows.uncounted(end)
        found.append(Closing(len(found) + 1, start, end, None, rows.exchange[counted]))
        rows.count(counted, end, PERIOD)
    return found


@given(times=st.lists(st.integers(0, 5_000), max_size=30), n_due=st.integers(0, 60))
def test_every_exchange_of_a_closed_period_is_counted_once(times: list[int], n_due: int) -> None:
    """In the period of its time; periods follow one another without a gap and end at their boundaries."""
    rows, due = pending(times), n_due * PERIOD
    found = closed(rows, due)
    counted = sorted(int(i) for one in found for i in one.exchange)
    assert counted == [i for i, time in enumerate(times, 1) if time < due]
    assert all(one.end_us == other.start_us for one, other in pairwise(found))
    assert all(one.end_us % PERIOD == 0 and one.start_us < one.end_us <= due for one in found)
    assert all(one.start_us <= times[int(i) - 1] < one.end_us for one in found for i in one.exchange)
    assert rows.window(found[-1] if found else None).sum() == len(times) - len(counted) + (
        len(found[-1].exchange) if found else 0
    )


def test_a_gap_is_one_closing() -> None:
    """However long nothing happens."""
    assert [(one.start_us, one.end_us) for one in closed(pending([10, 9_050]), 10_000)] == [
        (0, 100),
        (100, 9_000),
        (9_000, 9_100),
        (9_100, 10_000),
    ]


def test_what_is_too_late_is_left_out_and_told() -> None:
    """Just inside the horizon it is counted with the next period, just outside it is not."""
    end = 50 * PERIOD
    rows = pending([end - REMEMBERED * PERIOD - 1, end - REMEMBERED * PERIOD, end + 1])
    rows.count(np.zeros(3, np.bool_), end, PERIOD)
    assert rows.n_too_late == 1
    assert rows.uncounted(end + PERIOD).tolist() == [False, True, True]
    assert rows.window(None).tolist() == [False, True, True]


def test_nothing_has_no_period_and_no_digest() -> None:
    """No exchange, no closing."""
    rows = pending([])
    assert rows.start_us([], PERIOD) is None
    assert rows.digest(rows.uncounted(10)) is None


def test_the_digest_is_that_of_the_input() -> None:
    """The state that counts these rows says the same."""
    rows = pending([5, 6, 700])
    part = rows.uncounted(100)
    assert rows.digest(part) == Input().with_hashes(rows.exchange[:2], rows.time_us[:2]).digest


@given(times=st.lists(st.integers(0, 5_000), min_size=1, max_size=30), ahead=st.integers(0, 100_000))
def test_no_clock_makes_the_newest_period_too_late(times: list[int], ahead: int) -> None:
    """Closed up to its limit by a clock that is far ahead, what comes of the newest period or later still counts."""
    rows = pending(times)
    limit = rows.limit_us(PERIOD)
    found = closed(rows, min(limit, (max(times) + ahead) // PERIOD * PERIOD))
    assert max(times) < limit <= max(times) + 2 * PERIOD
    assert all(one.end_us <= limit for one in found)
    assert rows.horizon_us <= max(times) - max(times) % PERIOD
    assert pending([]).limit_us(PERIOD) == 0
