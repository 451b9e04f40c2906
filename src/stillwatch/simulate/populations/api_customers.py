"""Heavy customers of the interface: one application each, with the bursts of real clients."""

import numpy as np

from stillwatch.simulate.arrays import IntArray, family_sizes, split
from stillwatch.simulate.arrivals import bursts, client_sizes, real_rhythm
from stillwatch.simulate.crowd import moments
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.fleet import open_office, run_jobs
from stillwatch.simulate.prefixes import Prefixes
from stillwatch.simulate.world import World

__all__ = ["ApiCustomers"]


_RULES_TOKENS = 110
_LONGEST_TOKENS = 3_000
_SEPARATORS = (" ", "\n", "\n\n", " | ", "; ")


class ApiCustomers:
    """Organisations with an application of their own behind one to four keys; arrivals follow heavy real clients."""

    name = "api-customers"
    share = 0.11

    def build(self, world: World, rng: np.random.Generator, n: int, number: int) -> Draft:
        """Draft `n` exchanges of many customers."""
        sizes = family_sizes(rng, n, 1_100.0)
        clients = np.full(len(sizes), -1)
        if world.corpora is not None and n:
            clients, weights = client_sizes(rng, len(sizes), world.corpora)
            sizes = split(rng, n, weights)
        return Draft.concat(
            [self._customer(world, rng, int(size), number, int(c)) for size, c in zip(sizes, clients, strict=True)]
        )

    def _customer(self, world: World, rng: np.random.Generator, n: int, number: int, client: int) -> Draft:
        office = open_office(world, rng, int(rng.choice([1, 1, 1, 2, 3, 4])), population=number, use=None, known=0.8)
        columns = run_jobs(world, rng, office, n)
        pool = world.library.pools["support" if rng.random() < 0.5 else "chat"]
        width = int(rng.choice([4, 30, 200]))
        topics = pool.some_topic(rng) + rng.integers(-width, width + 1, n)
        filed = rng.random() < 0.6
        library = world.library
        system = library.add_text(
            library.wording(rng, "service.role", (topic := library.legit_topic(rng)))
            + " "
            + library.wording(rng, "service.rule", topic, int(rng.integers(2, 7)))
        )
        systems = np.full(n, system if rng.random() < 0.75 else 0)
        if world.corpora is not None:
            systems = np.where(
                systems > 0, self._prompts(world, rng, topic, world.corpora.prefixes)[rng.integers(64, size=n)], 0
            )
        people = world.roster.issue(max(1, n // 6))
        columns["time_us"] = moments(bursts(rng, n, *real_rhythm(rng, world.days, world.corpora, client)))
        return Draft.of(
            n,
            **columns,
            body=pool.draw(rng, topics),
            middle=library.add_text(str(rng.choice(_SEPARATORS))) if filed else 0,
            extra=library.pools["record"].draw(rng, topics) if filed else 0,
            system=systems,
            end_user=rng.choice(people, n) if rng.random() < 0.4 else -1,
            length=float(rng.lognormal(-0.3, 0.6)),
            tools=bool(rng.random() < 0.3),
            population=number,
            entity=world.entity(self.name),
        )

    @staticmethod
    def _prompts(world: World, rng: np.random.Generator, topic: int, prefixes: Prefixes) -> IntArray:
        """System prompts of one application in 64 equal shares: as long and as widely shared as real prefixes are."""
        library = world.library
        sharers, n_tokens = prefixes.draw(rng, int(rng.integers(1, 6)))
        role = library.wording(rng, "service.role", topic)
        shared = []
        for tokens in np.clip(n_tokens, 60, _LONGEST_TOKENS).tolist():
            rules = [library.wording(rng, "service.rule", topic, 6) for _ in range(1 + tokens // _RULES_TOKENS)]
            shared.append(library.add_text(" ".join([role, *rules])))
        return rng.choice(shared, 64, p=sharers / sharers.sum())
