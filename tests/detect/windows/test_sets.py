"""Sets of texts against plain Python: pieces, shapes, tails and neighbourhoods hold the rows they should."""

import re
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.detect.windows._kernels_shape import shapes_of_rows
from stillwatch.detect.windows.phrases import KINDS, all_pieces, name_of
from stillwatch.detect.windows.sets import TextSets, joined, sets_of_masks, slices_of, thinned, without_twins
from stillwatch.detect.windows.topics import nearness, neighbour_sets, novelty_sets, rarity, vectors_of
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.strings import Strings, strings_of

TEXTS = st.lists(st.text(alphabet="abc de.\n中é19", max_size=40), min_size=1, max_size=12)


def strings(texts: list[str]) -> Strings:
    """Texts as kernels read them."""
    return strings_of(pa.array(texts, pa.large_string()))


def members(sets: TextSets) -> list[list[int]]:
    """Rows of each set."""
    return [sorted(sets.rows[a:b].tolist()) for a, b in zip(sets.starts[:-1], sets.starts[1:], strict=True)]


def twin_pieces(texts: list[str], width: int, *, by_bytes: bool) -> list[list[int]]:
    """Rows of every n-gram of words (ASCII letters; a run of digits is one word) or of bytes."""
    found: defaultdict[object, set[int]] = defaultdict(set)
    for row, text in enumerate(texts):
        units = list(text.encode()) if by_bytes else [re.sub(r"\d+", "0", w) for w in re.findall(r"[a-z]+|\d+", text)]
        for i in range(len(units) - width + 1):
            found[tuple(units[i : i + width])].add(row)
    return [sorted(rows) for rows in found.values()]


@settings(max_examples=80, deadline=None)
@given(TEXTS)
@pytest.mark.parametrize(("kind", "width"), [("three bytes", 3), ("five bytes", 5)])
def test_runs_of_bytes_hold_their_texts(kind: str, width: int, texts: list[str]) -> None:
    """Every run of bytes is a set of just the texts that have it."""
    assert sorted(members(all_pieces(strings(texts), kind))) == sorted(twin_pieces(texts, width, by_bytes=True))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(alphabet="ab c1.", max_size=40), min_size=1, max_size=12))
@pytest.mark.parametrize(("kind", "width"), [("word", 1), ("two words", 2), ("four words", 4)])
def test_runs_of_words_hold_their_texts(kind: str, width: int, texts: list[str]) -> None:
    """Every n-gram of words is a set of just the texts that have it; numbers are alike."""
    assert sorted(members(all_pieces(strings(texts), kind))) == sorted(twin_pieces(texts, width, by_bytes=False))


def test_first_and_last_tell_places_apart() -> None:
    """A word at the end is not the same word at the beginning."""
    found = members(all_pieces(strings(["alpha beta", "beta alpha", "alpha gamma"]), "first and last"))
    assert [0, 2] in found  # begin with alpha, and with the letter a
    assert [1] in found
    assert [0, 1] not in [rows for rows in found if len(rows) == 2 and rows != [0, 1]]


def test_a_piece_gets_its_words_back() -> None:
    """A bucket is named by the words that are in it."""
    texts = strings(["Nothing here", "Please, GRADE the  Answer of Kim"])
    sets = all_pieces(texts, "four words")
    names = {name_of(texts, "four words", int(bucket)) for bucket in sets.names}
    assert names == {"please, grade the answer", "grade the answer of", "the answer of kim"}


def test_kinds_do_not_share_buckets_by_design() -> None:
    """The same letters as a word and as bytes are different kinds, so that their parts are told apart."""
    texts = strings(["abc abc", "abc"])
    buckets = {kind: set(all_pieces(texts, kind).names.tolist()) for kind in KINDS}
    assert not buckets["word"] & buckets["three bytes"]


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_shapes_agree_with_their_twin(texts: list[str]) -> None:
    """Lengths and shares of kinds of bytes are those that plain Python counts."""
    found = shapes_of_rows(strings(texts), fold_tables())
    for text, shape in zip(texts, found, strict=True):
        data, n = text.encode(), max(len(text.encode()), 1)
        kinds = [rb"[0-9]", rb"[A-Z]", rb"[!\"'.:;?]", rb"[\x80-\xff]", rb",", rb" "]
        counts = [len(re.findall(kind, data)) for kind in kinds]
        other = len(data) - sum(counts) - len(re.findall(rb"[a-z]", data))
        assert shape[[0, 2]].tolist() == [len(data), data.count(b"\n")]
        assert shape[5:] * n == pytest.approx([*counts, other])


def test_slices_keep_equal_values_together() -> None:
    """Bins cover every row at most once, none splits a value, and bins of hardly any rows are left out."""
    values = np.array([1.0] * 30 + [2.0] * 30 + list(range(3, 43)))
    bins = list(slices_of(values, [5]))
    rows = np.concatenate(bins)
    assert len(set(rows.tolist())) == len(rows)
    assert all(len({values[r] <= 1 for r in b}) == 1 for b in bins)
    assert all(len(b) >= 4 for b in bins)


def test_sets_of_the_same_rows_are_one() -> None:
    """The pieces of one template are the same texts and count once."""
    sets = sets_of_masks([np.array([0, 2, 5]), np.array([1, 2]), np.array([5, 0, 2]), np.array([1, 3])])
    assert members(without_twins(sets, 6)) == [[0, 2, 5], [1, 2], [1, 3]]


def test_thinning_keeps_so_many_of_each_octave() -> None:
    """Small and large sets are thinned apart from one another."""
    sets = sets_of_masks([np.arange(4)] * 50 + [np.arange(100)] * 3)
    kept = thinned(sets, np.random.default_rng(0), most=10).sizes.tolist()
    assert sorted(kept) == [4] * 10 + [100] * 3


def test_joined_sets_keep_their_rows_and_parts() -> None:
    """Sets behind one another are the same sets; each stratum is of one part."""
    small, large = sets_of_masks([np.arange(4), np.arange(90)]), sets_of_masks([np.arange(7)])
    sets, part = joined([(2, small, True), (0, large, False)])
    assert sets.sizes.tolist() == [4, 90, 7]
    assert part[sets.strata].tolist() == [2, 2, 0]
    assert len(set(sets.strata.tolist())) == 3


def two_topics() -> list[str]:
    """Thirty texts on each of two subjects, their words apart."""
    rng = np.random.default_rng(0)
    words = (
        ["river", "lake", "rain", "cloud", "storm", "wave"],
        ["piano", "violin", "chord", "tempo", "opera", "flute"],
    )
    return [" ".join(rng.choice(words[i % 2], 4)) for i in range(60)]


def test_texts_on_one_subject_are_neighbours() -> None:
    """Neighbourhoods found through shared words keep to their subject."""
    rng = np.random.default_rng(1)
    vectors = vectors_of(all_pieces(strings(two_topics()), "word"), 60, rng)
    balls = members(neighbour_sets(nearness(vectors, rng))[0])
    assert len(balls) == 60
    assert np.mean([len({row % 2 for row in ball}) == 1 for ball in balls]) > 0.9


def test_a_text_unlike_all_others_is_in_every_tail_of_novelty() -> None:
    """Rare pieces put a text into the smallest tail of the unusual."""
    texts = [*two_topics(), "zebra quantum marmalade xylophone"]
    measures = rarity(all_pieces(strings(texts), "word"), len(texts))
    tails = members(novelty_sets(measures, np.random.default_rng(0)))
    assert 60 in tails[0]  # the smallest tail of mean rarity
    assert 60 not in tails[1]  # the most ordinary
    assert measures[60].tolist() == [pytest.approx(np.log(61)), 1.0]
