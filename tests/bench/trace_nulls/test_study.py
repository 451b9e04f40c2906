"""The null study itself: it passes what is uniform and catches what is not."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.page import Page

from stillwatch.bench.trace_nulls.picture import p_value_plot
from stillwatch.bench.trace_nulls.study import LEVELS, Row, Setting, null_study, table
from stillwatch.bench.trace_nulls.texts import KINDS, kinds_of, windows
from stillwatch.bench.trace_nulls.tokens import VOCABULARY, WORDS
from stillwatch.trace.keys.key import Purpose, derive
from stillwatch.trace.mark.gumbel import log_tail, scores
from stillwatch.trace.mark.prf import contexts, seed, uniforms_from

UNIFORM = np.log(np.random.default_rng(2).random(30_000))


def test_uniform_p_values_are_kept_and_others_are_not() -> None:
    """A test whose p-values are a third too small is caught at every level; a cautious one passes."""
    assert Row("good", "k", UNIFORM).is_kept
    assert Row("cautious", "k", UNIFORM / 2).is_kept
    assert not Row("bad", "k", UNIFORM * 1.5).is_kept


def test_the_table_marks_what_is_not_kept() -> None:
    """Bold where the interval lies above the promise, and only there."""
    told = table([Row("good", "k", UNIFORM), Row("bad", "k", UNIFORM * 1.5)]).splitlines()
    assert "**" not in told[2]
    assert told[3].count("**") == 2 * len(LEVELS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_texts(kind: str) -> None:
    """Enough windows of the length asked for, all ids in the vocabulary, the same ones again."""
    found, again = (windows(KINDS[kind](), 200, 40) for _ in range(2))
    assert len(found) == 40
    assert {len(tokens) for tokens in found} == {200}
    assert all(tokens.max() < VOCABULARY and tokens.min() >= 0 for tokens in found)
    assert all((a == b).all() for a, b in zip(found, again, strict=True))


def test_every_text_has_a_key_of_its_own() -> None:
    """Texts are used again when they are few, and never under the same key."""
    asked: list[int] = []

    def log_p(_tokens: NDArray[np.int64], key: int) -> float:
        asked.append(key)
        return 0.0

    setting = Setting("t", log_p)
    rows = null_study([setting], {"k": [np.arange(3)], "l": [np.arange(3)]}, 5, first_key=7)
    assert asked == [*range(7, 12), *range(7, 12)]
    assert [row.kind for row in rows] == ["k", "l"]


def gumbel(tokens: NDArray[np.int64], key: int, *, unique: bool) -> float:
    """The account layer's p-value, with repeats left out or added up."""
    words = derive(bytes(32), Purpose.ACCOUNT, str(key), "e").words
    _, first = np.unique(contexts(tokens, 2), return_index=True)
    places = np.sort(first) + 2 if unique else np.arange(2, len(tokens))
    numbers = np.array([uniforms_from(seed(words, tokens[i - 2 : i]), tokens[i : i + 1])[0] for i in places])
    return log_tail(float(scores(numbers).sum()), len(numbers))


def test_repeats_convict_innocent_texts_and_unique_contexts_do_not() -> None:
    """On tables and records, adding up repeats is wrong far more often than it says; each context once is right."""
    texts = {kind: windows(KINDS[kind](), 300, 30) for kind in ("tables of numbers", "JSON records")}
    settings = [
        Setting("once", lambda tokens, key: gumbel(tokens, key, unique=True)),
        Setting("added up", lambda tokens, key: gumbel(tokens, key, unique=False)),
    ]
    rows = {(row.setting, row.kind): row for row in null_study(settings, texts, 200)}
    assert all(rows["once", kind].is_kept for kind in texts)
    assert not rows["added up", "tables of numbers"].is_kept


def test_the_plot_is_a_whole_picture() -> None:
    """One curve for each kind, the diagonal and the band; every tag closed."""
    drawn = p_value_plot("Innocent texts", [Row("t", "one", UNIFORM), Row("t", "two", UNIFORM)])
    page = Page(drawn)
    assert not page.open
    for words in ("one", "two", "uniform", "95 of 100"):
        assert words in page.text


def test_word_pieces_repeat_where_the_text_does() -> None:
    """Equal pieces are equal ids, in any script."""
    tokens = WORDS.encode("数据 data data, 数据")
    assert len(set(tokens.tolist())) < len(tokens)
    assert len(WORDS.encode("")) == 0


def test_real_prompts_are_a_kind_where_they_are(corpora: Path) -> None:
    """With a folder of corpora there are three kinds more, each with texts."""
    more = kinds_of(corpora).keys() - KINDS.keys()
    assert len(more) == 3
    for kind in more:
        assert windows(itertools.islice(kinds_of(corpora)[kind](), 1), 100, 5)
