"""Reasons that customers read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.policy.made import policy_of, rule_text

from stillwatch.act.policy.reason import MARKS, said, wrong_reason


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("", "1 to 500 characters"),
        ("  ", "1 to 500 characters"),
        ("x" * 501, "got 501"),
        ("two\nlines", "one line"),
        ("\x1b[31mred", "one line"),
        ("{nope}", "{nope} is not known"),
        ("{}", "is not known"),
        ("{appeal_url.__class__}", "{...} is not known"),
        ("{{lasts}}", "no single brackets"),
        ("a } b", "no single brackets"),
    ],
)
def test_wrong_reasons(reason: str, says: str) -> None:
    """What a customer cannot read, or would read as a program's."""
    assert says in str(wrong_reason(reason))


def test_all_marks_may_stand() -> None:
    """Each mark of the table is accepted."""
    assert wrong_reason(" ".join(f"{{{mark}}}" for mark in MARKS)) is None


@given(st.text(max_size=30))
def test_what_fills_a_mark_is_data(value: str) -> None:
    """A value with marks in it is not looked into."""
    assert said("<{evidence_id}>", {"evidence_id": value, "lasts": "never"}) == f"<{value}>"


def test_a_rule_says_its_own_marks() -> None:
    """Rate and duration come from the rule, evidence and appeal from the decision."""
    reason = '"{rate_per_minute} for {lasts}, case {evidence_id}: {appeal_url}"'
    rule = policy_of(rule_text(reason=reason, rate_per_minute="0.5", lasts='"90m"')).rules[0]
    assert rule.says("c-1", "https://a.example/x") == "0.5 for 90 minutes, case c-1: https://a.example/x"
