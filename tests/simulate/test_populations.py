"""Legitimate kinds of use behave as they are named."""

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulate.tables import Run

from stillwatch.simulate import POPULATIONS
from stillwatch.simulate.population import Population
from stillwatch.simulate.populations.agents import workspaces
from stillwatch.simulate.populations.enterprise import equal_quotas
from stillwatch.simulate.prefixes import Prefixes
from stillwatch.simulate.world import START_US, World, make_world

NAMES = [population.name for population in POPULATIONS]


def families(run: Run, population: str) -> list[pa.Table]:
    """Log rows of each family of a population, with its accounts' facts."""
    rows = run.logs.filter(pc.equal(run.truth["population"], population))
    entity = run.truth.filter(pc.equal(run.truth["population"], population))["entity"]
    return [rows.filter(pc.equal(entity, name)) for name in pc.unique(entity)]


def facts(run: Run, table: pa.Table, column: str) -> list[object]:
    """One column of the account table for the accounts of some rows."""
    accounts = pc.is_in(run.accounts["account_id"], pc.unique(table["account_id"]))
    return list(run.accounts.filter(accounts)[column].to_pylist())


@pytest.mark.parametrize("population", POPULATIONS, ids=NAMES)
@pytest.mark.parametrize("n", [40, 3_000])
def test_exact_size(population: Population, n: int) -> None:
    """A population drafts exactly what it is asked for, inside the window, over accounts it opened."""
    world = make_world(1, 2_000, 14.0, 0.0, None)
    draft = population.build(world, world.rng("x"), n, 4)
    assert len(draft) == n
    assert (draft["population"] == 4).all()
    assert (draft["campaign"] == -1).all()
    assert (draft["entity"] >= 0).all()
    assert 0 <= draft["account"].min() <= draft["account"].max() < len(world.roster)
    assert draft["time_us"].min() >= START_US
    assert draft["time_us"].max() < START_US + 14 * 86_400_000_000


@pytest.mark.parametrize("population", POPULATIONS, ids=NAMES)
def test_nothing_asked_nothing_made(population: Population) -> None:
    """A share too small for one exchange gives none."""
    world = make_world(1, 2_000, 14.0, 0.0, None)
    assert len(population.build(world, world.rng("x"), 0, 0)) == 0


def test_people_have_topics_of_their_own(run: Run) -> None:
    """Two prompts of one person share more words than prompts of two persons."""
    words: dict[str, list[set[str]]] = defaultdict(list)
    table = run.of("people")
    for account, prompt in zip(table["account_id"].to_pylist(), table["prompt_text"].to_pylist(), strict=True):
        words[account].append({word for word in prompt.lower().split() if len(word) > 4})
    busy = [said for said in words.values() if len(said) >= 6]

    def likeness(first: list[set[str]], second: list[set[str]]) -> float:
        return float(np.mean([len(a & b) / (len(a | b) or 1) for a, b in zip(first, second, strict=False)]))

    own = np.mean([likeness(said[:-3], said[3:]) for said in busy])
    other = np.mean([likeness(said, busy[i - 1]) for i, said in enumerate(busy)])
    assert own > 2.0 * other


def test_people_have_hours_of_their_own(run: Run) -> None:
    """A person's exchanges fall into a part of the day; all people together use the whole."""
    table = run.of("people")
    angle = (table["time"].cast(pa.int64()).to_numpy() % 86_400_000_000) / 86_400_000_000 * 2 * np.pi
    accounts = np.array(table["account_id"].to_pylist())
    busy = [np.exp(1j * angle[accounts == a]) for a in np.unique(accounts) if (accounts == a).sum() >= 15]
    assert np.mean([abs(day.mean()) for day in busy]) > 0.5
    assert abs(np.exp(1j * angle).mean()) < 0.3


def test_people_come_back_and_go_on(run: Run) -> None:
    """There are conversations of several turns, whose turns follow in time."""
    table = run.of("people").sort_by("time")
    last: dict[str, int] = {}
    follow, wrong = 0, 0
    for talk, turn in zip(table["conversation_id"].to_pylist(), table["turn_count"].to_pylist(), strict=True):
        if talk in last and talk is not None:
            follow += 1
            wrong += turn <= last[talk]
        last[talk] = turn
    assert follow > 0.2 * table.num_rows
    assert wrong < 0.02 * follow


def test_volume_has_a_heavy_tail(run: Run) -> None:
    """The busiest tenth of the people make half of the exchanges or nearly."""
    counts = np.sort(run.of("people").group_by("account_id").aggregate([([], "count_all")])["count_all"].to_numpy())
    assert counts[-len(counts) // 10 :].sum() > 0.4 * counts.sum()


def test_tools_have_one_template_and_many_strangers(run: Run) -> None:
    """A tool's users share its text, not their payment."""
    for tool in families(run, "tools"):
        systems = pc.unique(tool["system_text"]).to_pylist()
        starts = {prompt.split("\n\n")[0] for prompt in tool["prompt_text"].to_pylist()}
        assert (systems != [None] and len(systems) == 1) or len(starts) == 1
        payments = [p for p in facts(run, tool, "payment_fingerprint") if p]
        assert len(set(payments)) > 0.9 * len(payments)


def test_benchmarks_repeat_one_list(run: Run) -> None:
    """Every account of a run sends about as many, and the same items come from several of them."""
    for bench in families(run, "benchmarks"):
        counts = bench.group_by("account_id").aggregate([([], "count_all")])["count_all"].to_numpy()
        assert np.median(counts) >= counts.max() - 1
        spread = bench.group_by("prompt_text").aggregate([("account_id", "count_distinct")])
        if len(counts) > 1:
            assert pc.mean(spread["account_id_count_distinct"]).as_py() > 0.7 * (len(counts) - 1)


def test_classrooms_share_an_address_and_an_hour(run: Run) -> None:
    """Most of a class comes from one address, and all accounts are in education."""
    for lesson in families(run, "classrooms"):
        top = lesson.group_by("client_address").aggregate([([], "count_all")])["count_all"].to_numpy().max()
        assert top > 0.6 * lesson.num_rows
        assert set(facts(run, lesson, "programme")) == {"education"}


def test_distillation_is_declared_and_verified(run: Run) -> None:
    """Who may train on answers has said so, and a person has checked."""
    for customer in families(run, "distillation"):
        assert set(facts(run, customer, "declared_use")) == {"distillation"}
        assert set(facts(run, customer, "verified_level")) == {2}


def test_viral_prompts_are_sent_once_or_twice(run: Run) -> None:
    """Hardly anybody sends a viral prompt more than twice."""
    counts = run.of("viral").group_by("account_id").aggregate([([], "count_all")])["count_all"].to_numpy()
    assert np.mean(counts) < 2.0


def test_relays_pool_accounts(run: Run) -> None:
    """People behind a relay come out of several accounts, and conversations have turns."""
    table = run.of("relays")
    assert pc.mean(pc.greater(table["turn_count"], 1).cast(pa.float64())).as_py() > 0.2
    talks = table.filter(table["conversation_id"].is_valid()).group_by("conversation_id")
    spread = talks.aggregate([("account_id", "count_distinct")])["account_id_count_distinct"].to_numpy()
    assert (spread > 1).any()


def test_families_are_many_and_small() -> None:
    """More traffic means more families of a kind, not bigger ones."""
    counts = []
    for n in (5_000, 40_000):
        world = make_world(1, 2_000, 14.0, 0.0, None)
        draft = POPULATIONS[NAMES.index("tools")].build(world, world.rng("x"), n, 0)
        counts.append(len(np.unique(draft["entity"])))
    assert counts[1] >= 5 * counts[0]


@given(n=st.integers(1, 400), n_accounts=st.integers(1, 40), seed=st.integers(0, 60))
def test_equal_quotas_are_equal(n: int, n_accounts: int, seed: int) -> None:
    """In one run or in rounds, no key has more than one job more than another."""
    turns = equal_quotas(np.random.default_rng(seed), n, n_accounts)
    counts = np.bincount(turns, minlength=n_accounts)
    assert len(turns) == n
    assert counts.max() - counts.min() <= 1


def test_equal_quotas_come_in_runs_and_rounds() -> None:
    """Some batches use up one key after another, others go round."""
    changes = [(np.diff(equal_quotas(np.random.default_rng(s), 400, 8)) != 0).sum() for s in range(40)]
    assert min(changes) == 7
    assert max(changes) > 300


def test_enterprises_with_equal_quotas_are_among_the_legitimate(world: World) -> None:
    """Several organisations of many keys give every key the same quota to one job."""
    draft = POPULATIONS[NAMES.index("enterprise")].build(world, world.rng("quota"), 60_000, 0)
    equal = 0
    for one in np.unique(draft["entity"]):
        _, counts = np.unique(draft["account"][draft["entity"] == one], return_counts=True)
        equal += len(counts) >= 4 and counts.max() - counts.min() <= 1
    assert 5 <= equal <= 50


def test_workspaces_share_prefixes_as_the_trace_does(world: World, rng: np.random.Generator) -> None:
    """Runs of exchanges have a prefix of their own on top of the program's, as many as real requests share one."""
    prefixes = Prefixes(np.array([2, 6]), np.array([512, 512 * 4]), 0.3, np.array([0.5]))
    base = world.library.add_text("You are an agent.")
    systems = workspaces(world.library, rng, base, 4_000, prefixes)
    assert len(systems) == 4_000
    runs = np.diff(np.flatnonzero(np.append(np.diff(systems, prepend=-1) != 0, True)))
    plain = systems[np.flatnonzero(np.diff(systems, prepend=-1) != 0)] == base
    assert set(runs[~plain][:-1].tolist()) == {2, 6}
    assert 0.05 < (systems == base).mean() < 0.2
    texts = [world.library.text(int(place)) for place in np.unique(systems)]
    assert all(text.startswith("You are an agent.") for text in texts)
