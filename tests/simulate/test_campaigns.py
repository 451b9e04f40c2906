"""Each campaign has the properties it is planted for."""

import importlib
import pkgutil
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.simulate.tables import EXCHANGES, SCALE, Run

import stillwatch.simulate.campaigns as folder
from stillwatch.simulate import CAMPAIGNS, DEFAULT, EVASIONS
from stillwatch.simulate.campaign import Campaign
from stillwatch.simulate.clients import MODELS, NEW_MODEL, PROVIDER
from stillwatch.simulate.operation import accounts_needed
from stillwatch.simulate.rewriter import four_grams
from stillwatch.simulate.world import START_US

NAMES = [campaign.name for campaign in CAMPAIGNS]
RINGS = {"small-ring": 15}


def per_account(table: pa.Table) -> list[int]:
    """Exchanges of each account."""
    return list(Counter(table["account_id"].to_pylist()).values())


def test_every_module_is_listed() -> None:
    """A campaign that has a file is in the tuple."""
    modules = {name for _, name, _ in pkgutil.iter_modules(folder.__path__)}
    assert modules == {type(campaign).__module__.rsplit(".", 1)[1] for campaign in CAMPAIGNS}
    assert all(importlib.import_module(f"{folder.__name__}.{name}") for name in modules)


def test_groups_of_campaigns() -> None:
    """Names are unique; what is planted unasked comes first, what evades comes last."""
    assert len(set(NAMES)) == len(NAMES) == 20
    assert list(DEFAULT) == NAMES[: len(DEFAULT)]
    assert list(EVASIONS) == NAMES[-len(EVASIONS) :]
    assert (len(DEFAULT), len(EVASIONS)) == (5, 8)


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=NAMES)
def test_size_at_a_scale(everything: Run, campaign: Campaign) -> None:
    """A campaign has exactly its full size, for the part that falls into the window, times the scale."""
    window = min(14.0, campaign.full_days) / campaign.full_days
    assert everything.campaign(campaign.name).num_rows == round(campaign.full_size * window * SCALE)


@pytest.mark.parametrize("name", NAMES)
def test_accounts_at_a_scale(everything: Run, name: str) -> None:
    """However small the scale, twenty accounts or more but for rings; the truth has those that are used."""
    truth = everything.account_truth.filter(pc.equal(everything.account_truth["campaign"], name))
    used = set(everything.logs["account_id"].to_pylist())
    assert truth.num_rows >= RINGS.get(name, 20)
    assert set(truth["account_id"].to_pylist()) <= used
    opened = sum(operation["accounts"] for operation in everything.told(name)["operations"])
    assert truth.num_rows <= opened


@pytest.mark.parametrize("name", DEFAULT)
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


def test_agentic_harvest_runs_trajectories(everything: Run) -> None:
    """Several pathways with a system prompt and tools each; a conversation keeps its account and its pathway."""
    table = everything.campaign("agentic-harvest")
    told = everything.told("agentic-harvest")
    assert {"tool use", "coding", "computer use"} <= set(told["pathways"])
    assert len(pc.unique(table["system_text"])) == len(told["pathways"]) >= 3
    assert pc.all(table["has_tools"]).as_py()
    assert pc.mean(pc.greater(table["turn_count"], 1).cast(pa.float64())).as_py() > 0.8
    talks = table.filter(table["conversation_id"].is_valid()).group_by("conversation_id")
    spread = talks.aggregate([("account_id", "count_distinct"), ("system_text", "count_distinct")])
    assert pc.max(spread["account_id_count_distinct"]).as_py() == 1
    assert pc.max(spread["system_text_count_distinct"]).as_py() == 1


def test_turns_of_a_trajectory_follow_in_time(everything: Run) -> None:
    """Within a conversation, turn after turn, seconds apart."""
    table = everything.campaign("agentic-harvest")
    table = table.filter(table["conversation_id"].is_valid())
    table = table.sort_by([("conversation_id", "ascending"), ("turn_count", "ascending")])
    same = np.array(table["conversation_id"].to_pylist())
    turn, time = table["turn_count"].to_numpy(), table["time"].cast(pa.int64()).to_numpy()
    inside = same[1:] == same[:-1]
    assert (np.diff(turn)[inside] == 1).all()
    assert (np.diff(time)[inside] >= 0).all()
    assert 5e6 < np.median(np.diff(time)[inside]) < 60e6


def test_pivot_moves_half_within_a_day(everything: Run) -> None:
    """Nothing on the new model before it appears; half and more of the campaign's traffic after 24 hours."""
    table = everything.campaign("pivot-harvest")
    day = (table["time"].cast(pa.int64()).to_numpy() - START_US) / 86_400e6 - everything.told("pivot-harvest")[
        "options"
    ]["pivot_day"]
    new = np.array(table["model"].to_pylist()) == MODELS[NEW_MODEL].name
    assert not new[day < 0].any()
    assert 0.5 <= new[(day >= 1.0) & (day < 2.0)].mean() < 0.75
    assert new[day >= 4.0].mean() > 0.7


def test_new_model_is_taken_up_by_others(everything: Run) -> None:
    """Ordinary accounts move in their own time, later and fewer; nobody has the model before it appears."""
    model = np.array(everything.logs["model"].to_pylist()) == MODELS[NEW_MODEL].name
    day = (everything.logs["time"].cast(pa.int64()).to_numpy() - START_US) / 86_400e6 - 6.0
    ordinary = ~everything.planted()
    assert not model[day < 0].any()
    assert 0.02 < model[ordinary & (day >= 1.0) & (day < 2.0)].mean() < 0.2
    assert 0.2 < model[ordinary & (day >= 6.0)].mean() < 0.5


def test_big_summer_keeps_its_pace(everything: Run) -> None:
    """About 26 exchanges per account and day over the whole window."""
    table = everything.campaign("big-summer")
    assert 22 < table.num_rows / 14 / len(per_account(table)) < 30
    span_us = pc.subtract(pc.max(table["time"]), pc.min(table["time"])).cast(pa.int64()).as_py()
    assert span_us > 12.5 * 86_400e6


def test_paraphrase_leaves_no_words_of_the_template(everything: Run) -> None:
    """In no prompt but a few does any word 4-gram of the instruction survive, and none recurs as a template would."""
    prompts = everything.campaign("paraphrase")["prompt_text"].to_pylist()
    template = everything.told("paraphrase")["template"]
    taboo = set().union(*map(four_grams, template))
    assert len(taboo) > 12
    assert np.mean([bool(taboo & four_grams(prompt)) for prompt in prompts]) < 0.02
    seen = Counter(gram for prompt in prompts for gram in four_grams(prompt))
    assert seen.most_common(1)[0][1] < 0.1 * len(prompts)
    # the same count on a templated harvest: its phrases stand in most prompts of a template
    templated = everything.campaign("multi-provider")["prompt_text"].to_pylist()
    seen = Counter(gram for prompt in templated for gram in four_grams(prompt))
    assert seen.most_common(1)[0][1] > 0.2 * len(templated)


def test_banned_accounts_are_replaced(everything: Run) -> None:
    """More accounts than slots, each gone for good when the next has taken over, and opened in the window."""
    table = everything.campaign("ban-evasion")
    (operation,) = everything.told("ban-evasion")["operations"]
    used = set(table["account_id"].to_pylist())
    assert len(used) > 1.8 * operation["slots"]
    created = everything.accounts.filter(pc.is_in(everything.accounts["account_id"], pa.array(sorted(used))))
    opened = (created["created_at"].cast(pa.int64()).to_numpy() - START_US) / 86_400e6
    assert (opened > 0).mean() > 0.3
    active = table.group_by("account_id").aggregate([("time", "min"), ("time", "max")])
    life = (active["time_max"].cast(pa.int64()).to_numpy() - active["time_min"].cast(pa.int64()).to_numpy()) / 86_400e6
    assert 1.0 < life.mean() < 4.0


def test_one_per_account(everything: Run) -> None:
    """Every account sends one exchange."""
    assert set(per_account(everything.campaign("one-per-account"))) == {1}


def test_multi_provider_sees_its_third(everything: Run) -> None:
    """The manifest says how the list was split, and no item comes twice."""
    table, told = everything.campaign("multi-provider"), everything.told("multi-provider")
    assert told["list"] == sum(told["provider"].values()) == 3 * table.num_rows
    assert told["provider"][PROVIDER] == table.num_rows
    assert len(set(table["prompt_text"].to_pylist())) > 0.95 * table.num_rows
