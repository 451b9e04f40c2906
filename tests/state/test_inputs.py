"""Inputs are told apart whatever their order, and an overlap of a few in a hundred is noticed."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.state.inputs import SAMPLE, Input, InputMemory


def seen(ids: list[int], *, late_us: int = 0) -> Input:
    """Input of exchanges with these numbers, each at a time of its own."""
    times = pa.array([1_000_000 * i + late_us for i in ids], pa.timestamp("us", "UTC"))
    batch = pa.record_batch({"exchange_id": [f"x{i}" for i in ids], "time": times})
    return Input().add(batch)


IDS = st.lists(st.integers(0, 500), max_size=12, unique=True)


@given(IDS, IDS, IDS)
def test_merging_is_commutative_and_associative(one: list[int], two: list[int], three: list[int]) -> None:
    """In any order and in any batches the digest is the same."""
    a, b, c = seen(one), seen(two), seen(three)
    assert a.merge(b).digest == b.merge(a).digest
    assert a.merge(b).merge(c).digest == a.merge(b.merge(c)).digest
    assert seen(one[::-1]).digest == a.digest


def test_an_exchange_more_or_a_time_changed_is_another_input() -> None:
    """Digests differ."""
    digests = {seen([1, 2]).digest, seen([1, 2, 3]).digest, seen([1, 2], late_us=1).digest, seen([1, 3]).digest}
    assert len(digests) == 4


@pytest.mark.parametrize(("shared", "refused"), [(0, False), (40, False), (700, True), (20_000, True)])
def test_an_overlap_is_noticed(shared: int, refused: bool) -> None:  # noqa: FBT001 - a column of the table above
    """A few rows at the seam of two logs are let through; three in a hundred and more are not."""
    memory = InputMemory.of_day(seen(list(range(20_000))))
    today = seen(list(range(20_000 - shared, 40_000 - shared)))
    assert len(today.sample) == SAMPLE
    if refused:
        with pytest.raises(InvalidInput, match=r"counted already, in a scan of the logs of 1970-01-01 to .*give only"):
            memory.check(today)
    else:
        memory.check(today)


def test_a_small_log_within_a_large_one_is_noticed() -> None:
    """Its digest is another one; the samples tell."""
    memory = InputMemory.of_day(seen(list(range(300))))
    with pytest.raises(InvalidInput, match="100% of these"):
        memory.check(seen([7, 8, 9]))


def test_inputs_are_remembered_once_and_forgotten_by_day() -> None:
    """Merging is a union."""
    one, two = InputMemory.of_day(seen([1])), InputMemory.of_day(seen([200_000]))
    both = one.merge(two)
    assert both == two.merge(one) == both.merge(one)
    assert both.since(2) == two
    assert np.array_equal(both.table["n"].to_numpy(), [1, 1])
