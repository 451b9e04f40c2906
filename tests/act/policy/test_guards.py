"""Guards that no policy can switch off."""

from dataclasses import replace
from typing import Any

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.policy.expression.conditions import conditions, facts
from tests.act.policy.made import HARVEST, policy_of, rule_text

from stillwatch.act.policy.condition import Condition, condition_of
from stillwatch.act.policy.facts import FACTS
from stillwatch.act.policy.guards import always, broken_guards, is_by_place, needs_stream, never, other_verdicts
from stillwatch.act.policy.policy import ACTIONS_THAT_END
from stillwatch.act.policy.wrong import WrongPolicy
from stillwatch.model.decision import Action

NO_STREAM = {fact.name: fact.unknown for fact in FACTS if fact.group == "stream"}
NO_EVIDENCE = {fact.name: fact.unknown for fact in FACTS if not fact.is_place}


def condition(text: str) -> Condition:
    """A condition that is right."""
    found, wrong = condition_of(text)
    assert found is not None, wrong
    return found


@pytest.mark.parametrize(
    "when",
    [
        "true",
        "account.age_days < 30",
        "request.country == 'XX' && account.age_days < 30",
        "partner.n_indicators > 0",
        "partner.has_local_evidence",
        "partner.n_indicators > 0 && stream.bits >= 0",
        "stream.accused || partner.n_indicators > 0",
        "risk.tier == 'high'",
        "!stream.cleared",
        "stream.quiet_h > 24",
        "request.has_tools ? stream.accused : request.wants_logprobs",
        "stream.verdict != 'tool'",
    ],
)
@pytest.mark.parametrize("action", ACTIONS_THAT_END)
def test_beyond_observe_needs_a_stream(when: str, action: Action) -> None:
    """No action that is felt may match where there is no accused stream; observe may."""
    with pytest.raises(WrongPolicy, match="must need an accused stream"):
        policy_of(rule_text(when=when, then=action.value))
    if "country" not in when:
        assert policy_of(rule_text(when=when, then="observe")).rules


@pytest.mark.parametrize(
    "when", ["stream.accused", "stream.bits > 0", "stream.verdict in ['harvest']", "stream.bits_over_bar >= 0"]
)
def test_a_stream_may_be_asked_for_in_any_way(when: str) -> None:
    """What no request of no stream fulfils will do, however it is written."""
    assert policy_of(rule_text(when=when)).rules[0].needs_stream


def test_the_word_of_partners_is_named() -> None:
    """A rule on partners alone is told why it is refused; joined to an accused stream it is accepted."""
    assert any("partners" in said for said in broken_guards(condition("partner.n_indicators > 3"), Action.MARK))
    assert not list(broken_guards(condition("stream.accused && partner.n_indicators > 3"), Action.MARK))


@pytest.mark.parametrize(
    ("when", "is_wrong"),
    [
        ("request.country == 'XX'", True),
        ("request.country != 'XX'", True),
        ("!(request.country in ['XX', 'YY'])", True),
        ("request.asn == 64500 || stream.accused", True),
        ("request.country == 'XX' || request.country != 'XX'", True),
        ("request.country == 'XX' && !(account.age_days < 30)", True),
        ("request.country == 'XX' && account.age_days >= 0", True),
        ("request.country == 'XX' && request.model != 'm'", True),
        ("request.country.startsWith('X') ? true : stream.accused", True),
        ("request.country == 'XX' && account.age_days < 30", False),
        ("request.country == 'XX' && stream.accused", False),
        ("stream.accused && (request.asn == 64500 || stream.bits > 80)", False),
        ("account.age_days >= 0", False),
    ],
)
@pytest.mark.parametrize("action", [Action.ALLOW, Action.OBSERVE])
def test_a_place_is_never_alone(when: str, is_wrong: object, action: Action) -> None:
    """Of no action, the mildest included, whichever way it is written."""
    assert bool([said for said in broken_guards(condition(when), action) if "country or network" in said]) is is_wrong


@settings(max_examples=200, deadline=None)
@given(conditions, facts)
def test_proofs_hold(text: str, told: dict[str, Any]) -> None:
    """What is proved of a condition holds for whatever facts chance brings: the oracle is evaluation."""
    found, _ = condition_of(text)
    if found is None:
        return
    if needs_stream(found):
        assert found.can_be({**told, **NO_STREAM}) is False
    if found.uses & {"request.country", "request.asn"} and not is_by_place(found):
        assert found.can_be({**told, **NO_EVIDENCE}) is False
    assert not (always(found) and found.can_be(told) is False)
    assert not (never(found) and found.can_be(told) is True)


@settings(max_examples=100, deadline=None)
@given(conditions)
def test_joined_to_a_stream_everything_is_accepted(text: str) -> None:
    """What the messages say to do always helps."""
    found, _ = condition_of(f"stream.accused && ({text})")
    if found is not None:
        assert not list(broken_guards(found, Action.BLOCK))


@given(st.sampled_from(list(Action)))
def test_verdicts_of_bystanders(action: Action) -> None:
    """A rule that does not ask for the verdict may hit tools and evaluations; one that does may not."""
    assert other_verdicts(condition("stream.accused")) == ["related", "evaluation", "tool", "unclear"]
    assert other_verdicts(condition(HARVEST)) == []
    assert other_verdicts(condition("stream.accused && stream.verdict != 'tool'")) == [
        "related",
        "evaluation",
        "unclear",
    ]
    assert action in Action


def test_fast_path_asks_no_rule_that_needs_a_stream() -> None:
    """A rule that needs a stream is not even evaluated where there is none; the proof is what allows it."""
    policy = policy_of(rule_text())
    broken = replace(policy.rules[0], when=replace(policy.rules[0].when, program=cel.compile("nobody.knows")))
    assert (
        replace(policy, rules=(broken,)).first_match({"stream": {"accused": False}}, lambda _: pytest.fail("asked"))
        is None
    )
