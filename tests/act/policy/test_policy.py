"""A policy decides: first match, tiers, failures, threads."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.policy.expression.conditions import facts, grouped
from tests.act.policy.made import HARVEST, NOW, STREAM, changed, policy_of, rule_text

from stillwatch.act.policy.condition import Condition, condition_of
from stillwatch.act.policy.facts import UNKNOWN, variables_of
from stillwatch.act.policy.policy import Fails, Policy, Rule, duration_words
from stillwatch.model.decision import AccountFacts, Facts, PartnerWord, Request, Risk

ACCUSED = Facts(stream=STREAM)
LADDER = policy_of(
    rule_text("end", f"{HARVEST} && stream.bits > 80", "block"),
    rule_text("known", "account.verified_level >= 2", "allow"),
    rule_text("slow", f"{HARVEST} && stream.bits > 50"),
)


def name_of(policy: Policy, found: Facts, request: Request | None = None) -> str | None:
    """Rule that decides."""
    rule = policy.judge(request or Request("a-1"), found, NOW)
    return None if rule is None else rule.name


def broken(policy: Policy, name: str, fails: Fails) -> Policy:
    """The policy with one rule whose condition cannot be evaluated."""
    condition = condition_of("stream.accused")[0]
    assert condition is not None
    wrong = Condition("stream.nothing", condition.uses, cel.compile("stream.nothing > 3"), condition.tree)
    rules = tuple(replace(rule, when=wrong, fails=fails) if rule.name == name else rule for rule in policy.rules)
    return replace(policy, rules=rules)


def test_first_match_decides() -> None:
    """Order is what counts, and no match is no rule."""
    assert name_of(LADDER, ACCUSED) == "slow"
    assert name_of(LADDER, Facts(stream=changed(STREAM, bits=90.0))) == "end"
    assert name_of(LADDER, Facts(AccountFacts(verified_level=2), STREAM)) == "known"
    assert name_of(LADDER, Facts(stream=changed(STREAM, bits=45.0))) is None
    assert name_of(LADDER, Facts()) is None


@settings(max_examples=100, deadline=None)
@given(
    facts,
    st.permutations(
        ["stream.accused && stream.n_accounts > 1", "stream.bits > 2", "account.age_days < 30", "request.has_tools"]
    ),
)
def test_first_match_is_the_first_of_all(told: dict[str, Any], whens: list[str]) -> None:
    """The shortcut for bystanders gives what going through all rules gives."""
    if not told["stream.accused"]:
        told |= {f"stream.{key}": value for key, value in UNKNOWN["stream"].items()}
    policy = policy_of(*(rule_text(f"r{i}", when, "observe") for i, when in enumerate(whens)))
    context = cel.Context(grouped(told))
    expected = next((rule for rule in policy.rules if rule.when.program.execute(context)), None)
    assert policy.first_match(grouped(told)) is expected


def test_a_rule_that_fails_is_counted_and_skipped() -> None:
    """An error does not match, the next rule is asked, and whoever counts is told which."""
    failed: list[Rule] = []
    policy = broken(LADDER, "end", Fails.OPEN)
    rule = policy.judge(Request("a"), ACCUSED, NOW, failed.append)
    assert rule is not None
    assert (rule.name, [one.name for one in failed]) == ("slow", ["end"])


def test_a_rule_that_fails_closed_matches() -> None:
    """Only where the policy says so, and only for its own action."""
    assert name_of(broken(LADDER, "end", Fails.CLOSED), ACCUSED) == "end"


def test_values_are_data() -> None:
    """CEL, SQL and marks inside values of a request change nothing."""
    policy = policy_of(rule_text("m", "request.model == 'm-1'", "observe"))
    for value in (
        "m-1' || true || '",
        '"+true+"',
        "${true}",
        "'; DROP TABLE policy_versions; --",
        "{lasts}",
        "m-1\x00",
    ):
        assert name_of(policy, Facts(), Request(value, model=value, user_agent=value)) is None
    assert name_of(policy, Facts(), Request("a", model="m-1")) == "m"


TIERS = policy_of(
    '[[tier]]\nname = "high"\nwhen = "account.age_days < 30"\nreason = "new"',
    '[[tier]]\nname = "low"\nwhen = "account.verified_level >= 2"\nreason = "verified"',
    '[[tier]]\nname = "high"\nwhen = "partner.n_indicators >= 2"\nreason = "reported"',
    rule_text("by tier", f"{HARVEST} && risk.tier == 'high'"),
    rule_text("by reason", "'told' in risk.reasons", "observe"),
)


def test_tiers() -> None:
    """The first way that counts gives the tier, with the reasons of all its ways; one that was told goes before."""
    new = AccountFacts(age_days=3.0)
    words = PartnerWord(("i-1", "i-2"), has_local_evidence=True)
    assert name_of(TIERS, Facts(new, STREAM)) == "by tier"
    assert name_of(TIERS, Facts(stream=STREAM)) is None
    assert name_of(TIERS, Facts(new, STREAM, risk=Risk("low", ("told",)))) == "by reason"
    found = TIERS.risk_of(variables_of(Request("a"), Facts(replace(new, verified_level=2), STREAM, words), NOW))
    assert found == Risk("high", ("new", "reported"))
    assert TIERS.risk_of(variables_of(Request("a"), Facts(), NOW)) is None


def test_uses_is_all_that_matters() -> None:
    """Requests that agree on what a policy uses are decided alike: the rest may be anything."""
    assert TIERS.uses == {
        "account.age_days",
        "account.verified_level",
        "partner.n_indicators",
        "stream.accused",
        "stream.verdict",
        "risk.tier",
        "risk.reasons",
    }


def test_threads() -> None:
    """Many at once get what one gets."""
    found: list[set[str | None]] = []

    def ask() -> None:
        found.append({name_of(LADDER, ACCUSED) for _ in range(200)})

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"slow"}] * 8


@pytest.mark.parametrize(("minutes", "words"), [(1, "1 minute"), (90, "90 minutes"), (1440, "1 day"), (2880, "2 days")])
def test_durations_in_words(minutes: int, words: str) -> None:
    """As a customer reads them."""
    assert duration_words(timedelta(minutes=minutes)) == words
