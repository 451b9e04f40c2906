"""What one policy does otherwise, ready to lay out."""

import random
import time

from hypothesis import given
from hypothesis import strategies as st
from tests.act.policy.made import rule_text

from stillwatch.act.policy.read import read_policy
from stillwatch.console.policies.differing import differing, lines_between

texts = st.lists(st.sampled_from("abcdef"), max_size=30).map("\n".join)


@given(texts, texts)
def test_lines_are_those_of_the_texts(before: str, after: str) -> None:
    """Every line that is told has its number in the text, and what is gone and new is what makes one the other."""
    found = lines_between(before, after)
    assert found is not None
    old, new = before.splitlines(), after.splitlines()
    for line in found:
        assert line.before is None or old[line.before - 1] == line.text
        assert line.after is None or new[line.after - 1] == line.text
    n_gone, n_new = (sum(line.kind == kind for line in found) for kind in ("gone", "new"))
    assert len(old) - n_gone == len(new) - n_new
    assert (before.splitlines() == after.splitlines()) == (not found)


def test_what_stayed_is_left_out() -> None:
    """Of a long text only what is around a change is told."""
    old = [f"line {n}" for n in range(100)]
    found = lines_between("\n".join(old), "\n".join([*old[:50], "new", *old[50:]]))
    assert found is not None
    assert [line.kind for line in found] == ["gap", *["same"] * 3, "new", *["same"] * 3, "gap"]


def test_long_texts_take_no_time() -> None:
    """A text of two thousand lines is compared while somebody waits; a longer one is not compared."""
    lines = [str(n % 211) for n in range(2_000)]
    mixed = random.Random(1).sample(lines, len(lines))  # noqa: S311 - an order, no secret
    start = time.perf_counter()
    assert lines_between("\n".join(lines), "\n".join(mixed)) is not None
    assert time.perf_counter() - start < 20
    assert lines_between("a\n" * 2_001, "b") is None


def test_fields_are_told_as_people_read_them() -> None:
    """Durations, shares and what is not there have words."""
    before = read_policy(rule_text(lasts='"24h"'), "p.toml")
    after = read_policy("[limits]\ntraffic = 0.005\n" + rule_text(lasts='"48h"', then="block"), "p.toml")
    found = {
        field.name: (field.before, field.after) for _, fields in differing(before, after).changes for field in fields
    }
    assert found["lasts"] == ("1 day", "2 days")
    assert found["traffic"] == ("2 %", "0.5 %")
    assert found["requests a minute"] == ("6", "none")
