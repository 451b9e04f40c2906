"""Enterprise batch: one organisation's job list over one or many keys."""

import numpy as np

from stillwatch.simulate.arrays import IntArray, family_sizes
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.fleet import open_office, run_jobs
from stillwatch.simulate.populations.tools import service_template
from stillwatch.simulate.world import World

__all__ = ["Enterprise", "equal_quotas"]

_EQUAL_QUOTAS = 0.35
_FEWEST_KEYS = 4


def equal_quotas(rng: np.random.Generator, n: int, n_accounts: int) -> IntArray:
    """Account of each of `n` jobs in order of time, when every key has the same quota.

    Either one key after another is used up, or rounds go over the keys, by ones or by batches, in one order or a new
    one each time.
    """
    quota = -(-n // n_accounts)
    batch = int(rng.choice([quota, 1, min(quota, 20)]))
    rounds = -(-quota // batch)
    order = np.tile(rng.permutation(n_accounts), (rounds, 1))
    if rng.random() < 0.5:
        order = rng.permuted(order, axis=1)
    left = quota - np.arange(rounds) * batch
    turns = np.repeat(order.ravel(), np.repeat(np.minimum(left, batch), n_accounts))
    # the last round may be short: some keys have one job less, and nobody more than one
    spare = len(turns) - n
    keep = np.ones(len(turns), bool)
    last = np.unique(turns[::-1], return_index=True)[1][:spare]
    keep[len(turns) - 1 - last] = False
    return turns[keep]


class Enterprise:
    """Document and ticket processing; some organisations are verified and declared, some are not."""

    name = "enterprise"
    share = 0.10

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many organisations."""
        sizes = family_sizes(rng, n, 900.0)
        return Draft.concat([self._organisation(world, rng, int(size), number) for size in sizes])

    def _organisation(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        n_accounts = min(n, int(rng.choice([1, 2, 4, 8, 16, 40], p=[0.3, 0.15, 0.15, 0.15, 0.15, 0.1])))
        office = open_office(
            world, rng, n_accounts, population=number, use="fleet" if rng.random() < 0.45 else None, known=0.9
        )
        pool = world.library.pools["support" if rng.random() < 0.7 else "chat"]
        width = int(rng.choice([3, 12, len(pool.sizes)]))
        topics = pool.some_topic(rng) + rng.integers(-width, width + 1, n)
        filed = rng.random() < 0.7
        if rng.random() < 0.4:
            topics = np.sort(topics)
        columns = run_jobs(world, rng, office, n)
        if n_accounts >= _FEWEST_KEYS and rng.random() < _EQUAL_QUOTAS:
            columns["account"] = office.accounts[equal_quotas(rng, n, n_accounts)]
        return Draft.of(
            n,
            **columns,
            **service_template(world.library, rng),
            body=pool.draw(rng, topics),
            middle=world.library.add_text("\n") if filed else 0,
            extra=world.library.pools["record"].draw(rng, topics) if filed else 0,
            length=float(rng.lognormal(-0.2, 0.6)),
            population=number,
            entity=world.entity(self.name),
        )
