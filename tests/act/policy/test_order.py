"""Order: what is never reached, and two rules that want different things."""

import pytest
from hypothesis import given, settings
from tests.act.policy.expression.conditions import conditions
from tests.act.policy.made import HARVEST, NOW, STREAM, changed, policy_of, rule_text

from stillwatch.act.policy.condition import condition_of
from stillwatch.act.policy.facts import FACTS
from stillwatch.act.policy.order import example_of, warnings_of
from stillwatch.act.policy.wrong import WrongPolicy
from stillwatch.model.decision import Action, Facts, Request

UNKNOWN = {fact.name: fact.unknown for fact in FACTS}


@pytest.mark.parametrize(
    ("first", "then", "second"),
    [
        ("true", "observe", "stream.accused"),
        ("true", "observe", "account.age_days < 3"),
        ("stream.accused || !stream.accused && true || true", "observe", "account.age_days < 3"),
        ("stream.accused", "block", "stream.accused && stream.bits > 90"),
    ],
)
def test_never_reached(first: str, then: str, second: str) -> None:
    """A rule behind one that takes all it could match is refused."""
    with pytest.raises(WrongPolicy, match="rule two is never reached: one takes all before it"):
        policy_of(rule_text("one", first, then), rule_text("two", second, "observe" if "account" in second else "mark"))


def test_reached_behind_all_accused() -> None:
    """A rule that takes all accused streams leaves the rest to others."""
    assert len(policy_of(rule_text("one", "stream.accused"), rule_text("two", "true", "observe")).rules) == 2


def test_two_rules_fight() -> None:
    """The first wins, and the check says so with an example that both match."""
    policy = policy_of(
        rule_text("slow", f"{HARVEST} && stream.bits > 40"),
        rule_text("end", f"{HARVEST} && stream.bits > 60 && account.age_days < 30", "block"),
    )
    (warning,) = warnings_of(policy)
    assert warning.startswith("rules slow (throttle) and end (block) both match when account.age_days = 29")
    assert warning.endswith("slow comes first and wins")
    rule = policy.judge(Request("a"), Facts(stream=changed(STREAM, bits=90.0)), NOW)
    assert rule is not None
    assert rule.action is Action.THROTTLE


@pytest.mark.parametrize(
    "rules",
    [
        [("end", f"{HARVEST} && stream.bits > 60", "block"), ("slow", HARVEST, "throttle")],
        [("known", "account.verified_level >= 2", "allow"), ("slow", HARVEST, "throttle")],
        [("slow", f"{HARVEST} && stream.bits < 50", "throttle"), ("end", f"{HARVEST} && stream.bits >= 50", "block")],
    ],
    ids=["ladder", "exception", "apart"],
)
def test_no_warning(rules: list[tuple[str, str, str]]) -> None:
    """The harsher first, an exception first, and rules that never meet are as they should be."""
    assert warnings_of(policy_of(*(rule_text(*rule) for rule in rules))) == []


def test_verdicts_are_warned_of() -> None:
    """A rule that touches popular tools is allowed, and told."""
    assert warnings_of(policy_of(rule_text(when="stream.accused"))) == [
        "rule harvest may throttle streams whose verdict is related, evaluation, tool, unclear"
    ]


@settings(max_examples=150, deadline=None)
@given(conditions)
def test_examples_are_examples(text: str) -> None:
    """What is given as an example fulfils the condition."""
    found, _ = condition_of(text)
    example = None if found is None else example_of(found)
    assert found is None or example is None or found.can_be({**UNKNOWN, **example}) is True


@pytest.mark.parametrize(
    "text",
    [
        "stream.accused && stream.bits > 40 && stream.bits <= 90",
        "!(stream.bits > 40) && request.model != 'x'",
        "request.model in ['a', 'b'] || stream.accused",
        "3 < stream.bits && 'i-1' in partner.indicators && request.model.contains('x')",
        "!stream.accused && !(account.programme == 'x')",
    ],
)
def test_usual_conditions_have_examples(text: str) -> None:
    """For conditions as people write them an example is found."""
    found, _ = condition_of(text)
    assert found is not None
    assert example_of(found) is not None
