"""Each evasion evades what it is named for, and is otherwise the harvest it is."""

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.simulate.tables import Run, read_run

from stillwatch.simulate import CAMPAIGNS, EVASIONS, simulate
from stillwatch.simulate.brief import Brief
from stillwatch.simulate.campaign import Campaign
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.options import Options
from stillwatch.simulate.relay_harvest import PEOPLE, cover_for
from stillwatch.simulate.world import World, make_world

BY_NAME = {campaign.name: campaign for campaign in CAMPAIGNS}


@pytest.fixture(scope="module")
def shared() -> World:
    """A world in which campaigns come one after another."""
    return make_world(6, 4_000, 14.0, 0.0, None)


def built(name: str, n: int, within: World | None = None, **options: object) -> tuple[World, Brief, Draft]:
    """One campaign as it is drafted, in a world of its own unless one is given."""
    world = within or make_world(6, 4_000, 14.0, 0.0, None)
    campaign = BY_NAME[name]
    asked = Options(**options).over(campaign.usual)  # type: ignore[arg-type]
    brief = Brief(n, 0, n_cover=int(n * (asked.cover or 0.0)), options=asked)
    return world, brief, campaign.build(world, world.rng(name), brief)


def counts_of(draft: Draft) -> npt.NDArray[np.int64]:
    """Harvested exchanges of each account."""
    return np.unique(draft["account"][draft["campaign"] >= 0], return_counts=True)[1]


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=list(BY_NAME))
@pytest.mark.parametrize("n", [1, 2, 61, 700])
def test_counts_are_exact(shared: World, campaign: Campaign, n: int) -> None:
    """Exactly as many harvested exchanges and as much cover as asked for, whatever the number, inside the window."""
    name = campaign.name
    world, brief, draft = built(name, n, shared)
    assert (draft["campaign"] == 0).sum() == n
    assert len(draft) == n + (brief.n_cover if BY_NAME[name].mixes else 0)
    assert 0 <= draft["account"].min() <= draft["account"].max() < len(world.roster)
    since = draft["time_us"] - world.roster.start_us
    assert 0 <= since.min() <= since.max() < 14 * 86_400_000_000


@pytest.mark.parametrize("name", [*EVASIONS, "paraphrase", "slow-drip", "agentic-harvest"])
def test_doses_are_exact(shared: World, name: str) -> None:
    """Accounts and exchanges per account are what was asked for."""
    _, brief, draft = built(name, 90 * 4, shared, accounts=90, per_account=4.0, policy="quotas", cover=0.0)
    assert (draft["campaign"] == 0).sum() == 360
    assert brief.operations[0].slots.n == 90
    if name == "agentic-harvest":
        # whole trajectories go to one account: some have none
        assert 30 < len(counts_of(draft)) < 90
    else:
        assert len(counts_of(draft)) == 90


def test_padded_turns_follow_every_head() -> None:
    """Half of the exchanges are second turns of the same conversation, short and without the template."""
    world, _, draft = built("padded-turns", 2_001)
    assert (draft["turn"] == 2).sum() == 1_000
    heads, pads = draft["turn"] == 1, draft["turn"] == 2
    assert not draft["lead"][pads].any()
    assert draft["lead"][heads].all()
    owner = dict(zip(draft["conversation"][heads].tolist(), draft["account"][heads].tolist(), strict=True))
    for talk, account in zip(draft["conversation"][pads].tolist(), draft["account"][pads].tolist(), strict=True):
        assert owner[talk] == account
    length = pc.utf8_length(world.library.all_texts()).to_numpy()
    assert length[draft["body"][pads]].mean() < 0.5 * length[draft["body"][heads]].mean()


def test_sorted_lists_drift() -> None:
    """In order of time the topics follow one another; in a plain harvest they do not."""
    changes = {}
    for name in ("sorted-list", "reasoning-harvest"):
        world, _, draft = built(name, 2_000)
        topics = world.library.topic_of(draft["body"][np.argsort(draft["time_us"], kind="stable")])
        changes[name] = (np.diff(topics) != 0).mean()
    assert changes["sorted-list"] < 0.2
    assert changes["reasoning-harvest"] > 0.8


def test_uneven_loads_are_overdispersed() -> None:
    """The variance of the accounts' counts is far above a Poisson's; a plain uniform harvest's is near it."""
    uneven = counts_of(built("uneven-load", 6_000, accounts=100)[2])
    plain = counts_of(built("reasoning-harvest", 6_000, accounts=100, policy="uniform")[2])
    assert uneven.var() / uneven.mean() > 10.0
    assert plain.var() / plain.mean() < 2.0


def test_fake_repeats_are_ones_own() -> None:
    """A third of the prompts was sent before, always by the same account."""
    _, _, draft = built("fake-repeats", 4_000, accounts=60)
    prompt = list(zip(*(draft[name].tolist() for name in ("lead", "body", "extra")), strict=True))
    senders: dict[tuple[int, ...], set[int]] = {}
    for text, account in zip(prompt, draft["account"].tolist(), strict=True):
        senders.setdefault(text, set()).add(account)
    assert abs(len(senders) / 4_000 - 0.65) < 0.04
    assert all(len(accounts) == 1 for accounts in senders.values())


def test_small_ring(everything: Run) -> None:
    """Fifteen accounts at any scale, or as many as asked for."""
    assert len(pc.unique(everything.campaign("small-ring")["account_id"])) == 15
    assert len(counts_of(built("small-ring", 500, accounts=12)[2])) == 12


def test_shards_are_like_people() -> None:
    """Accounts have topics of their own, sessions, conversations and hours; a plain harvest's have none of these."""
    world, _, draft = built("shards-as-people", 4_000, accounts=40)
    plain_world, _, plain = built("reasoning-harvest", 4_000, accounts=40)

    def topics_of(world: World, draft: Draft) -> float:
        shares = []
        for account in np.unique(draft["account"]):
            found = world.library.topic_of(draft["body"][draft["account"] == account])
            shares.append(np.unique(found, return_counts=True)[1].max() / len(found))
        return float(np.mean(shares))

    assert topics_of(world, draft) > 3 * topics_of(plain_world, plain)
    assert (draft["turn"] > 1).mean() > 0.3
    gaps = [
        np.diff(np.sort(draft["time_us"][draft["account"] == account])) / 1e6 for account in np.unique(draft["account"])
    ]
    assert (np.concatenate(gaps) < 1_800).mean() > 0.6
    angle = (draft["time_us"] % 86_400_000_000) / 86_400e6 * 2 * np.pi
    busy = [np.exp(1j * angle[draft["account"] == account]) for account in np.unique(draft["account"])]
    assert np.mean([abs(day.mean()) for day in busy if len(day) > 20]) > 0.5


def test_client_keys_differ_by_account() -> None:
    """No two accounts have the same build and setting, none changes its own, and no prompt has a template."""
    _, _, draft = built("client-key-per-account", 3_000, accounts=80)
    keys = {(a, b, s) for a, b, s in zip(*(draft[c].tolist() for c in ("account", "build", "setting")), strict=True)}
    assert len(keys) == len({key[1:] for key in keys}) == 80
    assert not draft["lead"].any()
    assert not draft["tail"].any()


@pytest.mark.parametrize("ratio", [0.0, 3.0, 30.0])
def test_cover_ratio(ratio: float) -> None:
    """Cover is as much as asked for, over the harvest's accounts, and never labelled as harvest."""
    _, brief, draft = built("relay-like-cover", 300, cover=ratio)
    covered = draft["campaign"] < 0
    assert covered.sum() == 300 * ratio
    assert (draft["population"][covered] == PEOPLE).all()
    assert set(draft["account"].tolist()) <= set(brief.operations[0].accounts.tolist())


def test_cover_over_any_campaign(tmp_path: Path) -> None:
    """Any kind can carry people; with bans, nobody is served by an account that is gone or not yet bought."""
    made = simulate(
        tmp_path / "run",
        exchanges=6_000,
        seed=3,
        populations=["people"],
        campaigns=["reasoning-harvest:accounts=30,per_account=20,cover=4,lifetime_days=3"],
    )
    run = read_run(made)
    owned = run.account_truth.filter(run.account_truth["campaign"].is_valid())["account_id"]
    on_owned = pc.is_in(run.truth["account_id"], value_set=owned.combine_chunks())
    mine = run.truth.filter(on_owned)
    assert Counter(mine["campaign"].to_pylist()) == {"reasoning-harvest": 600, None: 2_400}
    assert Counter(mine["population"].to_pylist()) == {"reasoning-harvest": 600, "relays": 2_400}
    opened = dict(zip(run.accounts["account_id"].to_pylist(), run.accounts["created_at"].to_pylist(), strict=True))
    first = run.logs.group_by("account_id").aggregate([("time", "min")])
    assert all(opened[row["account_id"]] < row["time_min"] for row in first.to_pylist())


def test_cover_of_banned_accounts_moves_on(rng: np.random.Generator) -> None:
    """People behind a harvest with bans are served by whichever account fills the slot at the time."""
    fresh = make_world(6, 4_000, 14.0, 0.0, None)
    campaign = BY_NAME["ban-evasion"]
    brief = Brief(500, 0, n_cover=2_000, options=Options(lifetime_days=2.0, accounts=20))
    campaign.build(fresh, rng, brief)
    cover = cover_for(fresh, rng, brief)
    lives = brief.operations[0].slots.lives
    place = np.searchsorted(brief.operations[0].accounts, cover["account"])
    begun = fresh.roster.start_us + (lives.begin_s * 1e6).astype(np.int64)
    assert len(cover) == 2_000
    assert (cover["time_us"] >= begun[place] - 1).all()
    assert len(np.unique(cover["account"])) > 40


def test_a_network_of_thousands_carries_people_and_one_harvest(tmp_path: Path) -> None:
    """A relay network as big as asked for: every slot in use, people in front, one campaign, all in one truth."""
    made = simulate(
        tmp_path / "run", exchanges=20_000, seed=3, campaigns=["relay-mixed:accounts=2000,per_account=1,cover=6"]
    )
    run = read_run(made)
    owned = pc.sum(pc.equal(run.account_truth["campaign"], "relay-mixed")).as_py()
    assert 1_800 < owned <= 2_000
    harvest = run.campaign("relay-mixed")
    assert harvest.num_rows == 2_000
    on_owned = pc.is_in(
        run.truth["account_id"],
        value_set=run.account_truth.filter(pc.equal(run.account_truth["campaign"], "relay-mixed"))[
            "account_id"
        ].combine_chunks(),
    )
    assert pc.sum(on_owned).as_py() == 14_000


def test_options_reach_relays() -> None:
    """Payment groups and bans hold for the accounts of a relay too."""
    world, brief, draft = built("relay-mixed", 400, payment_group=7, lifetime_days=4.0, accounts=70, cover=5.0)
    (operation,) = brief.operations
    payment = world.roster.column("payment")[operation.accounts]
    assert max(Counter(payment[payment >= 0].tolist()).values()) <= 7
    assert len(operation.accounts) > 150
    created = world.roster.column("created_us")
    assert (created[draft["account"]] < draft["time_us"]).all()
    assert pa.array(draft["account"]).null_count == 0
