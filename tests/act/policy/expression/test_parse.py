"""Trees of conditions: how they bind, and what does not belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.policy.expression.parse import Binary, Choice, FactOf, Literal, Unary, parse, walk
from stillwatch.act.policy.expression.tokens import WrongExpression


def shape(text: str) -> str:
    """Tree with all its brackets."""

    def shown(node: object) -> str:
        match node:
            case Binary(sign=sign, left=left, right=right):
                return f"({shown(left)}{sign}{shown(right)})"
            case Unary(sign=sign, inner=inner):
                return f"({sign}{shown(inner)})"
            case Choice(test=test, yes=yes, no=no):
                return f"({shown(test)}?{shown(yes)}:{shown(no)})"
            case FactOf(name=name):
                return name.rpartition(".")[2]
            case Literal(value=value):
                return repr(value)
        raise AssertionError

    return shown(parse(text))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a.a || a.b && a.c", "(a||(b&&c))"),
        ("a.a - a.b - a.c", "((a-b)-c)"),
        ("a.a + 2.0 * a.b > 1", "((a+(2.0*b))>1)"),
        ("!a.a && a.b", "((!a)&&b)"),
        ("a.a ? a.b : a.c ? a.d : a.e", "(a?b:(c?d:e))"),
        ("a.a > -1 == true", "((a>(-1))==True)"),
        ("a . a", "a"),
    ],
)
def test_precedence(text: str, tree: str) -> None:
    """What binds tighter stands deeper; the random conditions hold the same against CEL."""
    assert shape(text) == tree


@pytest.mark.parametrize(
    ("text", "says", "at"),
    [
        ("", "got the end", 0),
        ("a.b &&", "got the end", 6),
        ("a.b a.c", "an operator must stand here, got a", 4),
        ("a.b 'secret'", "got a text", 4),
        ("a[0]", "a is no fact", 0),
        ("a.b[0]", "an operator must stand here", 3),
        ("a.b.c", "( must stand here", 5),
        ("size(a.b)", "size is no function", 0),
        ("has(a.b)", "has is no function", 0),
        ("[1].exists(x, x > 0)", "x is no fact", 11),
        ("{'a': 1}", "no sign of conditions", 0),
        ("a.b / 2.0", "no sign of conditions", 4),
        ("!!a.b", "must not stand twice", 1),
        ("1234567890123456", "at most 15 characters", 0),
        ("(" * 30 + "a.b" + ")" * 30, "at most 24 levels", 25),
        (" || ".join(["a.b"] * 140), "join at most 100 parts", 263),
        ("in", "must stand here", 0),
    ],
)
def test_what_does_not_belong(text: str, says: str, at: int) -> None:
    """Each is told with its place, and no text of the condition's author is in the message."""
    with pytest.raises(WrongExpression) as caught:
        parse(text)
    assert says in str(caught.value)
    assert caught.value.at == at
    assert "secret" not in str(caught.value)


@given(st.text(max_size=80) | st.text(alphabet="a.b()[]!&|<>=?:+-*'\"\\1 ", max_size=80))
def test_anything_else_is_refused(text: str) -> None:
    """Whatever is written, there is a tree or a message with a place inside the text."""
    tree, at = None, 0
    try:
        tree = parse(text)
    except WrongExpression as wrong:
        at = wrong.at
    assert 0 <= at <= len(text)
    assert tree is None or walk(tree)[0] is tree


def test_walk_meets_everything() -> None:
    """Every part of a tree is met once, the whole first."""
    found = walk(parse("a.a && a.b.contains('x') ? [1, 2] == [a.c] : !a.d"))
    assert [one.name for one in found if isinstance(one, FactOf)] == ["a.a", "a.b", "a.c", "a.d"]
    assert isinstance(found[0], Choice)
