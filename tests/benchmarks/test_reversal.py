"""The attacks work where they must: on prompts made up so that the outcome is known."""

import numpy as np
import pyarrow as pa
import pytest
from benchmarks.reversal_attacks import Kept, agreement, anonymity, dictionary, membership, names_with_salt
from benchmarks.reversal_walk import (
    Language,
    Oracle,
    Words,
    fill_of,
    follow,
    grams_of,
    pair_sums,
    read_grams,
    solve_four,
    walk,
)

from benchmarks import reversal_attacks
from stillwatch.sketch import PhraseCounts
from stillwatch.sketch.tokens import tokens_of

LETTERS = "abcdefghijklmnopqrst"
VOCABULARY = [f"{one}{two}x" for one in LETTERS for two in LETTERS]


def prompts(n: int, n_words: int = 12) -> list[str]:
    """Random words."""
    rng = np.random.default_rng(1)
    return [" ".join(rng.choice(VOCABULARY, n_words)) for _ in range(n)]


@pytest.fixture(scope="module")
def kept() -> Kept:
    """Three hundred prompts, nine in ten of them sent."""
    return Kept.of(prompts(300))


def counted(texts: list[str], room: int = 4000) -> PhraseCounts:
    """Phrase counts with room to spare: hardly a collision."""
    return PhraseCounts.empty(room).add(pa.array(texts), np.ones(len(texts), np.bool_))


def test_the_counter_is_read_as_it_is_written() -> None:
    """Every phrase of what was sent reads its count, word by word as by its hash."""
    text = "what is the capital of the country in question"
    counts, tokens = counted([text] * 3), tokens_of(text)[0]
    assert read_grams(counts.cells, grams_of(tokens)).tolist() == [3] * 6
    oracle = Oracle(counts, Words.of(text.split()))
    assert oracle.reads([0, 1, 2])[3] == 3


def test_words_that_are_no_single_token_are_left_out() -> None:
    """The list holds what the walk can say."""
    words = Words.of(["one", "two-three", "four"])
    assert words.text == ["one", "four"]
    assert words.tokens.tolist() == tokens_of("one four")[0].tolist()


def test_a_prompt_alone_in_the_counter_is_read_back() -> None:
    """With next to no collisions the counter betrays a prompt of known words whole."""
    text = prompts(1, 14)[0]
    words = Words.of(VOCABULARY)
    true = [words.place[token] for token in tokens_of(text)[0].tolist()]
    language = Language([], len(words.text))
    assert walk(Oracle(counted([text]), words), language, true[:3], 14)[0] == true
    assert agreement(walk(Oracle(counted([text]), words, is_blind=True), language, true[:3], 14)[0], true) < 0.5


def test_a_template_is_followed_by_its_count() -> None:
    """Its phrases keep one count; what fills it, and prompts beside it, do not."""
    template, words = prompts(1, 20)[0], Words.of(VOCABULARY)
    sent = [f"{template} {fill}" for fill in prompts(60, 6)]
    true = [words.place[token] for token in tokens_of(template)[0].tolist()]
    found = follow(Oracle(counted(sent), words), Language([], len(words.text)), true[:4], 20)
    assert found == true


def test_fill_of_is_the_column(kept: Kept) -> None:
    """The attacker computes `fill` as sketch/ does, for prompts without a segment."""
    row = int(np.flatnonzero(kept.prints["signature_0"] == 0)[0])
    assert fill_of(kept.sent_tokens[row].tolist()) == int(kept.prints["fill"][row])


@pytest.mark.parametrize("n_tokens", [2, 3, 4])
def test_short_fills_are_solved(n_tokens: int) -> None:
    """Up to four words of a list follow from their sum, for certain."""
    words = Words.of(VOCABULARY[:150])
    prompt = (7, 149, 0, 33)[:n_tokens]
    fill = fill_of(words.tokens[list(prompt)].tolist())
    assert solve_four(words, pair_sums(words), fill, n_tokens) == [prompt]
    assert solve_four(words, pair_sums(words), fill ^ 1, n_tokens) == []


def test_a_list_with_the_prompts_recognises_them(kept: Kept) -> None:
    """As long as hashes are not keyed, all of them and no decoy; case is seen through by `fill` alone."""
    found = dictionary(kept)
    assert found["recognised_by_content"] == 1
    assert found["decoys_by_content"] == found["decoys_by_fill"] == 0
    assert found["other_case_by_content"] == 0
    assert found["other_case_by_fill"] == 1


def test_names_need_the_salt() -> None:
    """With it every name of a list is recognised, without it none."""
    found = names_with_salt(50)
    assert found["names_with_salt"] == 1
    assert found["names_without_salt"] == 0


def test_the_counter_never_misses_and_sometimes_lies(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent is never denied; a fuller counter affirms more that was not."""
    texts = prompts(3000)
    monkeypatch.setattr(reversal_attacks, "LOADS", (1, 64))
    found = membership(Kept.of(texts))
    assert [row["phrase_missed"] for row in found] == [0, 0]
    assert found[0]["phrase_said_sent"] < found[1]["phrase_said_sent"]
    assert len(membership(kept)) == 2


def test_sets_are_counted(kept: Kept) -> None:
    """All prompts are twelve words long, and all are different."""
    found = {row["columns"]: row for row in anonymity(kept)}
    assert found["n_tokens"]["largest_set"] == len(kept.sent)
    assert found["n_tokens"]["entropy_bits"] == 0
    assert found["content"]["alone"] == 1
    assert found["content"]["entropy_bits"] == pytest.approx(np.log2(len(kept.sent)))
