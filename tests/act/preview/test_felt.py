"""What customers would have felt: by hand and by brute force."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.preview.made import LADDER, Told, blocks, judged, row, stream, world

from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.felt import felt_of


def test_hours_with_traffic_count() -> None:
    """Two streams, three hours: 2, 1 and 1 requests, all refused."""
    told = Told(streams=stream("a") | stream("b"))
    rows = [row("a", 0, 0), row("a", 59, 0), row("a", 60, 0), row("b", 5, 0)]
    found = felt_of(judged(rows, told, blocks()))
    assert [(one.action and one.action.value, one.n_hours) for one in found] == [(None, 3), ("block", 3)]
    assert found[0].requests == found[0].refused == (1.0, 1.9)


def test_nobody_feels_what_is_only_observed() -> None:
    """Without touched exchanges there is nothing to tell."""
    assert felt_of(judged([row("a", 0, 0)], Told(streams=stream("a")), blocks("stream.bits > 1000.0"))) == ()


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_it_is_what_counting_row_by_row_gives(seed: int) -> None:
    """Requests and refusals of each stream and hour, counted one by one."""
    rows, told = world(seed, 300)
    found = judged(rows, told, read_policy(LADDER, "ladder"))
    seen, requests, refused = found.seen.accused, Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    for i in np.flatnonzero(found.is_touched).tolist():
        key = int(seen["campaign"][i]), int(seen["account"][i]), int(seen["time_us"][i]) // 3_600_000_000
        requests[key] += 1
        refused[key] += int(found.refused[i])
    if not requests:
        assert felt_of(found) == ()
        return
    told_all = felt_of(found)[0]
    assert told_all.n_hours == len(requests)
    assert told_all.requests == tuple(np.percentile([requests[key] for key in requests], (50, 95)))
    assert told_all.refused == tuple(np.percentile([refused[key] for key in requests], (50, 95)))
