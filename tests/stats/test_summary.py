"""Mergeable tables: order, batches and merging do not matter."""

from collections import Counter

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.stats.summary import Firsts, Summary

rows = st.lists(st.tuples(st.integers(0, 5), st.integers(-9, 9)), max_size=40)


def table(pairs: list[tuple[int, int]]) -> pa.Table:
    """Keys and values as columns."""
    return pa.table(
        {"k": pa.array([k for k, _ in pairs], pa.int64()), "v": pa.array([v for _, v in pairs], pa.int64())}
    )


@given(rows, rows)
def test_sums_equal_a_counter_however_merged(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    """a.merge(b) == b.merge(a) == everything at once == collections.Counter."""
    a, b = (Summary(("k",), ("v",)).add(table(part)) for part in (left, right))
    together = Summary(("k",), ("v",)).add(table(left + right)).table().to_pylist()
    assert a.merge(b).table().to_pylist() == b.merge(a).table().to_pylist() == together
    expected: Counter[int] = Counter()
    for key, value in left + right:
        expected[key] += value
    assert [(row["k"], row["v"]) for row in together] == sorted(expected.items())


pairs = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0, 3, 2**63, 2**64 - 1]), st.integers(-9, 9)), max_size=40
)


@given(pairs)
def test_sums_by_two_keys_are_sorted_by_both(found: list[tuple[int, int, int]]) -> None:
    """Large keys stay as they are, and no two pairs are taken for one."""
    one, other = (pa.array([row[j] for row in found], pa.uint64()) for j in range(2))
    values = pa.array([value for *_, value in found], pa.int64())
    expected: Counter[tuple[int, int]] = Counter()
    for a, b, value in found:
        expected[a, b] += value
    table = Summary(("a", "b"), ("v",)).add(pa.table({"a": one, "b": other, "v": values})).table()
    assert [(row["a"], row["b"], row["v"]) for row in table.to_pylist()] == [
        (*k, v) for k, v in sorted(expected.items())
    ]


def test_keys_of_other_kinds_are_added_up_too() -> None:
    """Three keys, or text."""
    table = pa.table({"a": [1, 1], "b": [2, 2], "c": [3, 3], "t": ["x", "x"], "v": [4, 5]})
    for keys in (("a", "b", "c"), ("t",)):
        assert Summary(keys, ("v",)).add(table).table()["v"].to_pylist() == [9]


@given(rows, rows)
def test_firsts_are_the_minimum_however_merged(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    """The smallest value of every key, whoever saw it."""
    a, b = (Firsts("k", ("v",)).add(table(part)) for part in (left, right))
    merged, other = a.merge(b).table(), b.merge(a).table()
    assert merged is not None
    assert other is not None
    expected = sorted({k: min(v for key, v in left + right if key == k) for k, _ in left + right}.items())
    assert [(r["k"], r["v"]) for r in merged.to_pylist()] == [(r["k"], r["v"]) for r in other.to_pylist()] == expected


def test_empty_summaries() -> None:
    """Nothing added: no rows."""
    assert Summary(("k",), ("v",)).table().num_rows == 0
    assert Firsts("k", ("v",)).table() is None
