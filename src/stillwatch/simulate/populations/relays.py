"""Relays: undeclared resale. Real people behind accounts that a program pools."""

from dataclasses import dataclass, replace

import numpy as np

from stillwatch.simulate.activity import Activity, act, habits
from stillwatch.simulate.arrays import IntArray, family_sizes, split
from stillwatch.simulate.crowd import converse, gather
from stillwatch.simulate.dispatch import least_recently_used, uniform
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.networks import Places
from stillwatch.simulate.options import Options
from stillwatch.simulate.roster import USES
from stillwatch.simulate.signups import restocked
from stillwatch.simulate.slots import Slots, live_on, live_once
from stillwatch.simulate.world import World

__all__ = ["Relay", "Relays", "open_relay", "relay_people"]

_STICKY_S = 3_600.0
_PLAIN = Options()


@dataclass(frozen=True, slots=True)
class Relay:
    """Accounts pooled for resale. `rotates` is True when every request goes to any account."""

    slots: Slots
    exits: Places
    build: int
    passes_client: bool
    rotates: bool
    payment_group: int

    @property
    def accounts(self) -> IntArray:
        """Every account that is used at some time."""
        return self.slots.accounts

    def parted(self, cut: int) -> tuple["Relay", "Relay"]:
        """Two pools of one relay: the first `cut` slots, and the others."""
        first, others = self.slots.parted(cut)
        return replace(self, slots=first), replace(self, slots=others)


def open_relay(world: World, rng: np.random.Generator, n_slots: int, options: Options = _PLAIN, **values: int) -> Relay:
    """Buy or open the accounts of one relay, `n_slots` at a time; `values` go to the account table."""
    lives = (
        live_once(n_slots)
        if options.lifetime_days is None
        else live_on(rng, n_slots, world.days, options.lifetime_days, 0.0)
    )
    n_accounts = len(lives)
    group = int(rng.choice([1, 3, 5, 40], p=[0.3, 0.25, 0.25, 0.2]))
    group = group if options.payment_group is None else options.payment_group
    payment = world.roster.paid_in_groups(rng, n_accounts, group)
    opened = world.roster.start_us - int(rng.uniform(2.0, 140.0) * 86_400e6)
    burst = rng.exponential(rng.choice([0.5, 3.0, 20.0]), n_accounts)
    created = np.minimum(opened + (burst * 86_400e6).astype(np.int64), world.roster.start_us)
    bought = rng.random() < 0.4
    known = {} if bought else {"created_us": created}
    details = world.roster.unrelated(rng, n_accounts, payment=payment, **known, **values)
    details["created_us"] = restocked(world, rng, lives, np.asarray(details["created_us"], np.int64))
    accounts = world.roster.add(n_accounts, **details)
    n_exits = int(rng.choice([1, 3, max(2, n_accounts // 4), n_accounts]))
    mix = {"datacentre": rng.uniform(0.2, 1.0), "home": rng.uniform(0.0, 0.8), "vpn": rng.uniform(0.0, 0.3)}
    own = world.clients.own_build(rng, world.name(rng)) if rng.random() < 0.3 else None
    return Relay(
        slots=Slots(n_slots, lives, accounts),
        exits=world.networks.mixed(rng, mix, n_exits),
        build=int(world.clients.popular_builds(rng, 1)[0]) if own is None else own,
        passes_client=bool(rng.random() < 0.4),
        rotates=bool(rng.random() < 0.4) if options.policy is None else options.policy == "uniform",
        payment_group=group,
    )


def _assign(rng: np.random.Generator, relay: Relay, activity: Activity) -> IntArray:
    """Slot of each exchange: any, or one that a person keeps for an hour and then the longest idle."""
    n, n_accounts = len(activity.person), relay.slots.n
    if relay.rotates:
        return uniform(rng, n, n_accounts)
    start = np.flatnonzero(np.diff(activity.session, prepend=-1))
    begun = activity.time_s[start][activity.session]
    lease_key = activity.session * 1_000 + ((activity.time_s - begun) // _STICKY_S).astype(np.int64)
    _, first, lease = np.unique(lease_key, return_index=True, return_inverse=True)
    ends = np.zeros(len(first))
    np.maximum.at(ends, lease, activity.time_s)
    order = np.argsort(activity.time_s[first], kind="stable")
    chosen = np.empty(len(first), np.int64)
    chosen[order] = least_recently_used(activity.time_s[first][order], ends[order], n_accounts)
    return chosen[lease]


def relay_people(world: World, rng: np.random.Generator, relay: Relay, n: int, number: int) -> Draft:
    """Draft `n` exchanges of the people behind a relay."""
    n_people = min(n, max(3, int(n / rng.uniform(6.0, 22.0))))
    people = gather(world, rng, np.zeros(n_people, np.int64))
    if not relay.passes_client:
        people.build[:] = relay.build
    activity = act(rng, habits(rng, split(rng, n, rng.lognormal(0.0, 1.2, n_people)), world.days), world.days)
    columns = converse(world, rng, people, activity)
    account = relay.slots.serving(_assign(rng, relay, activity), activity.time_s)
    columns["account"] = relay.accounts[account]
    exit_ = (account + rng.integers(2, size=n)) % len(relay.exits.host)
    columns["network"], columns["host"] = relay.exits.network[exit_], relay.exits.host[exit_]
    if rng.random() < 0.5:
        columns["session"] = world.roster.issue(n)
    return Draft.of(n, **columns, population=number)


class Relays:
    """Resellers of access; a few have said so."""

    name = "relays"
    share = 0.10

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many relays."""
        sizes = family_sizes(rng, n, 1_000.0)
        return Draft.concat([self._relay(world, rng, int(size), number) for size in sizes])

    def _relay(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        n_accounts = min(n, max(6, int(n / rng.uniform(8.0, 60.0))))
        declared = {"use": USES.index("resale"), "verified": 2} if rng.random() < 0.1 else {}
        relay = open_relay(world, rng, n_accounts, _PLAIN, population=number, **declared)
        draft = relay_people(world, rng, relay, n, number)
        draft["entity"][:] = world.entity(self.name)
        return draft
