"""How an operator harvests: accounts in payment groups, a pool of proxies, a job list and a dispatcher."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stillwatch.simulate.arrays import FloatArray, IntArray
from stillwatch.simulate.arrivals import job_times
from stillwatch.simulate.brief import Brief, Operation
from stillwatch.simulate.clients import NEW_MODEL
from stillwatch.simulate.crowd import moments
from stillwatch.simulate.dispatch import least_recently_used, quotas, sticky, uneven, uniform
from stillwatch.simulate.networks import Places
from stillwatch.simulate.roster import DISPOSABLE_DOMAIN
from stillwatch.simulate.signups import restocked
from stillwatch.simulate.slots import Lives, Slots, live_on, live_once
from stillwatch.simulate.world import World

__all__ = [
    "PAYMENT_GROUPS",
    "accounts_needed",
    "assign",
    "moved_on",
    "open_operation",
    "some_span",
    "staffed",
    "work_off",
]

PAYMENT_GROUPS = (1, 3, 5, 40)
# what relay software keeps for an hour is a conversation; single questions are one each, so the longest idle is next
_POLICIES = {"uniform": 0.4, "idle": 0.35, "quotas": 0.15, "sticky": 0.1}
_PER_ACCOUNT_DAY = 26.0
_DAY_S = 86_400.0
_DAY_US = 86_400_000_000


def accounts_needed(n: int, active_days: float, fewest: int = 60, per_day: float = _PER_ACCOUNT_DAY) -> int:
    """Accounts for `n` exchanges at `per_day` an account and day (26 is public, 2026); `fewest` at least."""
    return min(n, max(fewest, round(n / (per_day * active_days))))


def _sign_ups(world: World, rng: np.random.Generator, n: int) -> IntArray:
    """When the accounts were opened: in bursts shortly before, or long ago by others who sold them."""
    latest = world.roster.start_us
    n_bursts = int(rng.integers(1, 6))
    burst = rng.uniform(2.0, 60.0, n_bursts)[rng.integers(n_bursts, size=n)]
    fresh = latest - (burst * _DAY_US).astype(np.int64) + (rng.exponential(0.6, n) * _DAY_US).astype(np.int64)
    aged = latest - (np.minimum(rng.exponential(260.0, n), 1_400.0) * _DAY_US).astype(np.int64)
    return np.where(rng.random(n) < rng.choice([0.0, 0.3, 0.9]), aged, np.minimum(fresh, latest))


def some_span(world: World, rng: np.random.Generator, shortest: float, longest: float) -> tuple[float, float]:
    """First and last day of an operation of some length, days, anywhere in the window."""
    length = min(world.days, float(rng.uniform(shortest, longest)))
    start = float(rng.uniform(0.0, world.days - length))
    return start, start + length


def staffed(brief: Brief, span: tuple[float, float], per_day: float = _PER_ACCOUNT_DAY) -> int:
    """Accounts to use at a time over a span: as the options say, else by `per_day` an account."""
    return brief.slots(accounts_needed(brief.n, span[1] - span[0], brief.fewest, per_day))


def _accounts(
    world: World, rng: np.random.Generator, lives: Lives, number: int, wanted_group: int | None
) -> tuple[IntArray, int]:
    """Open the accounts of all lives; their numbers and how many share a means of payment."""
    n = len(lives)
    group = int(rng.choice(PAYMENT_GROUPS))
    group = group if wanted_group is None else wanted_group
    # those who come together pay together
    payment = np.empty(n, np.int64)
    payment[np.argsort(lives.begin_s, kind="stable")] = world.roster.paid_in_groups(rng, n, group)
    details = world.roster.unrelated(rng, n, payment=payment, campaign=number, population=-1)
    if rng.random() < 0.35:
        # mailboxes by the dozen: a domain of one's own, or a throw-away service that others use too
        domain = world.roster.domain(f"{world.name(rng)}.example") if rng.random() < 0.5 else DISPOSABLE_DOMAIN
        rows = rng.random(n) < rng.uniform(0.2, 0.9)
        details["domain"] = np.where(rows, domain, details["domain"])
    return world.roster.add(
        n, **{**details, "created_us": restocked(world, rng, lives, _sign_ups(world, rng, n))}
    ), group


def _exits(world: World, rng: np.random.Generator, n_accounts: int) -> Places:
    """Proxies in rented racks and in homes."""
    n_exits = max(4, int(n_accounts * rng.uniform(0.25, 1.1)))
    racks = world.networks.draw(rng, "datacentre", int(rng.integers(1, 5))).network
    rented = world.networks.within(rng, rng.choice(racks, n_exits))
    homes = world.networks.draw(rng, "home", n_exits)
    at_home = rng.random(n_exits) < rng.uniform(0.1, 0.9)
    return Places(np.where(at_home, homes.network, rented.network), np.where(at_home, homes.host, rented.host))


def _with_pivot(world: World, span: tuple[float, float], pivot_day: float | None) -> tuple[float, float]:
    """A span that begins before a pivot and lasts until traffic has moved, as far as the window goes."""
    if pivot_day is None:
        return span
    return max(0.0, min(span[0], pivot_day - 2.0)), min(world.days, max(span[1], pivot_day + 3.0))


def open_operation(
    world: World, rng: np.random.Generator, brief: Brief, n_slots: int, *, span: tuple[float, float], own: bool
) -> Operation:
    """Open or buy accounts for `n_slots` at a time, by the options of the brief, and put them on it.

    span      First and last day of the operation.
    own       True when one program calls for all; otherwise each account has a popular client of its own.
    """
    options = brief.options
    start, end = _with_pivot(world, span, options.pivot_day)
    lives = (
        live_once(n_slots)
        if options.lifetime_days is None
        else live_on(rng, n_slots, end, options.lifetime_days, start)
    )
    accounts, group = _accounts(world, rng, lives, brief.number, options.payment_group)
    n = len(accounts)
    exits = _exits(world, rng, n)
    few = world.clients.popular_builds(rng, 3)
    builds = rng.choice(few, n, p=[0.8, 0.15, 0.05]) if own else world.clients.popular_builds(rng, n)
    setting = world.clients.rare_setting(rng) if own else int(world.clients.popular_settings(rng, 1)[0])
    model = int(world.clients.models(rng, 1)[0])
    policy = str(rng.choice(list(_POLICIES), p=list(_POLICIES.values())))
    if options.pivot_day is not None:
        world.release_model(options.pivot_day)
    operation = Operation(
        slots=Slots(n_slots, lives, accounts),
        exits=exits,
        builds=builds,
        settings=np.full(n, setting),
        models=np.full(n, model),
        start_day=start,
        end_day=end,
        policy=options.policy or policy,
        payment_group=group,
        lifetime_days=options.lifetime_days,
        pivot_day=options.pivot_day,
    )
    brief.operations.append(operation)
    return operation


def assign(
    rng: np.random.Generator, operation: Operation, times_s: FloatArray, busy_s: FloatArray | None = None
) -> IntArray:
    """Slot of each job, jobs in order of time.

    busy_s    How long each job keeps its account; None for a single answer's time.
    """
    n, n_slots = len(times_s), operation.slots.n
    if operation.policy == "quotas":
        return quotas(rng, n, n_slots)
    if operation.policy == "idle":
        return least_recently_used(times_s, times_s + (rng.gamma(2.0, 15.0, n) if busy_s is None else busy_s), n_slots)
    if operation.policy == "sticky":
        return sticky(rng, times_s, n_slots, max(2, n_slots // 5))
    if operation.policy == "uneven":
        return uneven(rng, n, n_slots)
    return uniform(rng, n, n_slots)


def moved_on(rng: np.random.Generator, times_s: FloatArray, pivot_day: float) -> npt.NDArray[np.bool_]:
    """Which exchanges go to a model that appears on `pivot_day`: a ramp to a bit over half within a day, then more.

    As the public report of 2026 has it: half of a campaign's traffic moved to a new model within 24 hours.
    """
    days = times_s / _DAY_S - pivot_day
    share = np.where(days < 1.0, 0.58 * days, np.minimum(0.58 + 0.07 * (days - 1.0), 0.9))
    return np.asarray(rng.random(len(times_s)) < share)


def _continued(
    rng: np.random.Generator, columns: dict[str, npt.NDArray[Any]], turns: IntArray, pauses_s: FloatArray, last_us: int
) -> dict[str, npt.NDArray[Any]]:
    """Conversations of the given numbers of turns from their openings."""
    opening = np.repeat(np.arange(len(turns)), turns)
    head = np.cumsum(turns) - turns
    turn = np.arange(len(opening)) - head[opening] + 1
    wait = np.where(turn > 1, pauses_s, 0.0)
    waited = np.cumsum(wait)
    waited = waited - waited[head][opening]
    rows = {name: values[opening] for name, values in columns.items()}
    late = rows["time_us"] + (waited * 1e6).astype(np.int64)
    # what would run over the end of the window is hurried, and stays in order
    hurried = last_us - (turns[opening] - turn) * 1_000 - rng.integers(0, 1_000)
    return {**rows, "time_us": np.maximum(rows["time_us"], np.minimum(late, hurried)), "turn": turn}


def work_off(
    world: World, rng: np.random.Generator, operation: Operation, n: int, turns: IntArray | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Draft columns of `n` jobs, in order of time of their openings; what they say is added by the caller.

    turns    Turns of each of the `n` jobs, at least 1; None for single questions.
    """
    times = job_times(rng, n, operation.start_day, operation.end_day, float(rng.beta(0.8, 1.6)))
    pauses = None if turns is None else rng.lognormal(np.log(18.0), 0.7, int(turns.sum()))
    busy = None if turns is None or pauses is None else np.add.reduceat(pauses, np.cumsum(turns) - turns)
    chosen = operation.slots.serving(assign(rng, operation, times, busy), times)
    n_exits = len(operation.exits.host)
    if rng.random() < 0.5:
        exit_ = rng.integers(n_exits, size=n)
    else:
        # an account keeps its proxy for a day
        exit_ = (chosen * 7 + (times // _DAY_S).astype(np.int64) * int(rng.integers(1, 9))) % n_exits
    model = operation.models[chosen]
    if operation.pivot_day is not None:
        model = np.where(moved_on(rng, times, operation.pivot_day), NEW_MODEL, model)
    columns = {
        "time_us": moments(times),
        "account": operation.accounts[chosen],
        "session": world.roster.issue(n),
        "conversation": world.roster.issue(n),
        "build": operation.builds[chosen],
        "setting": operation.settings[chosen],
        "model": model,
        "network": operation.exits.network[exit_],
        "host": operation.exits.host[exit_],
    }
    if turns is None or pauses is None:
        return columns
    return _continued(rng, columns, turns, pauses, world.roster.start_us + int(world.days * _DAY_US) - 1)
