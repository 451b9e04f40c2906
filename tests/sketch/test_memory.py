"""What is remembered of prompts: counts that add up whatever their size, and templates that keep their names."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.sketch import PhraseCounts, SignatureBook, Signatures, cluster, segment_spans
from stillwatch.sketch._kernels_counts import CELLS_PER_LINE
from stillwatch.sketch.memory import Counted, Leaders, PhraseMemory, grown
from stillwatch.sketch.phrases import MIN_LINES


def prompts(start: int, n: int) -> pa.Array:
    """Prompts of one template with numbers spelt in letters for slots."""
    words = ["".join("abcdefghij"[int(c)] for c in str(i)) for i in range(start, start + n)]
    return pa.array([f"please read the following text and grade the answer of {w} from one to ten: {w}" for w in words])


def counted(texts: pa.Array, lines: int = MIN_LINES) -> PhraseCounts:
    """Counts of all of them in a table of so many lines."""
    return PhraseCounts.empty(lines // 2).add(texts, np.ones(len(texts), np.bool_))


def book(signature: list[int], minhashes: list[int], rows: list[int]) -> SignatureBook:
    """Signatures whose MinHashes are sixteen times the number given, but for the first few lanes."""
    lanes = np.repeat(np.array(minhashes, np.uint32)[:, None], 16, axis=1)
    lanes[:, :2] = np.array(signature, np.uint32)[:, None]
    nowhere = np.zeros(len(rows), np.uint64), np.zeros((len(rows), 2), np.int32)
    return SignatureBook((Signatures(np.array(signature, np.uint64), lanes, np.array(rows, np.int64), *nowhere),))


@pytest.mark.parametrize("times", [1, 2, 8])
def test_a_grown_table_is_never_too_low_and_no_higher_than_it_was(times: int) -> None:
    """Every phrase is found with the count that the small table gave, whichever half of its line it now falls into."""
    texts = prompts(0, 60)
    small = counted(texts)
    wide = grown(small, times * MIN_LINES)
    exact = counted(texts, times * MIN_LINES)
    assert (wide.cells >= exact.cells).all()
    assert wide.cells.max() == small.cells.max()
    assert len(wide.cells) == times * MIN_LINES * CELLS_PER_LINE


def test_tables_of_two_sizes_add_up() -> None:
    """Days counted in a small and in a large table find the template that neither shows alone."""
    one = PhraseMemory.of_day(Counted(counted(prompts(0, 12)), np.arange(1, 13, dtype=np.uint64)), Leaders(), 5)
    other = counted(prompts(500, 12), 4 * MIN_LINES)
    text = prompts(0, 1)[0].as_py()
    assert not segment_spans(text, other)
    assert segment_spans(text, one.all_with(other))


def test_an_epoch_is_forgotten_whole() -> None:
    """What is left are the counts of the later epoch, to the last cell, and the prompts in it."""
    early = PhraseMemory.of_day(Counted(counted(prompts(0, 30)), np.array([1, 2], np.uint64)), Leaders(), 4)
    late = PhraseMemory.of_day(Counted(counted(prompts(50, 30)), np.array([3], np.uint64)), Leaders(), 5)
    both = early.merge(late)
    assert both.contents.tolist() == [1, 2, 3]
    assert both.since(5, 0) == late
    assert both.since(4, 0) == both


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3), st.integers(0, 2)), min_size=3, max_size=3))
def test_merging_phrases_is_commutative_and_associative(days: list[tuple[int, int, int]]) -> None:
    """Whatever the order and grouping, and whatever the sizes of the tables."""
    a, b, c = (
        PhraseMemory.of_day(
            Counted(counted(prompts(start, n), MIN_LINES << wider), np.arange(start, start + n, dtype=np.uint64)),
            Leaders(
                np.array([start], np.uint64),
                np.full((1, 16), start, np.uint32),
                np.array([n], np.int64),
                np.array([n], np.int32),
            ),
            n,
        )
        for start, n, wider in days
    )
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))


def test_there_is_room_for_all_prompts_together() -> None:
    """A table is as large as the largest remembered one, and larger when all prompts together need it."""
    counts = counted(prompts(0, 5), 4 * MIN_LINES)
    memory = PhraseMemory({1: counts}, np.zeros(0, np.uint64), np.zeros(0, np.int32))
    assert 2 * memory.room(10) == 4 * MIN_LINES
    assert 2 * memory.room(4 * MIN_LINES) == 16 * MIN_LINES
    assert 2 * PhraseMemory().room(1) == MIN_LINES


def test_a_template_keeps_its_name() -> None:
    """Yesterday's leader leads today's more frequent variant, and so names it; alone the variant would lead."""
    yesterday, today = book([7], [5], [3]), book([4], [5], [900])
    assert cluster(today).template.tolist() == [4]
    templates = cluster(today, known=yesterday)
    assert templates.lookup(np.array([4, 7], np.uint64)).tolist() == [7, 7]
    leaders = Leaders.today(Leaders().merge(of(yesterday, 3)), today, templates, 4)
    assert (leaders.signature.tolist(), leaders.rows.tolist(), leaders.day.tolist()) == ([7], [900], [4])


def of(signatures: SignatureBook, day: int) -> Leaders:
    """All of them as leaders of one day."""
    found = signatures.signatures
    return Leaders(found.signature, found.minhashes, found.rows, np.full(len(found.rows), day, np.int32))


def test_leaders_age() -> None:
    """A leader not seen since a day is forgotten, and then names nothing."""
    both = of(book([7], [5], [3]), 3).merge(of(book([9], [6], [2]), 8))
    assert both.since(4).signature.tolist() == [9]
    assert both.since(3).merge(both).rows.tolist() == [6, 4]
