"""Cases that a policy carries."""

import pytest
from tests.act.policy.made import policy_of, rule_text

from stillwatch.act.policy.cases import run_cases
from stillwatch.model.decision import Action


def case(told: str, expects: str = "throttle") -> str:
    """A case of the rule that `rule_text` gives."""
    return f'[[case]]\nname = "c"\nexpects = "{expects}"\n{told}'


@pytest.mark.parametrize(
    ("told", "expects", "passes"),
    [
        ('stream = { verdict = "harvest" }', "throttle", True),
        ('stream = { verdict = "harvest" }\nrule = "harvest"', "throttle", True),
        ('stream = { verdict = "harvest" }\nrule = ""', "throttle", False),
        ('stream = { verdict = "harvest" }', "observe", False),
        ('stream = { verdict = "harvest", accused = false }', "observe", True),
        ('stream = { verdict = "tool" }\nrule = ""', "observe", True),
        ("", "observe", True),
        ('rule = "harvest"', "observe", False),
    ],
)
def test_cases(told: str, expects: str, passes: object) -> None:
    """Action and rule must be as expected; a stream that is told is accused unless it says otherwise."""
    (outcome,) = run_cases(policy_of(rule_text(), case(told, expects)))
    assert outcome.passes is passes


def test_what_follows_is_filled_in() -> None:
    """Evidence beyond the bar, the number of indicators and the tier need not be told."""
    rules = rule_text(when="stream.bits_over_bar >= 20 && partner.n_indicators == 2 && risk.tier == 'high'")
    tier = '[[tier]]\nname = "high"\nwhen = "account.age_days < 30"\nreason = "new"\n'
    told = 'stream = { bits = 60, bar_bits = 40 }\npartner = { indicators = ["a", "b"] }\naccount = { age_days = 3 }'
    (outcome,) = run_cases(policy_of(tier, rules, case(told)))
    assert (outcome.action, outcome.rule) == (Action.THROTTLE, "harvest")
