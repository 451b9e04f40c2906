"""Text with choices, and the grammar of questions."""

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.bench.third_hand.clock import DAY_US, HOURS, job, people, turns_of
from stillwatch.bench.third_hand.dispatch import DISPATCHERS, dispatch
from stillwatch.bench.third_hand.library import DOMAINS, LANGUAGES, questions, section
from stillwatch.bench.third_hand.spinning import decide, draw_keys, parse, render
from stillwatch.bench.third_hand.wording import WORKS, compose, prompts

KEYS = draw_keys(np.arange(400), 9)
FIELDS = {"q": pa.array([f"<{i}>" for i in range(400)])}


def test_every_alternative_appears_around_its_own_row() -> None:
    """Nested choices are rendered for the right rows."""
    texts = render(parse("[A|B[1|2 {q}]] {q}"), KEYS, FIELDS).to_pylist()
    assert {t.replace(f"<{i}>", "#") for i, t in enumerate(texts)} == {"A #", "B1 #", "B2 # #"}


def test_equal_keys_choose_equally() -> None:
    """A person's habit is the same in every prompt."""
    texts = render(parse("[a|b|c|d][e|f|g]"), np.repeat(KEYS[:20], 20), {}).to_pylist()
    assert all(len(set(texts[i : i + 20])) == 1 for i in range(0, 400, 20))


def test_what_is_decided_is_constant() -> None:
    """Nothing kept leaves one text; everything kept leaves the pattern as it was."""
    pattern, rng = parse("[a|b|c] [d|[e|f]]"), np.random.default_rng(1)
    assert len(set(render(decide(pattern, rng, 0.0), KEYS, {}).to_pylist())) == 1
    assert decide(pattern, rng, 1.0) == pattern


def test_unbalanced_brackets_are_refused() -> None:
    """A pattern that closes what it did not open is an error."""
    with pytest.raises(ValueError, match="unbalanced"):
        parse("a ] b")


def test_the_grammar_has_more_than_fifty_thousand_questions() -> None:
    """Distinct questions over all domains, none with a field left open."""
    rng, n = np.random.default_rng(2), 60_000
    texts = questions(rng.integers(0, len(DOMAINS), n), rng.integers(0, 30, n), draw_keys(np.arange(n), 4))
    assert len(texts.unique()) > 50_000
    assert not [t for t in texts[:2000].to_pylist() if "{" in t or "[" in t]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("work", WORKS)
def test_templates_carry_their_question(work: str, language: str) -> None:
    """Every template of every work and language holds its question."""
    template = compose(np.random.default_rng(3), work, language, 0.5, {})
    texts, _ = prompts(template, FIELDS["q"], KEYS)
    assert all(f"<{i}>" in t for i, t in enumerate(texts.to_pylist()))
    assert section(work, language)


@pytest.mark.parametrize("hours", HOURS)
def test_jobs_stay_in_their_span(hours: str) -> None:
    """A job has as many times as asked for, sorted and inside."""
    times = job(np.random.default_rng(4), hours, 500, 10 * DAY_US, 17 * DAY_US)
    assert len(times) == 500
    assert (np.diff(times) >= 0).all()
    assert 10 * DAY_US <= times[0] <= times[-1] <= 17 * DAY_US


def test_people_sit_down_several_times() -> None:
    """Exchanges of one sitting belong to one person, and their turns count from 1."""
    person = np.repeat(np.arange(20), 30)
    times, sitting = people(np.random.default_rng(5), person, "human", 0, 14 * DAY_US)
    turn = turns_of(times, sitting)
    assert all(len(set(person[sitting == s])) == 1 for s in np.unique(sitting))
    assert all(sorted(turn[sitting == s]) == list(range(1, 1 + (sitting == s).sum())) for s in np.unique(sitting))


@pytest.mark.parametrize("how", DISPATCHERS)
def test_dispatchers_use_the_slots_there_are(how: str) -> None:
    """No request goes to an account that is not bought yet, and most accounts get some."""
    times = np.sort(np.random.default_rng(6).integers(0, 10 * DAY_US, 3000))
    available = np.where(times < 5 * DAY_US, 20, 40)
    slot = dispatch(np.random.default_rng(7), how, times, available)
    assert (slot >= 0).all()
    assert (slot < available).all()
    assert len(np.unique(slot)) > 25
