"""The index of served outputs: merging, and what it holds."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trace.served.world import SECRET, exchanges, texts

from stillwatch.errors import InvalidInput
from stillwatch.trace.served.index import SERVED, ServedIndex
from stillwatch.trace.served.secret import IndexSecret
from stillwatch.trace.served.shingles import shingles_twin

OUTPUTS, PROMPTS = texts(12, seed=1, length=30), texts(12, seed=2, length=30)
ALL = exchanges(OUTPUTS, PROMPTS)
ROWS = st.lists(st.integers(0, 11), max_size=20)


def index_of(rows: list[int]) -> ServedIndex:
    """Index of some exchanges, in that order, repeats as given."""
    return ServedIndex.of(ALL.take(pa.array(rows, pa.int64())), SECRET)


@settings(deadline=None, max_examples=40)
@given(ROWS, ROWS, ROWS)
def test_merging_is_in_any_order(one: list[int], two: list[int], three: list[int]) -> None:
    """Whatever is merged with whatever first, it is the index of all exchanges together."""
    a, b, c = index_of(one), index_of(two), index_of(three)
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c)) == index_of(one + two + three)
    assert a.merge(a) == a
    assert c.merge(b, a) == a.merge(b).merge(c)


def test_two_rows_of_one_id_keep_the_same_one() -> None:
    """Where an id stands for two answers, the one that stays does not depend on the order."""
    a, b = (ServedIndex.of(exchanges([text]), SECRET) for text in OUTPUTS[:2])
    assert a != b
    assert a.merge(b) == b.merge(a)
    assert a.merge(b) in (a, b)


def test_rows_are_the_twins_shingles() -> None:
    """Each row holds the distinct shingles of its output and of its prompt, and ids; nothing else."""
    index = index_of(list(range(12)))
    assert index.table.schema == SERVED
    for row in index.table.to_pylist():
        number = int(row["exchange_id"][1:])
        assert row["output"] == sorted({value for value, _ in shingles_twin(OUTPUTS[number], SECRET)})
        assert row["prompt"] == sorted({value for value, _ in shingles_twin(PROMPTS[number], SECRET)})
        assert (row["account_id"], row["campaign_id"]) == (f"a{number % 10}", "c1" if number % 10 == 1 else None)


def test_exchanges_without_an_answer_have_no_row() -> None:
    """Null answers are left out; batches and sliced tables do as well as whole ones."""
    table = ALL.set_column(4, "output_text", pa.array([None, *OUTPUTS[1:]]))
    assert ServedIndex.of(table, SECRET).n_exchanges == 11
    assert ServedIndex.of(table.slice(3, 2).to_batches()[0], SECRET) == index_of([3, 4])
    assert ServedIndex.of(table.slice(0, 1), SECRET) == index_of([])


def test_columns_that_are_missing_are_named() -> None:
    """Ids and answers must be there; prompts need not be."""
    with pytest.raises(InvalidInput, match="missing: output_text"):
        ServedIndex.of(ALL.drop_columns(["output_text"]), SECRET)
    plain = ServedIndex.of(ALL.drop_columns(["prompt_text", "campaign_id"]), SECRET)
    assert all(row == [] for row in plain.table["prompt"].to_pylist())


def test_secrets_do_not_mix() -> None:
    """Indexes of two secrets do not merge, are not equal, and a join refuses the wrong one."""
    other = ServedIndex.of(ALL, IndexSecret(bytes(16)))
    assert other != index_of(list(range(12)))
    with pytest.raises(InvalidInput, match="one secret"):
        other.merge(index_of([1]))
    with pytest.raises(InvalidInput, match="another secret"):
        other.check(SECRET)
