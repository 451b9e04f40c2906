"""Benchmark runs: the same item list by several accounts, equal quotas."""

import numpy as np

from stillwatch.simulate.arrays import family_sizes
from stillwatch.simulate.crowd import moments
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.fleet import open_office
from stillwatch.simulate.populations.tools import service_template
from stillwatch.simulate.world import World

__all__ = ["Benchmarks"]


class Benchmarks:
    """A laboratory, or unrelated people with one public harness, sending one list each."""

    name = "benchmarks"
    share = 0.05

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many runs."""
        sizes = family_sizes(rng, n, 550.0)
        return Draft.concat([self._run(world, rng, int(size), number) for size in sizes])

    def _run(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        n_accounts = min(int(rng.choice([2, 4, 6, 10, 20, 30])), max(1, n // 8))
        n_items = -(-n // n_accounts)
        items = world.library.pools["evaluation"].shard(rng, n_items)
        row = np.arange(n)
        runner = row // n_items
        together = rng.random() < 0.5
        office = open_office(
            world,
            rng,
            n_accounts,
            population=number,
            use="evaluation" if together and rng.random() < 0.6 else None,
            known=1.0 if together else 0.0,
        )
        start = rng.uniform(0.0, world.days * 0.9, 1 if together else n_accounts)
        pace_s = rng.lognormal(np.log(12.0), 1.0)
        time = start[runner % len(start)] * 86_400.0 + np.cumsum(rng.exponential(pace_s, n)) * rng.uniform(0.05, 1.0)
        where = rng.integers(len(office.hosts), size=n) if together else runner % len(office.hosts)
        template = service_template(world.library, rng) if rng.random() < 0.7 else {}
        order = rng.permutation(len(items)) if rng.random() < 0.4 else np.arange(len(items))
        return Draft.of(
            n,
            time_us=moments(time % (world.days * 86_400.0)),
            account=office.accounts[runner],
            session=world.roster.issue(n_accounts)[runner],
            conversation=world.roster.issue(n),
            build=office.build,
            setting=office.setting,
            model=office.model,
            network=office.networks[where],
            host=office.hosts[where],
            **template,
            body=items[order[(row % n_items) % len(items)]],
            length=float(rng.lognormal(0.2, 0.5)),
            population=number,
            entity=world.entity(self.name),
        )
