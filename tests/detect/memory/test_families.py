"""Remembered exchanges of families: the newest, each once, handed to whoever measures whole families."""

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detect.memory import families
from stillwatch.detect.memory.families import KEPT, MOST_ROWS, FamilyMemory, small
from stillwatch.detect.views.mixing import mix


def rows(*triples: tuple[int, int, int]) -> pa.Table:
    """Table KEPT of family, account and time; the exchange is known by family and time."""
    found: list[dict[str, Any]] = [
        dict.fromkeys(KEPT.names, 0)
        | {"family": f, "account": a, "time_us": t, "exchange": t, "head": True, "followed": -1}
        for f, a, t in sorted(triples, key=lambda triple: (triple[0], triple[2]))
    ]
    return pa.Table.from_pylist(found, schema=KEPT)


MEMBERS = st.lists(
    st.tuples(st.integers(1, 3), st.just(1), st.integers(0, 30)), max_size=12, unique_by=lambda m: m[::2]
)


@given(MEMBERS, MEMBERS, MEMBERS)
def test_merging_is_commutative_and_associative(one: Any, two: Any, three: Any) -> None:
    """In whatever order days come, also where a family has more rows than are kept; nothing counts twice."""
    a, b, c = (FamilyMemory(rows(*triples)) for triples in (one, two, three))
    original, families.MOST_ROWS = MOST_ROWS, 5  # type: ignore[misc]
    try:
        assert a.merge(b) == b.merge(a)
        assert a.merge(b).merge(c) == a.merge(b.merge(c))
        assert a.merge(b).merge(b) == a.merge(b)
    finally:
        families.MOST_ROWS = original  # type: ignore[misc]


def test_a_step_sees_what_is_remembered_of_its_families_and_of_no_others() -> None:
    """Rows of both are handed over as one family, in the order asked for; families without a new row are left alone."""
    memory = FamilyMemory(rows((1, 5, 10), (1, 6, 30), (2, 7, 10), (4, 8, 1)))
    seen = []

    def step(table: pa.Table) -> pa.Table:
        seen.append([table[name].to_pylist() for name in ("family", "account", "time_us")])
        return table

    today = rows((1, 9, 20), (3, 9, 20), (4, 2, 5)).select(["family", "account", "time_us", "exchange"])
    memory.with_rows(step, ("time_us", "exchange"))(today)
    assert seen == [[[1, 1, 1, 3, 4, 4], [5, 9, 6, 9, 8, 2], [10, 20, 30, 20, 1, 5]]]


def test_streams_count_what_is_remembered() -> None:
    """Accounts of earlier days count for families that are seen today, and for all where that is asked."""
    memory = FamilyMemory(rows((1, 5, 10), (1, 5, 11), (2, 7, 10)))
    today = pa.table({"family": np.array([1], np.uint64), "account": np.array([5], np.uint64), "n": np.array([4])})
    assert memory.streams(today).to_pydict() == {"family": [1], "account": [5], "n": [6]}
    assert memory.streams(today, everywhere=True)["n"].to_pylist() == [6, 1]
    assert FamilyMemory().streams(today) is today


def test_families_of_several_accounts_may_grow() -> None:
    """Too small to be judged are those that are not eligible; what one account sends alone is no family."""
    family = np.array([1, 2, 2, 3, 3], np.uint64)
    streams = pa.table({"family": family, "account": np.arange(5, dtype=np.uint64), "n": np.ones(5, np.int64)})
    assert small(streams, np.array([3], np.uint64)).tolist() == [2]


def test_the_residue_is_what_no_narrow_family_holds() -> None:
    """An exchange that a narrow stream has is none of the wide family's residue."""
    wide, narrow = 5, 6
    memory = FamilyMemory(rows((wide, 1, 10), (wide, 1, 11), (wide, 2, 12), (narrow, 1, 10)))
    streams = [
        np.sort(mix(np.array(f, np.uint64), np.array(a, np.uint64))) for f, a in (([narrow], [1]), ([wide], [1]))
    ]
    assert memory.residue(*streams).rows["time_us"].to_pylist() == [11]


def test_old_rows_and_unlikely_families_are_forgotten() -> None:
    """By time, and by family."""
    memory = FamilyMemory(rows((1, 5, 10), (1, 6, 30), (2, 7, 40)))
    assert memory.since(30).rows["time_us"].to_pylist() == [30, 40]
    assert memory.without(np.array([2], np.uint64)).rows["family"].to_pylist() == [1, 1]
