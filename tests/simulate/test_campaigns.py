"""Each campaign has the properties it is planted for."""

import importlib
import pkgutil
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.simulate.tables import EXCHANGES, Run

import stillwatch.simulate.campaigns as folder
from stillwatch.simulate import CAMPAIGNS
from stillwatch.simulate.brief import Brief
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.operation import PAYMENT_GROUPS, accounts_needed, open_operation, work_off
from stillwatch.simulate.world import World

NAMES = [campaign.name for campaign in CAMPAIGNS]


def per_account(table: pa.Table) -> list[int]:
    """Exchanges of each account."""
    return list(Counter(table["account_id"].to_pylist()).values())


def test_every_module_is_listed() -> None:
    """A campaign that has a file is in the tuple."""
    modules = {name for _, name, _ in pkgutil.iter_modules(folder.__path__)}
    assert modules == {type(campaign).__module__.rsplit(".", 1)[1] for campaign in CAMPAIGNS}
    assert all(importlib.import_module(f"{folder.__name__}.{name}") for name in modules)


@pytest.mark.parametrize("name", NAMES)
def test_size(run: Run, name: str) -> None:
    """Even a small run has sixty accounts and hundreds of exchanges of each campaign."""
    table = run.campaign(name)
    assert table.num_rows >= 300
    assert len(per_account(table)) >= 40
    owned = pc.sum(pc.equal(run.account_truth["campaign"], name)).as_py()
    assert owned >= 60


def test_share_of_all_traffic(run: Run) -> None:
    """Campaigns are a fifth to a quarter of a run."""
    assert 0.2 <= run.planted().sum() / EXCHANGES <= 0.25


def test_volume_follows_the_public_figure() -> None:
    """Big campaigns send about 26 exchanges per account and day."""
    assert accounts_needed(26 * 10 * 500, 10.0) == 500
    assert accounts_needed(100, 10.0) == 60
    assert accounts_needed(20, 10.0) == 20


def test_reasoning_harvest_is_templated(run: Run) -> None:
    """A few openings cover all prompts, and reasoning is asked for."""
    prompts = run.campaign("reasoning-harvest")["prompt_text"].to_pylist()
    openings = Counter(prompt.split("\n\n")[0] for prompt in prompts)
    assert len(openings) < 10
    assert len(set(prompts)) > 0.95 * len(prompts)
    assert any(word in " ".join(openings).lower() for word in ("step", "reason", "推理"))


def test_bare_questions_have_no_template(run: Run) -> None:
    """No system prompt, one popular client, single turns, hardly any opening twice."""
    table = run.campaign("bare-questions")
    assert table["system_text"].null_count == table.num_rows
    assert set(table["turn_count"].to_pylist()) == {1}
    (build,) = set(table["client_build"].to_pylist())
    assert build.split()[0] in {other.split()[0] for other in run.of("people")["client_build"].to_pylist()}
    openings = Counter(" ".join(prompt.split()[:9]) for prompt in table["prompt_text"].to_pylist())
    assert openings.most_common(1)[0][1] < 0.02 * table.num_rows


def test_slow_drip_is_slow(run: Run) -> None:
    """A handful of exchanges an account over most of the window, behind one template."""
    table = run.campaign("slow-drip")
    assert 2.0 < float(np.mean(per_account(table))) < 6.0
    span_us = pc.subtract(pc.max(table["time"]), pc.min(table["time"])).cast(pa.int64()).as_py()
    assert span_us > 10 * 86_400_000_000
    assert len({prompt.split("\n\n")[0] for prompt in table["prompt_text"].to_pylist()}) == 1


def test_camouflage_wears_a_popular_agents_clothes(run: Run) -> None:
    """System prompt, client and parameters are those of an agent that others use."""
    mine, theirs = run.campaign("camouflage"), run.of("agents")
    for column in ("system_text", "client_build", "temperature", "max_tokens"):
        (value,) = set(mine[column].to_pylist())
        assert value in set(theirs[column].to_pylist()), column
    assert pc.all(mine["has_tools"]).as_py()


def test_relay_mixed_carries_people(run: Run) -> None:
    """Many of its accounts are 95 % ordinary traffic, and all of that is labelled as legitimate."""
    owned = set(
        run.account_truth.filter(pc.equal(run.account_truth["campaign"], "relay-mixed"))["account_id"].to_pylist()
    )
    every: Counter[str] = Counter()
    harvest: Counter[str] = Counter()
    for account, campaign in zip(run.truth["account_id"].to_pylist(), run.truth["campaign"].to_pylist(), strict=True):
        if account in owned:
            every[account] += 1
            harvest[account] += campaign is not None
    share = np.array([harvest[account] / every[account] for account in every])
    assert ((share > 0.0) & (share <= 0.1)).mean() > 0.25
    assert (share > 0.3).mean() > 0.2
    assert abs(np.median(share[share <= 0.15]) - 0.05) < 0.03


def test_payment_groups(world: World, rng: np.random.Generator) -> None:
    """Accounts share means of payment in groups of a stated size, and one in eight pays nothing."""
    sizes = set()
    for _ in range(12):
        operation = open_operation(world, rng, Brief(9_000, 0), 240, span=(0.0, 14.0), own=True)
        payment = world.roster.column("payment")[operation.accounts]
        assert (payment < 0).mean() < 0.25
        sizes.add(max(Counter(payment[payment >= 0].tolist()).values()))
    assert max(sizes) > 20
    assert all(any(size <= group for group in PAYMENT_GROUPS) for size in sizes)


def test_work_is_spread_and_ordered(world: World, rng: np.random.Generator) -> None:
    """Jobs run in order of time within the span, and every dispatcher uses nearly all accounts."""
    for _ in range(6):
        operation = open_operation(world, rng, Brief(2_000, 0), 60, span=(2.0, 9.0), own=False)
        columns = work_off(world, rng, operation, 2_000)
        assert (np.diff(columns["time_us"]) >= 0).all()
        assert len(np.unique(columns["account"])) >= 55
        assert columns["time_us"].max() - columns["time_us"].min() < 7 * 86_400_000_000


def test_items_are_a_list_without_replacement(world: World, rng: np.random.Generator) -> None:
    """No item twice while the pool lasts; beyond it, items are paired into new ones."""
    pool = len(world.library.pools["attack"].texts)
    few = harvest_items(world, rng, pool // 2)
    assert len(set(few["body"].tolist())) == pool // 2
    assert not few["extra"].any()
    many = harvest_items(world, rng, pool + 500)
    assert len(set(zip(many["body"].tolist(), many["extra"].tolist(), strict=True))) == pool + 500
