"""One run's world: its seed, its texts, its networks, clients and accounts."""

import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.clients import Clients
from stillwatch.simulate.corpora import Corpora
from stillwatch.simulate.library import Library, open_library
from stillwatch.simulate.networks import Networks, build_networks
from stillwatch.simulate.roster import Roster

__all__ = ["START_US", "AgentProgram", "World", "make_world"]

START_US = 1_788_739_200_000_000
"""Monday 2026-09-07 00:00 UTC, microseconds since 1970."""


class AgentProgram(NamedTuple):
    """A popular agent: system prompt (place in the library), build, setting, and how much it is used."""

    system: int
    build: int
    setting: int
    n_exchanges: int


@dataclass(slots=True)
class World:
    """What populations and campaigns share.

    overlap     Share of a campaign's prompts taken from ordinary people's, 0 to 1.
    entities    Names of families and organisations, by number.
    agent_programs    The agents that people use, for those who copy them.
    release_day       Day on which a new model appears; None when none does.
    """

    seed: int
    days: float
    overlap: float
    library: Library
    networks: Networks
    clients: Clients
    roster: Roster
    corpora: Corpora | None
    entities: list[str] = field(default_factory=list)
    agent_programs: list[AgentProgram] = field(default_factory=list)
    release_day: float | None = None

    def rng(self, name: str) -> np.random.Generator:
        """Random numbers of one part of the run, the same whatever other parts there are."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def entity(self, name: str) -> int:
        """Register a family or organisation."""
        self.entities.append(f"{name}-{len(self.entities)}")
        return len(self.entities) - 1

    def entities_of(self, name: str, n: int) -> IntArray:
        """Register `n` of them."""
        first = len(self.entities)
        self.entities.extend(f"{name}-{i}" for i in range(first, first + n))
        return np.arange(first, first + n, dtype=np.int64)

    def release_model(self, day: float) -> None:
        """Let the new model appear on a day, unless it is there already."""
        self.release_day = day if self.release_day is None else min(day, self.release_day)

    def name(self, rng: np.random.Generator) -> str:
        """An invented name for a company or program."""
        words = self.library.grammar.subjects[int(rng.integers(len(self.library.grammar.subjects)))].words["N"]
        first, second = rng.choice(words, 2)
        return f"{first}{second}".lower() if str(first).isascii() else f"Team{rng.integers(10_000)}".lower()


def make_world(seed: int, exchanges: int, days: float, overlap: float, corpora: Corpora | None) -> World:
    """Build the world of a run."""
    rng = np.random.default_rng([seed, zlib.crc32(b"world")])
    return World(
        seed=seed,
        days=days,
        overlap=overlap,
        library=open_library(rng, exchanges, corpora),
        networks=build_networks(rng, corpora),
        clients=Clients(),
        roster=Roster(START_US),
        corpora=corpora,
    )
