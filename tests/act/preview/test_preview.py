"""Whom a policy would have touched: sums that add up, limits that hold, policies that only observe."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.preview.made import CAMPAIGNS, LADDER, OBSERVES, Told, blocks, judged, row, stream, world

from stillwatch.act.policy.limits import BEYOND_APPROVAL, Limits, Needs
from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.breakdown import MOST_ROWS, OTHERS
from stillwatch.act.preview.figures import Count, Previewed
from stillwatch.act.preview.preview import previewed
from stillwatch.act.preview.traffic import NOBODYS
from stillwatch.model.decision import AccountFacts, Action

LADDERS = read_policy(LADDER, "ladder")
seeds = st.integers(0, 10_000)


@settings(max_examples=15)
@given(seeds)
def test_sums_add_up_in_every_breakdown(seed: int) -> None:
    """Exchanges, touched ones and accounts of the rows are those of the whole; so are those by rule and by action."""
    rows, told = world(seed)
    found = previewed(judged(rows, told, LADDERS))
    assert sum(one.count.exchanges for one in found.rules) == found.traffic.exchanges == len(rows)
    assert sum(one.refused for one in found.rules) == found.refused
    beyond = [one for one in found.rules if one.action not in {Action.ALLOW, Action.OBSERVE}]
    assert sum(one.count.exchanges for one in beyond) == found.touched.exchanges
    for breakdown in found.breakdowns:
        assert sum(one.n_exchanges for one in breakdown.rows) == found.traffic.exchanges, breakdown.name
        assert sum(one.touched.exchanges for one in breakdown.rows) == found.touched.exchanges, breakdown.name
        assert all(sum(one.by_action.values()) == one.touched.exchanges for one in breakdown.rows)
        if breakdown.name not in {"verdict", "model", "region"}:
            assert sum(one.n_accounts or 0 for one in breakdown.rows) == found.traffic.accounts
            assert sum(one.touched.accounts for one in breakdown.rows) == found.touched.accounts
            assert sum(one.touched.streams for one in breakdown.rows) == found.touched.streams


@settings(max_examples=15)
@given(seeds)
def test_a_policy_that_only_observes_touches_nobody(seed: int) -> None:
    """Whatever the traffic is."""
    rows, told = world(seed)
    found = previewed(judged(rows, told, read_policy(OBSERVES, "observes")))
    assert found.touched == Count()
    assert (found.refused, found.hardest, found.felt, found.needs) == (0, (), (), Needs.ONE)
    assert all(effect.withheld == effect.altered == 0 for effect in found.effects)


@settings(max_examples=15)
@given(seeds, st.floats(0, 40))
def test_a_stricter_policy_never_touches_fewer(seed: int, bits: float) -> None:
    """A condition that asks for less, and an action that refuses instead of degrading, touch and refuse no fewer."""
    rows, told = world(seed)
    mild = previewed(judged(rows, told, blocks(f"stream.bits_over_bar > {bits:.3f}", "degrade")))
    strict = previewed(judged(rows, told, blocks("stream.accused", "block")))
    for name in ("exchanges", "streams", "accounts", "organisations"):
        assert getattr(mild.touched, name) <= getattr(strict.touched, name)
    assert mild.refused <= strict.refused
    assert all(mild.shares[name] <= strict.shares[name] for name in mild.shares)


@settings(max_examples=10)
@given(seeds)
def test_what_is_touched_is_what_the_guards_leave(seed: int) -> None:
    """Protected accounts and cleared streams are in the guards' rows and not among the touched."""
    rows, told = world(seed)
    found = judged(rows, told, blocks())
    kept = [code for code, account in enumerate(found.accounts) if account.is_protected]
    assert not set(found.seen.accused["account"][found.is_touched].tolist()) & set(kept)


def four_of_five(limits: Limits | None = None) -> Previewed:
    """A policy that blocks 80 of 100 exchanges."""
    told = Told(streams=stream("a"))
    rows = [row("a" if i < 80 else f"b-{i}", i, 0 if i < 80 else NOBODYS) for i in range(100)]
    policy = blocks()
    return previewed(judged(rows, told, replace(policy, limits=limits or policy.limits)))


@pytest.mark.parametrize("limits", [None, BEYOND_APPROVAL, Limits(1.0, 1.0, 1.0)])
def test_a_policy_that_would_touch_most_traffic_is_refused(limits: Limits | None) -> None:
    """80 % of exchanges are more than anybody can approve, whatever the policy allows itself."""
    found = four_of_five(limits)
    assert found.shares["traffic"] == 0.8
    assert found.needs is Needs.REFUSED


def test_streams_count_whole_in_shares() -> None:
    """A rule that looks at one model touches one exchange of ten; the stream could ask for that model each time."""
    told = Told(streams=stream("a"))
    rows = [row("a" if i < 10 else f"b-{i}", i, 0 if i < 10 else NOBODYS, model=f"m-{i}") for i in range(100)]
    found = previewed(judged(rows, told, blocks("stream.accused && request.model == 'm-3'")))
    assert found.touched.exchanges == 1
    assert found.shares["traffic"] == 0.1


def test_shares_are_held_against_the_limits() -> None:
    """3 % of traffic is over the default of 2 %, and needs a second person; 1 % needs one."""
    told = Told(streams=stream("a"))
    rows = [row("a" if i < 3 else f"b-{i}", i, 0 if i < 3 else NOBODYS) for i in range(100)]
    assert previewed(judged(rows, told, blocks())).needs is Needs.TWO
    rows = [row("a" if i < 1 else f"b-{i}", i, 0 if i < 1 else NOBODYS) for i in range(100)]
    assert previewed(judged(rows, told, blocks())).needs is Needs.ONE


def test_tenured_accounts_are_counted() -> None:
    """Two of the tenured accounts have traffic, one of them is touched; unknown ages are not tenured."""
    ages = {"a": 200.0, "b": 180.0, "c": 179.0, "d": None}
    told = Told({name: AccountFacts(age) for name, age in ages.items()}, stream("a") | stream("c") | stream("d"))
    found = previewed(judged([row(name, i, 0) for i, name in enumerate(ages)], told, blocks()))
    assert (found.n_tenured, found.touched_tenured, found.shares["tenured"]) == (2, 1, 0.5)


def test_names_that_clients_choose_do_not_fill_the_page() -> None:
    """Of a thousand models the first twenty are told, the others together."""
    told = Told(streams=stream("a"))
    rows = [row("a", i, 0, model=f"m-{i // 2 if i < 40 else i}") for i in range(1000)]
    found = previewed(judged(rows, told, blocks()))
    models = next(one for one in found.breakdowns if one.name == "model")
    assert len(models.rows) == MOST_ROWS + 1
    assert models.rows[-1].label == OTHERS
    assert models.rows[-1].touched.exchanges == 960


def test_guards_say_what_they_kept() -> None:
    """A protected account is a row with the guard's name and reason."""
    told = Told({"a": AccountFacts(is_protected=True)}, stream("a") | stream("b"))
    found = previewed(judged([row("a", 0, 0), row("a", 1, 0), row("b", 2, 0)], told, blocks()))
    assert [(one.guard, one.count) for one in found.guards] == [("protected", Count(2, 1, 1, 1))]
    assert found.touched == Count(1, 1, 1, 1)


def test_bystanders_of_an_account_are_not_touched() -> None:
    """Only the exchanges of the stream are, and the campaign's are all that is accused."""
    told = Told(streams=stream("a"))
    found = previewed(judged([row("a", i, 0 if i % 2 else NOBODYS) for i in range(10)], told, blocks()))
    assert (found.touched.exchanges, found.traffic.streams) == (5, 1)
    assert found.effects[1].campaign_id == CAMPAIGNS[0]


def test_organisations_are_counted_once() -> None:
    """Two accounts of one organisation and one of its own are two organisations and three streams."""
    told = Told(streams=stream("a") | stream("b") | stream("c", 1))
    rows = [row("a", 0, 0, organisation_id="o"), row("b", 1, 0, organisation_id="o"), row("c", 2, 1), row("d", 3)]
    found = previewed(judged(rows, told, blocks()))
    assert found.touched == Count(3, 3, 3, 2)
    assert (found.traffic, found.shares["organisations"]) == (Count(4, 3, 4, 3), 2 / 3)
