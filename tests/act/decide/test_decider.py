"""Decisions: the first matching rule, softened by the guards, remembered and recorded."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select
from tests.act.decide.made import NOW, SETTINGS, World, active, facts, rule, world

from stillwatch.act.decide.asked import OBSERVED
from stillwatch.act.decide.radius import Alarm
from stillwatch.act.decide.source import People
from stillwatch.act.decide.stream import Stream, place_of
from stillwatch.act.decide.tables import ALARMS, DECISIONS
from stillwatch.act.policy.limits import BEYOND_APPROVAL, Limits
from stillwatch.ledger.tables import DOCUMENTS
from stillwatch.model.decision import Action, Facts, PartnerWord, Request, WindowFacts

SLOW = rule("slow", Action.THROTTLE, rate=60.0)
STOP = rule("stop", Action.BLOCK, "stream.bits > 100.0")


def documents(connection: Connection) -> list[dict[str, object]]:
    """What is on record, in order."""
    return list(connection.execute(select(DOCUMENTS.c.document).order_by(DOCUMENTS.c.index)).scalars())


def recorded(made: World) -> list[tuple[object, ...]]:
    """Event, and what became of what, in order."""
    made.settle()
    with made.engine.begin() as connection:
        return [
            (d["event"], d["action"], d["change"], d["before"])
            if d["event"] == "decided"
            else (d["event"], d.get("ended_why"))
            for d in documents(connection)
        ]


def test_a_decision_says_everything(tmp_path: Path) -> None:
    """Action, words, evidence, expiry, link and policy, and the request that it answers."""
    with world(tmp_path) as made:
        found = made.ask(request_id="r-9")
    assert found.action is Action.THROTTLE
    assert (found.request_id, found.rule, found.evidence_id, found.policy_version) == ("r-9", "slow", "c-1", "v1")
    assert found.expires_at == NOW + timedelta(hours=1)
    assert found.appeal_url == f"https://example.org/appeal/{found.decision_id}"
    assert found.reason == f"Look at {found.appeal_url}"


def test_a_decision_lasts_under_its_id_until_it_expires(tmp_path: Path) -> None:
    """An appeal link names one thing; after the hour there is another."""
    with world(tmp_path) as made:
        first = made.ask()
        made.hands.pass_time(3599)
        assert made.ask().decision_id == first.decision_id
        made.hands.pass_time(1)
        second = made.ask()
        assert second.decision_id != first.decision_id
        assert second.decided_at == NOW + timedelta(hours=1)
        assert recorded(made) == [
            ("decided", "throttle", "first", None),
            ("decided", "throttle", "first", None),
            ("ended", "expired"),
        ]


def test_streams_and_other_traffic_are_apart(tmp_path: Path) -> None:
    """Two streams have two decisions; what an account sends beside them is served, whatever a rule wants."""
    with world(tmp_path, rule("all", Action.BLOCK, "account.age_days < 100.0")) as made:
        blocked = made.ask("a-1")
        made.told.by_account["a-2"] = facts("c-2")
        assert made.ask("a-2").decision_id != blocked.decision_id
        made.told.by_account["a-1"] = facts(None)
        beside = made.ask("a-1")
        assert (beside.action, beside.reason, beside.appeal_url) == (Action.OBSERVE, OBSERVED, None)
        assert [guard.name for guard in made.decider.begin(Request("a-1")).guards] == ["other-traffic"]


def test_without_a_policy_everything_is_observed(tmp_path: Path) -> None:
    """No policy, no rule, and a policy that is gone: the request is served."""
    with world(tmp_path) as made:
        made.active = None
        assert made.ask().action is Action.OBSERVE
        made.active = active(STOP)
        assert made.ask().rule is None
        assert recorded(made) == []


def test_a_harsher_rule_and_the_way_back_are_recorded_once(tmp_path: Path) -> None:
    """Evidence grows and falls again: one record a rule, however often the stream asks."""
    with world(tmp_path, STOP, SLOW) as made:
        first = made.ask()
        made.told.otherwise = facts(bits=200.0)
        assert {made.ask().action for _ in range(3)} == {Action.BLOCK}
        made.told.otherwise = facts()
        assert made.ask().decision_id == first.decision_id
        assert recorded(made) == [("decided", "throttle", "first", None), ("decided", "block", "harsher", "throttle")]


def test_a_milder_answer_is_recorded_too(tmp_path: Path) -> None:
    """What was throttled and is served now is a changed outcome: one record, one id, until the throttle would end."""
    with world(tmp_path, rule("slow", Action.THROTTLE, "stream.bits > 30.0", rate=60.0)) as made:
        made.ask()
        made.told.otherwise = facts(bits=21.0)
        served = [made.ask(request_id=str(n)) for n in range(3)]
        assert {one.action for one in served} == {Action.OBSERVE}
        assert len({one.decision_id for one in served}) == 1
        assert [one.request_id for one in served] == ["0", "1", "2"]
        assert recorded(made) == [("decided", "throttle", "first", None), ("decided", "observe", "milder", "throttle")]


def test_a_rule_that_is_softened_is_not_taken_for_its_own_decision(tmp_path: Path) -> None:
    """The throttle by a rule is in force; the same rule resting on partners alone observes."""
    with world(
        tmp_path, rule("slow", Action.THROTTLE, "partner.n_indicators >= 0.0 && stream.accused", rate=6.0)
    ) as made:
        assert made.ask().action is Action.THROTTLE
        made.told.otherwise = facts(partner=PartnerWord(("i-1",), has_local_evidence=False))
        assert made.ask().action is Action.OBSERVE
        made.told.otherwise = facts(partner=PartnerWord(("i-1",), has_local_evidence=True))
        assert made.ask().action is Action.THROTTLE


def test_a_partners_word_shelters_nobody(tmp_path: Path) -> None:
    """A rule that rests on the member's own evidence acts, whatever indicators match besides."""
    with world(tmp_path) as made:
        made.told.otherwise = facts(partner=PartnerWord(("i-1",), has_local_evidence=False))
        assert made.ask().action is Action.THROTTLE


def test_rollback_counts_at_the_next_decision(tmp_path: Path) -> None:
    """Nothing of a policy outlives it, remembered or not; its decisions end on record."""
    with world(tmp_path, STOP, SLOW) as made:
        made.told.otherwise = facts(bits=200.0)
        blocked = made.ask()
        made.active = active(rule("slow", Action.THROTTLE, rate=6.0), version="v0")
        after = made.ask()
        assert (after.action, after.policy_version, after.rate_per_minute) == (Action.THROTTLE, "v0", 6.0)
        made.active = active(STOP, SLOW)
        again = made.ask()
        assert again.decision_id == blocked.decision_id
        made.active = active(rule("slow", Action.THROTTLE, rate=6.0), version="v0")
        assert recorded(made)[-1] == ("ended", "policy-changed")
        assert made.ask().decision_id == after.decision_id


def test_a_cleared_stream_is_allowed_at_once(tmp_path: Path) -> None:
    """By its facts or by the list of upheld appeals; what was in force ends on record, and does not come back."""
    cleared: set[Stream] = set()
    with world(tmp_path, people=People(cleared=lambda: cleared)) as made:
        made.ask()
        cleared.add(Stream("c-1", "a-1"))
        made.decider.tend()
        assert made.ask().action is Action.ALLOW
        assert made.ask("a-2").action is Action.THROTTLE
        made.told.by_account["a-2"] = facts(cleared=True)
        assert made.ask("a-2").action is Action.ALLOW
        assert recorded(made).count(("ended", "cleared")) == 2


def test_protected_accounts_and_organisations_are_only_observed(tmp_path: Path) -> None:
    """By the facts, and by the operator's list, which may name either."""
    from stillwatch.act.decide.protected import Protected  # noqa: PLC0415

    path = tmp_path / "protected.txt"
    path.write_text("clinic\n")
    with world(tmp_path, people=People(protected=Protected(path))) as made:
        assert made.decider.decide(Request("a-1", organisation_id="clinic")).action is Action.OBSERVE
        assert made.ask("clinic").action is Action.OBSERVE
        made.told.by_account["a-3"] = facts(protected=True)
        assert made.ask("a-3").action is Action.OBSERVE
        assert made.ask("a-4").action is Action.THROTTLE


def test_a_stage_acts_on_its_share_and_keeps_whom_it_touched(tmp_path: Path) -> None:
    """One stream below the stage, one above; when the stage shrinks, the touched one stays until its expiry."""
    place = {a: place_of(Stream("c-1", a), SETTINGS.stage_key) for a in ("a-1", "a-2", "a-3", "a-4", "a-5")}
    low, *_, high = sorted(place, key=lambda account: place[account])
    with world(tmp_path) as made:
        whole = made.active
        assert whole is not None
        made.active = replace(whole, stage=(place[low] + place[high]) / 2)
        assert (made.ask(low).action, made.ask(high).action) == (Action.THROTTLE, Action.OBSERVE)
        made.active = replace(whole, stage=place[low] / 2)
        assert made.ask(low).action is Action.THROTTLE
        made.hands.pass_time(3600)
        assert made.ask(low).action is Action.OBSERVE


def two_accounts() -> tuple[str, str, float]:
    """One account whose stream comes early in a roll-out, one that comes late, and a stage between."""
    place = {a: place_of(Stream("c-1", a), SETTINGS.stage_key) for a in ("a-1", "a-2", "a-3", "a-4", "a-5")}
    low, *_, high = sorted(place, key=lambda account: place[account])
    return low, high, (place[low] + place[high]) / 2


def test_whom_a_stage_has_not_reached_keeps_what_the_version_before_says(tmp_path: Path) -> None:
    """The same decision as before, on record once; whom the stage reaches gets the new one, and a rollback back."""
    low, high, stage = two_accounts()
    with world(tmp_path, rule("stop", Action.BLOCK)) as made:
        first = made.active
        before = {account: made.ask(account) for account in (low, high)}
        made.active = replace(active(SLOW, version="v2", stage=stage), before=first)
        made.settle()
        assert made.ask(high) == before[high]
        new = made.ask(low)
        assert (new.action, new.policy_version) == (Action.THROTTLE, "v2")
        made.active = first
        made.settle()
        assert made.ask(high) == before[high]
        assert made.ask(low).action is Action.BLOCK
        made.settle()
        made.active = active(SLOW, version="v2")
        assert (made.ask(high).action, made.ask(low).action) == (Action.THROTTLE, Action.THROTTLE)
        made.settle()
        with made.engine.begin() as connection:
            rows = connection.execute(select(DECISIONS.c.account_id, DECISIONS.c.policy_version, DECISIONS.c.ended_why))
            told = sorted((account, version, why or "") for account, version, why in rows)
    changed = "policy-changed"
    expected = [(low, "v1", changed)] * 2 + [
        (low, "v2", ""),
        (low, "v2", changed),
        (high, "v1", changed),
        (high, "v2", ""),
    ]
    assert told == sorted(expected)


def test_versions_that_none_has_reached_leave_a_stream_alone(tmp_path: Path) -> None:
    """The version before is in a stage, too, and what came before that is nothing."""
    low, high, stage = two_accounts()
    with world(tmp_path) as made:
        made.active = replace(active(SLOW, version="v2", stage=stage), before=active(SLOW, stage=stage))
        assert (made.ask(low).policy_version, made.ask(high).action) == ("v2", Action.OBSERVE)
        made.active = replace(made.active, stage=stage / 1e9)
        made.hands.pass_time(3600)
        assert made.ask(low).policy_version == "v1"


def test_versions_are_held_to_their_limits_apart(tmp_path: Path) -> None:
    """That the one before touches too much stops it, and not the one that is being rolled out."""
    low, high, stage = two_accounts()
    with world(tmp_path) as made:
        before = active(SLOW, limits=Limits())
        made.active = replace(active(SLOW, version="v2", stage=stage), before=before)
        made.decider._radius.restore(Alarm("v1", "traffic", 0.5, 0.02, NOW))
        assert (made.ask(low).action, made.ask(high).action) == (Action.THROTTLE, Action.OBSERVE)
        health = made.decider.health()
        assert health.alarm is not None
        assert health.alarm.policy_version == "v1"


def test_only_who_has_seen_an_alarm_lifts_it(tmp_path: Path) -> None:
    """An approval given before it counts for nothing, one given later does, and so after a restart."""
    with world(tmp_path) as made:
        made.decider._radius.restore(Alarm("v1", "traffic", 0.5, 0.02, NOW))
        assert made.active is not None
        for minutes, action in ((None, Action.OBSERVE), (-1, Action.OBSERVE), (1, Action.THROTTLE)):
            at = None if minutes is None else NOW + timedelta(minutes=minutes)
            made.active = replace(made.active, approved_by="grace" if at else None, approved_at=at)
            assert made.ask().action is action
            assert (made.decider.health().alarm is None) is (action is Action.THROTTLE)


def test_a_policy_that_touches_too_much_stops_until_a_person_approves(tmp_path: Path) -> None:
    """Each stream is 1 % of the evidence, under a limit of 2 %: an alarm, on record, and everybody is served."""
    with world(tmp_path, limits=Limits()) as made:
        made.told.otherwise = few()
        actions = [made.ask(f"bad-{n}").action for n in range(10)]
        assert actions[0] is Action.THROTTLE
        assert actions[-1] is Action.OBSERVE
        health = made.decider.health()
        assert health.alarm is not None
        assert (health.alarm.what, health.alarm.share) == ("traffic", 0.03)
        assert health.figures.share("traffic") == 0.03
        assert ("alarm", None) in recorded(made)
        made.restart()
        assert made.ask("bad-0").action is Action.OBSERVE
        assert made.active is not None
        made.active = replace(made.active, approved_by="grace", approved=Limits(0.06, 0.06, 0.06))
        assert [made.ask(f"bad-{n}").action for n in range(7)] == [Action.THROTTLE] * 7
        assert made.ask("bad-0").action is Action.OBSERVE


def test_a_flood_of_refused_requests_raises_no_alarm(tmp_path: Path) -> None:
    """A campaign of 2 % of the evidence is blocked, and sends five thousand requests for the twenty it sent before."""
    with world(tmp_path, rule("stop", Action.BLOCK), limits=Limits()) as made:
        made.told.otherwise = few()
        assert {made.ask(f"bad-{n % 2}").action for n in range(5_000)} == {Action.BLOCK}
        made.hands.pass_time(3600)
        assert {made.ask(f"bad-{n % 2}").action for n in range(100)} == {Action.BLOCK}
        assert made.decider.health().figures.touched_traffic == 2_000


def test_what_share_it_is_must_be_known(tmp_path: Path) -> None:
    """While nobody tells how much traffic there is nothing goes beyond observe, nothing is held against the policy."""
    with world(tmp_path) as made:
        made.told.otherwise = replace(facts(), window=WindowFacts())
        assert made.ask().action is Action.OBSERVE
        health = made.decider.health()
        assert (health.alarm, health.counts["radius"]) == (None, 1)
        assert "nobody tells how much traffic there is" in health.problems[0]
        made.told.otherwise = facts()
        assert made.ask().action is Action.THROTTLE
        assert made.decider.health().problems == ()


def few() -> Facts:
    """A stream of a thousand exchanges, of a hundred thousand."""
    return replace(facts(), window=WindowFacts(100_000, 5_000, 1_000))


def test_nobody_can_approve_a_quarter_of_the_traffic(tmp_path: Path) -> None:
    """Beyond what can be approved an approved policy stops, too; another version starts with a clean sheet."""
    with world(tmp_path, limits=Limits()) as made:
        assert made.active is not None
        made.active = replace(made.active, approved_by="grace", approved=BEYOND_APPROVAL)
        made.told.otherwise = few()
        assert [made.ask(f"bad-{n}").action for n in range(30)][-1] is Action.OBSERVE
        made.active = replace(active(SLOW, version="v2", limits=Limits()), approved_by="grace")
        assert made.ask("bad-0").action is Action.THROTTLE
        made.settle()
        with made.engine.begin() as connection:
            assert connection.execute(select(ALARMS.c.is_final)).scalars().all() == [True]


def test_over_its_rate_a_stream_is_told_when_to_come_again(tmp_path: Path) -> None:
    """Ten may come at once at 60 a minute; the eleventh waits a second. The account's other stream is not counted."""
    with world(tmp_path) as made:
        answers = [made.ask() for _ in range(11)]
        assert [one.retry_after_s for one in answers] == [None] * 10 + [1]
        assert answers[-1].serves is False
        made.told.otherwise = facts("c-2")
        assert made.ask().retry_after_s is None


def test_a_campaign_shares_its_rate_and_each_stream_has_its_own(tmp_path: Path) -> None:
    """Three accounts, two a day for each and one a minute for all; the decision says so, also after a restart."""
    shared = replace(rule("slow", Action.THROTTLE, rate=1.0), own_per_day=2.0, reason="{own_per_day} a day.")
    with world(tmp_path, shared) as made:
        for account in ("a-1", "a-2", "a-3"):
            assert [made.ask(account).retry_after_s for _ in range(2)] == [None, None]
        found = [made.ask(account) for account in ("a-1", "a-1", "a-2", "a-3")]
        assert [one.retry_after_s for one in found] == [None, 61, 121, 181]
        assert (found[1].serves, found[1].own_per_day, found[1].reason) == (False, 2.0, "2 a day.")
        made.hands.pass_time(61)
        assert (made.ask("a-1").serves, made.ask("a-2").retry_after_s) == (True, 60)
        made.settle()
        made.restart()
        again = made.ask("a-1")
        assert (again.decision_id, again.own_per_day, again.serves) == (found[0].decision_id, 2.0, True)
        with made.engine.begin() as connection:
            told = documents(connection)
        assert [d["own_per_day"] for d in told if d["event"] == "decided"] == [2.0] * 3


def test_the_clock_may_jump(tmp_path: Path) -> None:
    """Set back by a day nothing lasts longer, and no rate is counted twice; set forward it only ends sooner."""
    with world(tmp_path, rule("slow", Action.THROTTLE, rate=6.0)) as made:
        first = made.ask()
        made.hands.jump(-86_400)
        assert made.ask().retry_after_s == 10
        made.hands.pass_time(3600)
        second = made.ask()
        assert second.decision_id != first.decision_id
        made.hands.jump(86_400 + 7200)
        assert made.ask().decision_id != second.decision_id


def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    """The decision of before, with its id, words and link; what expired meanwhile ends on record."""
    with world(tmp_path) as made:
        before = made.ask()
        made.restart()
        assert made.ask() == before
        made.hands.pass_time(7200)
        made.restart()
        made.active = None
        assert recorded(made)[-1] == ("ended", "expired")
        with made.engine.begin() as connection:
            assert connection.execute(select(DECISIONS.c.ended_at)).scalars().all() == ["2026-11-27T13:00:00.000000Z"]


def test_facts_that_cannot_be_had_fail_open(tmp_path: Path) -> None:
    """The request is served, the health says so, and says so no more when they are back."""
    with world(tmp_path) as made:
        made.told.broken = True
        assert made.ask().action is Action.OBSERVE
        assert made.decider.health().problems == ("facts or policy cannot be had: RuntimeError",)
        made.told.broken = False
        assert made.ask().action is Action.THROTTLE
        assert made.decider.health().problems == ()


def test_without_a_link_to_object_nothing_is_done(tmp_path: Path) -> None:
    """A decision that nobody can appeal takes no effect."""

    def broken(_decision: object) -> str:
        message = "no key"
        raise OSError(message)

    with world(tmp_path) as made:
        made.people = replace(made.people, appeal_url=broken)
        made.restart()
        assert made.ask().action is Action.OBSERVE
        assert made.decider.health().problems == ("links to object cannot be made: OSError",)


def test_the_loop_serves_others_while_one_waits(tmp_path: Path) -> None:
    """Answers of a server's loop are those of the plain call, for many streams at once."""
    with world(tmp_path) as made:

        async def ask_all() -> list[Action]:
            asks = (made.decider.decide_async(Request(f"a-{n % 50}")) for n in range(200))
            return [one.action for one in await asyncio.gather(*asks)]

        assert set(asyncio.run(ask_all())) == {Action.THROTTLE}
        assert len(made.memory) == 50
        assert len(recorded(made)) == 50


@pytest.mark.parametrize("action", [a for a in Action if a not in {Action.ALLOW, Action.OBSERVE}])
def test_every_action_is_recorded_before_it_takes_effect(tmp_path: Path, action: Action) -> None:
    """When the answer is out, its record is in the database."""
    with world(tmp_path, rule("r", action, rate=6.0 if action is Action.THROTTLE else None)) as made:
        found = made.ask()
        with made.engine.begin() as connection:
            row = connection.execute(select(DECISIONS.c.decision_id, DECISIONS.c.action)).one()
    assert (row.decision_id, row.action) == (found.decision_id, action.value)


def test_counts_say_what_was_done(tmp_path: Path) -> None:
    """By action and by guard; no account among them."""
    with world(tmp_path) as made:
        made.ask()
        made.told.otherwise = Facts()
        made.ask()
        assert made.decider.health().counts == {"throttle": 1, "observe": 1}
