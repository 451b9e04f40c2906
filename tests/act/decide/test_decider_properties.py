"""What holds of every decision, whatever is asked and known."""

from hypothesis import given
from hypothesis import strategies as st
from tests.act.decide.made import SETTINGS, Hands, Taken, Told, active, appeal_url, facts, rule

from stillwatch.act.decide.decider import Decider
from stillwatch.act.decide.memory import DecisionMemory
from stillwatch.act.decide.source import People
from stillwatch.act.decide.stream import Stream
from stillwatch.act.policy.policy import Rule
from stillwatch.model.decision import SEVERITY, Action, Decision, Facts, PartnerWord, Request

RULES = (
    rule("partners", Action.BLOCK, "partner.n_indicators > 1.0"),
    rule("strong", Action.SUSPEND_STREAM, "stream.bits > 100.0"),
    rule("new", Action.STEP_UP, "account.age_days < 3.0"),
    rule("slow", Action.THROTTLE, "stream.bits > 30.0", rate=60.0),
    rule("fine", Action.ALLOW, "account.age_days > 1000.0"),
)
PARTNER = st.none() | st.builds(PartnerWord, st.just(("i-1", "i-2")), st.booleans())
FACTS = st.builds(
    facts,
    st.sampled_from([None, "c-1", "c-2"]),
    bits=st.sampled_from([25.0, 50.0, 150.0]),
    cleared=st.booleans(),
    protected=st.booleans(),
    partner=PARTNER,
    age_days=st.sampled_from([None, 1.0, 400.0, 2000.0]),
)
ASKED = st.lists(st.tuples(st.sampled_from(["a-1", "a-2", "a-3"]), FACTS, st.integers(0, 900)), max_size=25)
STAGES = st.sampled_from([0.0, 0.3, 0.7, 1.0])
CLEARED = [Stream("c-2", "a-3")]


def answers(asked: list[tuple[str, Facts, int]], stage: float) -> list[tuple[Decision, Action | None, int]]:
    """Decisions of a new decider, what the rule wanted, and how many guards held."""
    told, hands = Told(), Hands()
    memory = DecisionMemory(Taken())
    people = People(cleared=lambda: CLEARED, appeal_url=appeal_url)
    decider = Decider(told, lambda: active(*RULES, stage=stage), memory, SETTINGS, people, hands.clock)
    decider.tend()
    found = []
    for account, known, gap_s in asked:
        hands.pass_time(gap_s)
        told.otherwise = known
        answer = decider.begin(Request(account, "r"))
        found.append((answer.decision, answer.wanted, len(answer.guards)))
    return found


def first(known: Facts) -> Rule | None:
    """The rule that decides, read by a person."""
    n_indicators = len(known.partner.indicators) if known.partner else 0
    age = known.account.age_days if known.account.age_days is not None else 1e9
    bits = known.stream.bits if known.stream else 0.0
    holds = (n_indicators > 1, bits > 100, age < 3, bits > 30, age > 1000)
    return next((one for one, hold in zip(RULES, holds, strict=True) if hold), None)


@given(ASKED, STAGES)
def test_never_harsher_than_the_rule_and_never_on_the_wrong(asked: list[tuple[str, Facts, int]], stage: float) -> None:
    """What is done is the rule's action or no more than observe; for whom guards speak nothing is done."""
    for (account, known, _), (found, wanted, _) in zip(asked, answers(asked, stage), strict=True):
        expected = first(known)
        assert wanted is (None if expected is None else expected.action)
        assert found.action in {wanted, Action.OBSERVE, Action.ALLOW}
        assert SEVERITY[found.action] <= max(SEVERITY[wanted or Action.OBSERVE], SEVERITY[Action.OBSERVE])
        is_cleared = known.stream is not None and (
            known.stream.cleared or (known.stream.campaign_id, account) in CLEARED
        )
        if is_cleared:
            assert found.action is Action.ALLOW
        if known.stream is None or known.account.is_protected:
            assert SEVERITY[found.action] <= SEVERITY[Action.OBSERVE]
        if expected is RULES[0] and known.partner is not None and not known.partner.has_local_evidence:
            assert SEVERITY[found.action] <= SEVERITY[Action.OBSERVE]


@given(ASKED, STAGES)
def test_every_decision_is_whole(asked: list[tuple[str, Facts, int]], stage: float) -> None:
    """An end that lies ahead, words, a policy; beyond observe also evidence, rule and a link to object."""
    for found, _, _ in answers(asked, stage):
        assert found.expires_at > found.decided_at
        assert found.reason
        assert (found.request_id, found.policy_version) == ("r", "v1")
        if SEVERITY[found.action] > SEVERITY[Action.OBSERVE]:
            assert found.appeal_url == appeal_url(found)
            assert found.evidence_id
            assert found.rule


@given(ASKED, STAGES)
def test_the_same_inputs_give_the_same_decisions(asked: list[tuple[str, Facts, int]], stage: float) -> None:
    """Two deciders that are asked the same at the same times agree, but for the random ids."""

    def told(found: list[tuple[Decision, Action | None, int]]) -> list[tuple[object, ...]]:
        return [
            (d.action, d.rule, d.evidence_id, d.decided_at, d.expires_at, d.retry_after_s, wanted, n_guards)
            for d, wanted, n_guards in found
        ]

    assert told(answers(asked, stage)) == told(answers(asked, stage))


@given(ASKED)
def test_a_larger_stage_never_touches_fewer(asked: list[tuple[str, Facts, int]]) -> None:
    """Whoever is touched at 30 % is touched at 70 %, and at 100 %."""
    touched = [
        {
            n
            for n, (found, _, _) in enumerate(answers(asked, stage))
            if SEVERITY[found.action] > SEVERITY[Action.OBSERVE]
        }
        for stage in (0.0, 0.3, 0.7, 1.0)
    ]
    assert touched[0] == set()
    assert touched[0] <= touched[1] <= touched[2] <= touched[3]
