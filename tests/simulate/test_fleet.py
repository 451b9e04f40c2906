"""Organisations' programs, relays, and people as a crowd."""

import numpy as np
import pytest

from stillwatch.simulate.activity import act, habits
from stillwatch.simulate.crowd import converse, gather
from stillwatch.simulate.fleet import open_office, run_jobs
from stillwatch.simulate.options import Options
from stillwatch.simulate.populations.relays import open_relay, relay_people
from stillwatch.simulate.roster import USES
from stillwatch.simulate.world import World


def test_an_office_is_one_organisation(world: World, rng: np.random.Generator) -> None:
    """Many keys made in one console have one owner that the provider knows; a declared use is a verified one."""
    office = open_office(world, rng, 12, population=3, use="fleet", known=0.5)
    roster = {
        name: world.roster.column(name)[office.accounts] for name in ("organisation", "use", "verified", "domain")
    }
    assert len(set(roster["organisation"].tolist())) == 1
    assert set(roster["use"].tolist()) == {USES.index("fleet")}
    assert set(roster["verified"].tolist()) == {2}
    assert len(set(roster["domain"].tolist())) == 1


def test_nobody_knows_an_office_that_hides(world: World, rng: np.random.Generator) -> None:
    """With no chance of being known, keys have owners of their own or none."""
    office = open_office(world, rng, 30, population=3, use=None, known=0.0)
    owner = world.roster.column("organisation")[office.accounts]
    assert len(set(owner[owner >= 0].tolist())) == (owner >= 0).sum()


def test_jobs_run_in_order_on_the_offices_hosts(world: World, rng: np.random.Generator) -> None:
    """One build and setting, accounts and addresses of the office, times that rise."""
    for _ in range(8):
        office = open_office(world, rng, 5, population=3, use=None, known=1.0)
        columns = run_jobs(world, rng, office, 300)
        assert (np.diff(columns["time_us"]) >= 0).all()
        assert set(columns["account"].tolist()) <= set(office.accounts.tolist())
        assert set(columns["host"].tolist()) <= set(office.hosts.tolist())
        assert set(columns["build"].tolist()) == {office.build}


@pytest.mark.parametrize(("policy", "rotates"), [("uniform", True), ("idle", False)])
def test_relays_keep_conversations_or_rotate(
    world: World, rng: np.random.Generator, policy: str, *, rotates: bool
) -> None:
    """Sticky relays keep a person's session on one account for an hour; rotating ones send every turn anywhere."""
    relay = open_relay(world, rng, 60, Options(policy=policy), population=3)
    assert relay.rotates == rotates
    draft = relay_people(world, rng, relay, 3_000, 3)
    assert len(draft) == 3_000
    assert set(draft["account"].tolist()) <= set(relay.accounts.tolist())
    kept = []
    for talk in np.unique(draft["conversation"]):
        mine = np.flatnonzero(draft["conversation"] == talk)
        if len(mine) > 1 and np.ptp(draft["time_us"][mine]) < 1_200e6:
            kept.append(len(np.unique(draft["account"][mine])) == 1)
    assert len(kept) > 100
    assert (np.mean(kept) < 0.1) if rotates else (np.mean(kept) > 0.8)


def test_parted_relays_share_nothing(world: World, rng: np.random.Generator) -> None:
    """Two pools of a relay have all its accounts between them."""
    relay = open_relay(world, rng, 30, Options(lifetime_days=3.0), population=3)
    calm, busy = relay.parted(12)
    assert [*calm.accounts.tolist(), *busy.accounts.tolist()] == relay.accounts.tolist()
    assert len(relay_people(world, rng, busy, 200, 3)) == 200


def test_people_talk_of_their_own_topics(world: World, rng: np.random.Generator) -> None:
    """Most openings of a person are of the person's topics; places change between sessions, not inside them."""
    people = gather(world, rng, np.arange(40))
    activity = act(rng, habits(rng, np.full(40, 50, np.int64), 14.0), 14.0)
    columns = converse(world, rng, people, activity)
    pool = world.library.pools["chat"]
    topic_of = {int(t): i for i, (s, n) in enumerate(zip(pool.starts, pool.sizes, strict=True))
                for t in pool.texts[s : s + n]}  # fmt: skip
    heads = np.flatnonzero(columns["turn"] == 1)
    own = [topic_of[int(columns["body"][h])] in set(people.topics[activity.person[h]].tolist()) for h in heads]
    assert np.mean(own) > 0.8
    for session in range(int(activity.session[-1]) + 1):
        assert len(set(columns["host"][activity.session == session].tolist())) == 1
