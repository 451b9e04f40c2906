"""Conditions and facts at random, of the whole language."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from stillwatch.act.policy.facts import FACTS, FactKind

TEXTS = ("", "a", "ab", "it's", 'say "b"', "back\\slash", "// no comment", "${x}", "é")
NUMBERS = (0.0, 1.0, 2.5, 40.0)


def of_kind(kind: FactKind) -> SearchStrategy[str]:
    """Name of a fact of a kind."""
    return st.sampled_from([fact.name for fact in FACTS if fact.kind is kind])


def quoted(text: str) -> str:
    """Text as a condition writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


texts = of_kind(FactKind.TEXT) | st.sampled_from(TEXTS).map(quoted)
wholes = st.sampled_from(("0", "1", "3", "-2", "40"))
doubles = st.sampled_from(("0.0", "1.0", "2.5", "40.0"))
numbers: SearchStrategy[str] = st.recursive(
    of_kind(FactKind.NUMBER) | doubles,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
        | inner.map(lambda n: f"-({n})")
    ),
    max_leaves=4,
) | st.tuples(doubles, of_kind(FactKind.NUMBER)).map(lambda t: f"{t[0]}*{t[1]}")
lists_of_texts = st.lists(st.sampled_from(TEXTS).map(quoted), min_size=1, max_size=3).map(lambda t: f"[{', '.join(t)}]")
lists_of_numbers = st.lists(doubles | wholes, min_size=1, max_size=3).map(lambda t: f"[{', '.join(t)}]")
compares = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
leaves = (
    of_kind(FactKind.TRUTH)
    | st.sampled_from(("true", "false"))
    | st.tuples(numbers, compares, numbers | wholes).map(" ".join)
    | st.tuples(texts, st.sampled_from(("==", "!=")), texts).map(" ".join)
    | st.tuples(texts, lists_of_texts | of_kind(FactKind.TEXTS)).map(" in ".join)
    | st.tuples(numbers, lists_of_numbers).map(" in ".join)
    | st.tuples(texts, st.sampled_from(("contains", "startsWith", "endsWith")), texts).map(
        lambda t: f"{t[0]}.{t[1]}({t[2]})"
    )
)
conditions: SearchStrategy[str] = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(inner, st.sampled_from(("&&", "||")), inner).map(" ".join)
        | inner.map(lambda c: f"!({c})")
        | inner.map(lambda c: f"({c})")
        | st.tuples(inner, inner, inner).map(lambda t: f"(({t[0]}) ? {t[1]} : {t[2]})")
        | st.tuples(inner, st.sampled_from(("==", "!=")), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})")
    ),
    max_leaves=8,
)
"""Without brackets where precedence decides: `a || b && c` is among them."""

_VALUES: dict[FactKind, SearchStrategy[Any]] = {
    FactKind.NUMBER: st.sampled_from(NUMBERS),
    FactKind.TEXT: st.sampled_from(TEXTS),
    FactKind.TRUTH: st.booleans(),
    FactKind.TEXTS: st.lists(st.sampled_from(TEXTS), max_size=2),
}
facts: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({fact.name: _VALUES[fact.kind] for fact in FACTS})


def grouped(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Facts by group and name, as CEL wants them."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        group, _, key = name.partition(".")
        found.setdefault(group, {})[key] = value
    return found
