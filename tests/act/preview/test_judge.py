"""What a policy does: the same, row by row, as policy, guards and throttles do one request at a time."""

from collections import Counter
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.decide.made import KEY, NOW, SETTINGS, Hands, appeal_url, database
from tests.act.preview.made import (
    CAMPAIGNS,
    LADDER,
    OBSERVES,
    START,
    Row,
    Told,
    blocks,
    facts_of,
    judged,
    request_of,
    row,
    stream,
    world,
)

from stillwatch.act.decide.decider import Decider
from stillwatch.act.decide.guards import GUARDS
from stillwatch.act.decide.memory import DecisionMemory
from stillwatch.act.decide.protected import Protected
from stillwatch.act.decide.recorder import Recorder
from stillwatch.act.decide.source import People
from stillwatch.act.decide.stream import Stream, place_of
from stillwatch.act.decide.throttles import Throttles
from stillwatch.act.policy.limits import Limits
from stillwatch.act.policy.policy import ActivePolicy, Policy
from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview._kernels_bucket import over_rate, over_shared_rate
from stillwatch.act.preview.judge import ACTIONS, NO_RULE, Judged, Terms
from stillwatch.act.preview.traffic import NOBODYS
from stillwatch.model.decision import Decision, Facts, Request

POLICIES = [read_policy(LADDER, "ladder"), read_policy(OBSERVES, "observes"), blocks()]


def answers(found: Judged) -> Counter[tuple[str | None, str, bool]]:
    """Rule, action and whether it is not answered, of every exchange."""
    names = [*(rule.name for rule in found.policy.rules), None]
    told: Counter[tuple[str | None, str, bool]] = Counter()
    for rule, action, is_refused in zip(found.rule, found.action, found.refused, strict=True):
        told[names[rule], ACTIONS[action].value, bool(is_refused)] += 1
    for (rule, action), n in found.by_other_rule.items():
        told[names[rule], ACTIONS[action].value, False] += n
    return told


def decided(rows: list[Row], told: Told, policy: Policy, folder: Path, stage: float = 1.0) -> list[Decision]:
    """Decisions of a decider that is asked row by row, each at its time; facts are as the preview has them."""
    hands, by_request = Hands(wall=max(one["time"] for one in rows)), {}
    for one in rows:
        by_request[one["exchange_id"]] = facts_of(one, told)

    class Source:
        def facts(self, request: Request) -> Facts:
            return by_request[request.request_id]

    wide = Policy(policy.name, policy.version, policy.rules, policy.tiers, Limits(1.0, 1.0, 1.0), ())
    active, engine, found = ActivePolicy(wide, stage, 1, NOW, "ada", "bob"), database(folder / "service.db"), []
    with Recorder(engine, KEY, 1000) as recorder:
        people = People(appeal_url=appeal_url)
        decider = Decider(Source(), lambda: active, DecisionMemory(recorder), SETTINGS, people, hands.clock)
        decider._radius.alarm = lambda *_, **__: None  # type: ignore[method-assign]
        for one in rows:
            hands.steady_s = (one["time"] - START).total_seconds()
            found.append(decider.decide(request_of(one)))
    engine.dispose()
    return found


@pytest.mark.parametrize("policy", POLICIES, ids=[policy.name for policy in POLICIES])
@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_what_a_decider_answers(policy: Policy, seed: int, tmp_path: Path) -> None:
    """Rule, action and refusal of every exchange are those of a decider that is asked one request after the other."""
    rows, told = world(seed, 250, minutes=15.0)
    singly = Counter((one.rule, one.action.value, not one.serves) for one in decided(rows, told, policy, tmp_path))
    assert answers(judged(rows, told, policy)) == singly
    if policy.name == "ladder":
        assert {is_refused for _, action, is_refused in singly if action == "throttle"} == {True, False}


def test_it_is_what_a_decider_answers_in_a_stage(tmp_path: Path) -> None:
    """With the installation's key the same streams come first."""
    rows, told = world(5, 250)
    terms = Terms(stage=0.5, stage_key=SETTINGS.stage_key)
    singly = decided(rows, told, POLICIES[2], tmp_path, stage=0.5)
    found = judged(rows, told, POLICIES[2], terms)
    assert answers(found) == Counter((one.rule, one.action.value, not one.serves) for one in singly)
    assert 0 < found.is_touched.sum() < judged(rows, told, POLICIES[2]).is_touched.sum()


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_alike_exchanges_are_asked_about_once(seed: int) -> None:
    """For any traffic the rule is what the policy says of each row by itself."""
    rows, told = world(seed, 120)
    for policy in POLICIES:
        found, end = judged(rows, told, policy), max(one["time"] for one in rows)
        singly: Counter[str | None] = Counter()
        for one in rows:
            rule = policy.judge(request_of(one), facts_of(one, told), end)
            singly[None if rule is None else rule.name] += 1
        batched: Counter[str | None] = Counter()
        for (name, _, _), n in answers(found).items():
            batched[name] += n
        assert batched == singly


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 120), st.sampled_from([0.5, 6.0, 90.0])), max_size=60))
def test_buckets_are_those_of_the_decider(asked: list[tuple[int, float, float]]) -> None:
    """Sorted by stream and time, with rates that change, the kernel refuses what the decider's throttles refuse."""
    asked.sort(key=lambda one: one[:2])
    throttles = Throttles()
    singly = [throttles.take(Stream("c", str(s)), rate, at) is not None for s, at, rate in asked]
    columns = [np.array(column) for column in zip(*asked, strict=True)] or [np.zeros(0)] * 3
    found = over_rate(columns[0].astype(np.int64), columns[1].astype(float), columns[2].astype(float), 10.0)
    assert found.tolist() == singly


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1), st.integers(0, 2), st.floats(0, 90_000), st.sampled_from([(0.5, 1.0), (6.0, 3.0)])
        ),
        max_size=80,
    )
)
def test_buckets_of_campaigns_are_those_of_the_decider(
    asked: list[tuple[int, int, float, tuple[float, float]]],
) -> None:
    """Sorted by campaign and time, with rates that change, the kernel refuses what the decider's throttles refuse."""
    asked.sort(key=lambda one: (one[0], one[2]))
    throttles = Throttles()
    singly = [throttles.take(Stream(str(c), str(a)), rate, at, own) is not None for c, a, at, (rate, own) in asked]
    campaign, stream = (
        np.array([of(one) for one in asked], np.int64) for of in (itemgetter(0), lambda o: 3 * o[0] + o[1])
    )
    at_s, rate, own = (
        np.array([of(one) for one in asked], float) for of in (itemgetter(2), lambda o: o[3][0], lambda o: o[3][1])
    )
    assert over_shared_rate(campaign, stream, at_s, rate, own, 10.0).tolist() == singly


def test_the_operators_list_and_appeals_hold() -> None:
    """A protected account or organisation is observed, a cleared stream allowed, one of an overdue appeal observed."""
    told = Told(streams=stream("a") | stream("b") | stream("c") | stream("d"))
    rows = [row(name, i, 0, organisation_id="o" if name == "c" else None) for i, name in enumerate("abcd")]
    listed = Protected()
    listed._ids = frozenset({"a", "o"})
    terms = Terms(protected=listed, cleared=[(CAMPAIGNS[0], "b")], overdue=[(CAMPAIGNS[0], "d")])
    found = judged(rows, told, blocks(), terms)
    assert [ACTIONS[action].value for action in found.action] == ["observe", "allow", "observe", "observe"]
    assert [GUARDS[guard].name for guard in found.guard] == ["protected", "cleared", "protected", "overdue"]


def test_a_stream_of_which_nothing_is_known_is_no_stream() -> None:
    """A campaign that tells no facts of an account leaves its exchanges alone."""
    found = judged([row("a", 0, 0)], Told(), blocks())
    assert found.rule.tolist() == [NO_RULE]
    assert not found.is_touched.any()


def test_stages_grow() -> None:
    """Who is touched in a small stage is touched in a larger one."""
    names = [f"a-{i}" for i in range(40)]
    told = Told(streams={key: facts for name in names for key, facts in stream(name).items()})
    rows = [row(name, i, 0) for i, name in enumerate(names)]
    touched = [
        {names[code] for code in found.seen.accused["account"][found.is_touched].tolist()}
        for found in (judged(rows, told, blocks(), Terms(stage=stage)) for stage in (0.01, 0.1, 0.5, 1.0))
    ]
    assert all(small <= large for small, large in pairwise(touched))
    assert touched[2] == {name for name in names if place_of(Stream(CAMPAIGNS[0], name), bytes(16)) < 0.5}


def test_traffic_without_accused_streams_is_judged() -> None:
    """Nobody is touched, and every exchange is counted."""
    found = judged([row("a", i, NOBODYS, model="large") for i in range(3)], Told(), POLICIES[1])
    assert found.by_other_rule == {(1, 0): 3}
    assert not len(found.action)
