"""One organisation's programs: job lists worked off over one or many keys."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stillwatch.simulate.arrays import FloatArray, IntArray
from stillwatch.simulate.arrivals import bursts, job_times, real_rhythm
from stillwatch.simulate.crowd import moments
from stillwatch.simulate.dispatch import least_recently_used, quotas, uniform
from stillwatch.simulate.roster import PROGRAMMES, USES
from stillwatch.simulate.world import World

__all__ = ["Office", "open_office", "run_jobs"]


_BULK_KEYS = 10


@dataclass(frozen=True, slots=True)
class Office:
    """An organisation with keys. `accounts` are its own; `addresses` the hosts its programs run on."""

    accounts: IntArray
    networks: IntArray
    hosts: IntArray
    build: int
    setting: int
    model: int


def open_office(
    world: World, rng: np.random.Generator, n_accounts: int, *, population: int, use: str | None, known: float
) -> Office:
    """Open the accounts of one organisation.

    use      Declared and verified use, or None.
    known    Chance that the provider knows that one organisation owns a few of them; ten or more it knows, unless 0.
    """
    roster = world.roster
    # many keys are made in one console
    single = rng.random() < known or (n_accounts >= _BULK_KEYS and known > 0.0)
    mail = roster.domain(f"{world.name(rng)}.example")
    opened = roster.start_us - int(rng.exponential(250.0) * 86_400e6)
    spread = rng.exponential(40.0, n_accounts) * 86_400e6
    organisation = (
        roster.issue(1)[0] if single else np.where(rng.random(n_accounts) < 0.5, roster.issue(n_accounts), -1)
    )
    payment = roster.issue(1)[0] if rng.random() < 0.6 else roster.issue(n_accounts)
    verified = 2 if use else rng.choice(3, n_accounts, p=[0.25, 0.55, 0.2])
    accounts = roster.add(
        n_accounts,
        organisation=organisation,
        payment=payment,
        domain=mail,
        created_us=np.minimum(opened + spread.astype(np.int64), roster.start_us),
        programme=-1 if rng.random() < 0.7 else int(rng.integers(len(PROGRAMMES))),
        verified=verified,
        use=USES.index(use) if use else -1,
        population=population,
    )
    hosts = int(rng.integers(1, 2 + min(20, n_accounts)))
    kind = str(rng.choice(["datacentre", "office"], p=[0.75, 0.25]))
    places = world.networks.within(rng, np.full(hosts, world.networks.draw(rng, kind, 1).network[0]))
    own = rng.random() < 0.35
    return Office(
        accounts=accounts,
        networks=places.network,
        hosts=places.host,
        build=world.clients.own_build(rng, world.name(rng)) if own else int(world.clients.popular_builds(rng, 1)[0]),
        setting=world.clients.rare_setting(rng)
        if rng.random() < 0.5
        else int(world.clients.popular_settings(rng, 1)[0]),
        model=int(world.clients.models(rng, 1)[0]),
    )


def _times(world: World, rng: np.random.Generator, n: int) -> FloatArray:
    """When the jobs run: nightly, in office hours, in a few batches, or as requests come in."""
    style = rng.random()
    if style < 0.4:
        return bursts(rng, n, *real_rhythm(rng, world.days, world.corpora))
    if style < 0.7:
        return job_times(rng, n, 0.0, world.days, float(rng.uniform(0.6, 1.0)))
    start = rng.uniform(0.0, world.days * 0.8)
    end = min(world.days, start + rng.lognormal(0.0, 0.8))
    return job_times(rng, n, float(start), float(end), 0.0)


def run_jobs(world: World, rng: np.random.Generator, office: Office, n: int) -> dict[str, npt.NDArray[Any]]:
    """Draft columns of `n` single-turn jobs in order of time; what they say is added by the caller."""
    times = _times(world, rng, n)
    n_accounts = len(office.accounts)
    style = rng.random()
    if style < 0.45:
        turn_of = uniform(rng, n, n_accounts)
    elif style < 0.7:
        turn_of = quotas(rng, n, n_accounts)
    elif style < 0.85:
        turn_of = least_recently_used(times, times, n_accounts)
    else:
        # one key per department: uneven load
        turn_of = rng.choice(n_accounts, n, p=rng.dirichlet(np.full(n_accounts, 0.8)))
    where = rng.integers(len(office.hosts), size=n)
    return {
        "time_us": moments(times),
        "account": office.accounts[turn_of],
        "session": world.roster.issue(n),
        "conversation": world.roster.issue(n),
        "build": np.full(n, office.build),
        "setting": np.full(n, office.setting),
        "model": np.full(n, office.model),
        "network": office.networks[where],
        "host": office.hosts[where],
    }
