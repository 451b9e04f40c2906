"""Conditions are read as CEL reads them, and what is called settled is settled."""

from typing import Any

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.policy.expression.conditions import conditions, facts, grouped

from stillwatch.act.policy.condition import condition_of
from stillwatch.act.policy.expression.parse import parse
from stillwatch.act.policy.expression.possible import UNTOLD, possible
from stillwatch.act.policy.facts import FACTS


@settings(max_examples=300, deadline=None)
@given(conditions, facts)
def test_all_told_is_what_cel_says(text: str, told: dict[str, Any]) -> None:
    """With every fact told the value is that of CEL, of which our tree knows nothing: precedence, kinds, escapes."""
    found, wrong = condition_of(text)
    if found is None:
        assert "at most" in str(wrong[0])  # too long or too deep, the only things that chance makes wrong
        return
    assert found.can_be(told) == cel.compile(text).execute(cel.Context(grouped(told)))


@settings(max_examples=300, deadline=None)
@given(conditions, facts, facts, st.sets(st.sampled_from([fact.name for fact in FACTS])))
def test_settled_is_settled(text: str, told: dict[str, Any], other: dict[str, Any], kept: set[str]) -> None:
    """A value that some facts settle is the value whatever the other facts are."""
    tree = parse(text)
    settled = possible(tree, {name: told[name] for name in kept})
    if settled is not UNTOLD:
        assert possible(tree, {**other, **{name: told[name] for name in kept}}) == settled


@pytest.mark.parametrize(
    ("text", "told", "value"),
    [
        ("stream.accused && request.has_tools", {"stream.accused": False}, False),
        ("request.has_tools && stream.accused", {"stream.accused": False}, False),
        ("stream.accused || request.has_tools", {"stream.accused": True}, True),
        ("stream.accused && request.has_tools", {"stream.accused": True}, UNTOLD),
        ("!stream.accused", {}, UNTOLD),
        ("request.has_tools ? stream.accused : stream.accused", {"stream.accused": False}, False),
        ("request.has_tools ? stream.accused : true", {"stream.accused": False}, UNTOLD),
        ("stream.bits == stream.bits", {}, UNTOLD),
        ("request.country in ['XX']", {}, UNTOLD),
    ],
)
def test_kleene(text: str, told: dict[str, Any], value: object) -> None:
    """Kleene's tables: one side is enough where it is, and nothing is guessed; it may miss what always holds."""
    assert possible(parse(text), told) is value
