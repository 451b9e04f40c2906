"""One question in the words of many: as each is used to, the same for a seed, far apart and sometimes equal."""

import re
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.bench.third_hand.exercises import course, goals
from stillwatch.bench.third_hand.library import Library
from stillwatch.bench.third_hand.retelling import STYLES, Habits, habits, reworded, styles
from stillwatch.bench.third_hand.spinning import draw_keys

PEOPLE = 60
EXERCISE = (
    "A tank (of steel) holds 40 litres. Every day Rosa takes 3 litres out of it. "
    "If nobody fills it, how many litres are left after 5 days?"
)


def said(style: str, *, seed: int = 1, text: str = EXERCISE) -> list[str]:
    """What everybody makes of a text in one style."""
    rng, person = np.random.default_rng(seed), np.arange(PEOPLE)
    around = pa.array(["Please help:"] * PEOPLE), pa.array(["Thanks!"] * PEOPLE)
    chosen = np.full(PEOPLE, STYLES.index(style))
    given = pa.array([text] * PEOPLE)
    made: list[str] = reworded(rng, habits(rng, PEOPLE), person, chosen, given, around).to_pylist()
    return made


def words(text: str) -> frozenset[str]:
    """Its words."""
    return frozenset(re.findall(r"\w+", text.lower()))


def overlap(a: str, b: str) -> float:
    """Jaccard similarity of the words."""
    return len(words(a) & words(b)) / len(words(a) | words(b))


def test_pasted_is_verbatim_and_framed_holds_it() -> None:
    """Who pastes changes nothing; who frames only adds."""
    assert set(said("paste")) == {EXERCISE}
    framed = said("framed")
    assert all(EXERCISE in text for text in framed)
    assert len(set(framed)) > 4


def test_a_part_keeps_the_question() -> None:
    """Context is dropped, the question never; of a single sentence the bigger half stays."""
    assert all("how many litres" in text for text in said("part"))
    assert min(map(len, said("part"))) < 0.6 * len(EXERCISE)
    one = "Compare plate tectonics and ocean currents in terms of their energy balance over time."
    assert all(overlap(text, one) > 0.4 for text in said("part", text=one))
    assert max(overlap(text, one) for text in said("part", text=one)) < 1


def test_retold_has_another_order_and_other_phrases() -> None:
    """The question comes first with some, the condition last with some, and hardly two say it alike."""
    told = [text.lower() for text in said("retold")]
    assert len(set(told)) > 0.7 * PEOPLE
    assert any(re.search(r"litres.*days? if nobody", text) for text in told)
    assert any("what number of" in text for text in told)
    assert any(text.find("nobody") < text.find("tank") for text in told if "tank" in text and "nobody" in text)
    assert not any("(of steel)" in text for text in told)


def test_the_hurried_write_short() -> None:
    """Small letters and fewer words."""
    hurried = said("hurry")
    assert all(text == text.lower() for text in hurried)
    assert np.mean([len(text) for text in hurried]) < 0.85 * len(EXERCISE)


def test_a_seed_repeats_and_another_differs() -> None:
    """Rewording depends on nothing but the seed."""
    assert said("retold", seed=4) == said("retold", seed=4)
    assert said("retold", seed=4) != said("retold", seed=5)


def test_who_asks_again_says_it_otherwise() -> None:
    """A second attempt is hardly ever a paste."""
    rng = np.random.default_rng(2)
    known = habits(rng, PEOPLE)
    person = np.repeat(np.arange(PEOPLE), 40)
    first = styles(rng, known, person, again=np.zeros(len(person), np.bool_))
    second = styles(rng, known, person, again=np.ones(len(person), np.bool_))
    assert np.mean(first == 0) > 2 * np.mean(second == 0)
    usual = np.mean(first.reshape(PEOPLE, 40) == known.style[:, None], 1)
    assert np.median(usual) > 0.6


def known_of(rng: np.random.Generator) -> tuple[Habits, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Habits of some people and the style of one question each."""
    known = habits(rng, PEOPLE)
    return known, styles(rng, known, np.arange(PEOPLE), again=np.zeros(PEOPLE, np.bool_))


@pytest.mark.parametrize("asks", ["course", "goals"])
def test_wordings_of_one_question_spread(asks: str) -> None:
    """From a third of the words in common to nearly all, with some equal to the letter."""
    equal: list[float] = []
    common: list[float] = []
    for seed in range(8):
        rng, zero = np.random.default_rng(seed), np.zeros(PEOPLE, np.int64)
        known, style = known_of(rng)
        around = pa.array(["Please help:"] * PEOPLE), pa.array(["Thanks!"] * PEOPLE)
        if asks == "course":
            text = course(rng, Library(), 0, 8).text(zero)
        else:
            text = goals(rng, 8).text(zero, draw_keys(np.where(style < 3, 0, np.arange(PEOPLE) % 7), seed))
        made = reworded(rng, known, np.arange(PEOPLE), style, text, around).to_pylist()
        pairs = list(combinations(made, 2))
        equal.append(float(np.mean([a == b for a, b in pairs])))
        common.extend(overlap(a, b) for a, b in pairs if a != b)
    low, high = np.quantile(common, [0.1, 0.9])
    assert 0.005 < np.mean(equal) < 0.3
    assert low < 0.5
    assert high > 0.75
