"""Kinds: what passes cannot fail when it runs."""

from typing import Any

import cel
import pytest
from hypothesis import given, settings
from tests.act.policy.expression.conditions import conditions, facts, grouped

from stillwatch.act.policy.condition import condition_of


@settings(max_examples=200, deadline=None)
@given(conditions, facts)
def test_what_passes_runs(text: str, told: dict[str, Any]) -> None:
    """A condition that was accepted is true or false for all facts, and raises nothing."""
    found, _ = condition_of(text)
    if found is not None:
        assert type(found.program.execute(cel.Context(grouped(told)))) is bool


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stream.bits", "must be true or false, got a number"),
        ("'x'", "got a text"),
        ("stream.bits > 'x'", "> must compare numbers, got a number and a text"),
        ("'a' < 'b'", "< must compare numbers"),
        ("stream.bits == request.model", "like with like"),
        ("risk.reasons == risk.reasons", "like with like"),
        ("stream.bits + 1 > 2", "2.0, not 2"),
        ("1 + 1 == 2", "2.0, not 2"),
        ("2.0 * (2.0 * stream.bits) > 1.0", "* must have a number beside it"),
        ("stream.bits * stream.bits > 1.0", "* must have a number beside it"),
        ("stream.bits in ['x']", "in must look for"),
        ("stream.bits in []", "at least one"),
        ("stream.bits in [1, 'x']", "all alike"),
        ("stream.accused in [true]", "a list must hold"),
        ("'x' in request.model", "in must look for"),
        ("!stream.bits", "! must stand before true or false"),
        ("-request.model == 'x'", "- must stand before a number"),
        ("stream.accused && 1", "&& must join"),
        ("stream.bits ? true : false", "? must follow true or false"),
        ("(stream.accused ? 1 : 'x') == 1", "both sides of : must be alike"),
        ("request.model.matches('a+')", "matches is no method"),
        ("request.model.contains(1)", "of a text about a text"),
        ("stream.bits.startsWith('x')", "of a text about a text"),
        ("stream.bits > 2000000000000", "at most 1e+12"),
        ("stream.bitz > 1", "stream.bitz is no fact"),
    ],
)
def test_what_cannot_be(text: str, says: str) -> None:
    """Kinds that do not fit, one by one."""
    found, wrong = condition_of(text)
    assert found is None
    assert says in str(wrong[0])


def test_every_unknown_name_is_told() -> None:
    """All names that are no facts, each with its place."""
    _, wrong = condition_of("stream.a > 1 && nobody.b && account.c")
    assert [(str(one), one.at) for one in wrong] == [
        ("stream.a is no fact", 0),
        ("nobody.b is no fact", 16),
        ("account.c is no fact", 28),
    ]
