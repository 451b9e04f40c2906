"""The grammar of the second hand, against a plain reading of the same rules."""

import re

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.bench.second_hand.text import Grammar, about, foreign, grammar, n_topics, topic_name

# What the modules that draw a sentence give with it.
GIVEN = (
    *("item", "course_name", "fixed", "target", "tone", "company", "tool", "event", "cond", "exp"),
    *("fixed_year", "fixed_job", "fixed_place"),
)


def test_every_row_is_its_own_production_filled_in() -> None:
    """A row's text is what str.format makes of its production and its values."""
    rng = np.random.default_rng(2)
    productions = ["{a} and {b}", "plain", "{b}{a}{b}"]
    code = rng.integers(0, 3, 200)
    a, b = [f"a{i}" for i in range(200)], [f"b{i}" for i in range(200)]
    drawn = Grammar({}).render(rng, productions, code, {"a": pa.array(a), "b": pa.array(b)}).to_pylist()
    assert drawn == [productions[c].format(a=a[i], b=b[i]) for i, c in enumerate(code)]


def test_nested_rules_keep_the_row_they_belong_to() -> None:
    """A rule inside a rule sees the values of its own row."""
    rules = Grammar({"s": ["<{inner}>", "({inner})"], "inner": ["{x}", "{x}!"]})
    drawn = rules.draw(np.random.default_rng(1), "s", 100, {"x": pa.array([str(i) for i in range(100)])}).to_pylist()
    assert [int(re.sub(r"\D", "", text)) for text in drawn] == list(range(100))


def test_a_rule_that_calls_itself_is_refused() -> None:
    """Recursion ends with an error instead of never."""
    with pytest.raises(RecursionError, match="itself"):
        Grammar({"s": ["x{s}"]}).draw(np.random.default_rng(0), "s", 3, {})


def test_terms_of_a_row_belong_to_its_topic_and_differ() -> None:
    """Topic and terms come from one line of the world, the three terms are different."""
    topic = np.arange(n_topics())
    drawn = about(np.random.default_rng(3), topic)
    assert drawn["topic"].to_pylist() == [topic_name(int(t)) for t in topic]
    for one, two, three in zip(*(drawn[k].to_pylist() for k in ("term", "term2", "term3")), strict=True):
        assert len({one, two, three}) == 3


@pytest.mark.parametrize("side", ["attack", "innocent"])
def test_all_slots_of_a_side_can_be_filled(side: str) -> None:
    """Every production of every list renders and leaves no slot open."""
    rules = grammar(side)
    rng = np.random.default_rng(5)
    known = {name: pa.array(["something"] * 40) for name in GIVEN}
    for name in rules.names:
        drawn = rules.draw(rng, name, 40, {**about(rng, rng.integers(0, n_topics(), 40)), **known})
        left = [
            t for t in drawn.to_pylist() if re.search(r"(?<!\")\{\w+\}", t) and "fixed_" not in t and "{0}" not in t
        ]
        assert not left, name


def test_no_sentence_is_on_both_sides() -> None:
    """Attackers' and innocents' productions are disjoint, closed lists of names and places aside."""
    sides = []
    for side in ("attack", "innocent"):
        rules = grammar(side)
        sides.append({p for name in rules.names for p in rules[name] if "{" in p and len(p) > 12})
    assert not sides[0] & sides[1]


def test_other_languages_have_questions_and_wrappers() -> None:
    """Each language can ask and wrap, in its own letters."""
    rng = np.random.default_rng(4)
    for code, rules in foreign().items():
        asked = rules.draw(rng, "question", 30, {}).to_pylist()
        assert len(set(asked)) > 10, code
        assert all("{item}" in w for w in rules["wrap"])
