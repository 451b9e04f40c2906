"""How an operator harvests: accounts in payment groups, a pool of proxies, a job list and a dispatcher."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stillwatch.simulate.arrays import FloatArray, IntArray
from stillwatch.simulate.arrivals import job_times
from stillwatch.simulate.crowd import moments
from stillwatch.simulate.dispatch import least_recently_used, quotas, sticky, uniform
from stillwatch.simulate.networks import Places
from stillwatch.simulate.roster import DISPOSABLE_DOMAIN
from stillwatch.simulate.world import World

__all__ = ["PAYMENT_GROUPS", "Operation", "accounts_needed", "assign", "harvest_items", "open_operation", "work_off"]

PAYMENT_GROUPS = (1, 3, 5, 40)
# what relay software keeps for an hour is a conversation; single questions are one each, so the longest idle is next
_POLICIES = {"uniform": 0.4, "idle": 0.35, "quotas": 0.15, "sticky": 0.1}
_PER_ACCOUNT_DAY = 26.0
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Operation:
    """Accounts of one operator; `builds` by account, `start_day` and `end_day` within the window.

    policy    uniform, idle (least recently used), quotas (equal rounds) or sticky (workers that keep one for an hour).
    """

    accounts: IntArray
    exits: Places
    builds: IntArray
    setting: int
    model: int
    start_day: float
    end_day: float
    policy: str


def accounts_needed(n: int, active_days: float, fewest: int = 60) -> int:
    """Accounts for `n` exchanges at 26 an account and day, the public figure of 2026; `fewest` at least."""
    return min(n, max(fewest, round(n / (_PER_ACCOUNT_DAY * active_days))))


def _sign_ups(world: World, rng: np.random.Generator, n: int) -> IntArray:
    """When the accounts were opened: in bursts shortly before, or long ago by others who sold them."""
    latest = world.roster.start_us
    n_bursts = int(rng.integers(1, 6))
    burst = rng.uniform(2.0, 60.0, n_bursts)[rng.integers(n_bursts, size=n)]
    fresh = latest - (burst * _DAY_US).astype(np.int64) + (rng.exponential(0.6, n) * _DAY_US).astype(np.int64)
    aged = latest - (np.minimum(rng.exponential(260.0, n), 1_400.0) * _DAY_US).astype(np.int64)
    return np.where(rng.random(n) < rng.choice([0.0, 0.3, 0.9]), aged, np.minimum(fresh, latest))


def open_operation(
    world: World, rng: np.random.Generator, n_accounts: int, *, number: int, span: tuple[float, float], own: bool
) -> Operation:
    """Open or buy `n_accounts`.

    number    Campaign they belong to.
    span      First and last day of the operation.
    own       True when one program calls for all; otherwise each account has a popular client of its own.
    """
    group = int(rng.choice(PAYMENT_GROUPS))
    payment = world.roster.paid_in_groups(rng, n_accounts, group)
    details = world.roster.unrelated(rng, n_accounts, payment=payment, campaign=number, population=-1)
    if rng.random() < 0.35:
        # mailboxes by the dozen: a domain of one's own, or a throw-away service that others use too
        domain = world.roster.domain(f"{world.name(rng)}.example") if rng.random() < 0.5 else DISPOSABLE_DOMAIN
        rows = rng.random(n_accounts) < rng.uniform(0.2, 0.9)
        details["domain"] = np.where(rows, domain, details["domain"])
    accounts = world.roster.add(n_accounts, **{**details, "created_us": _sign_ups(world, rng, n_accounts)})
    n_exits = max(4, int(n_accounts * rng.uniform(0.25, 1.1)))
    racks = world.networks.draw(rng, "datacentre", int(rng.integers(1, 5))).network
    rented = world.networks.within(rng, rng.choice(racks, n_exits))
    homes = world.networks.draw(rng, "home", n_exits)
    at_home = rng.random(n_exits) < rng.uniform(0.1, 0.9)
    few = world.clients.popular_builds(rng, 3)
    return Operation(
        accounts=accounts,
        exits=Places(np.where(at_home, homes.network, rented.network), np.where(at_home, homes.host, rented.host)),
        builds=rng.choice(few, n_accounts, p=[0.8, 0.15, 0.05])
        if own
        else world.clients.popular_builds(rng, n_accounts),
        setting=world.clients.rare_setting(rng) if own else int(world.clients.popular_settings(rng, 1)[0]),
        model=int(world.clients.models(rng, 1)[0]),
        start_day=span[0],
        end_day=span[1],
        policy=str(rng.choice(list(_POLICIES), p=list(_POLICIES.values()))),
    )


def assign(rng: np.random.Generator, operation: Operation, times_s: FloatArray) -> IntArray:
    """Place of the account of each job, jobs in order of time."""
    n, n_accounts = len(times_s), len(operation.accounts)
    if operation.policy == "quotas":
        return quotas(rng, n, n_accounts)
    if operation.policy == "idle":
        return least_recently_used(times_s, times_s + rng.gamma(2.0, 15.0, n), n_accounts)
    if operation.policy == "sticky":
        return sticky(rng, times_s, n_accounts, max(2, n_accounts // 5))
    return uniform(rng, n, n_accounts)


def work_off(world: World, rng: np.random.Generator, operation: Operation, n: int) -> dict[str, npt.NDArray[Any]]:
    """Draft columns of `n` single-turn jobs, in order of time; what they say is added by the caller."""
    times = job_times(rng, n, operation.start_day, operation.end_day, float(rng.beta(0.8, 1.6)))
    chosen = assign(rng, operation, times)
    n_exits = len(operation.exits.host)
    if rng.random() < 0.5:
        exit_ = rng.integers(n_exits, size=n)
    else:
        # an account keeps its proxy for a day
        exit_ = (chosen * 7 + (times // 86_400.0).astype(np.int64) * int(rng.integers(1, 9))) % n_exits
    return {
        "time_us": moments(times),
        "account": operation.accounts[chosen],
        "session": world.roster.issue(n),
        "conversation": world.roster.issue(n),
        "build": operation.builds[chosen],
        "setting": np.full(n, operation.setting),
        "model": np.full(n, operation.model),
        "network": operation.exits.network[exit_],
        "host": operation.exits.host[exit_],
    }


def harvest_items(world: World, rng: np.random.Generator, n: int) -> dict[str, IntArray]:
    """A list of `n` items without replacement, from sources of its own while there are any; beyond them, in pairs.

    ``world.overlap`` of them come from ordinary people's prompts.
    """
    items = world.library.pools["attack"].shard(rng, n, world.library.spent_sources)
    body = items[np.arange(n) % len(items)]
    partner = items[(np.arange(n) // len(items) * 7_919 + np.arange(n) * 31 + 1) % len(items)]
    paired = np.arange(n) >= len(items)
    if world.overlap > 0.0:
        common = world.library.pools["chat"].shard(rng, n)
        body = np.where(rng.random(n) < world.overlap, common[np.arange(n) % len(common)], body)
    newline = world.library.add_text("\n")
    order = rng.permutation(n)
    return {
        "body": body[order],
        "middle": np.where(paired, newline, 0)[order],
        "extra": np.where(paired, partner, 0)[order],
    }
