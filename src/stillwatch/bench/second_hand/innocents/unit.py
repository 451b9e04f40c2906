"""One legitimate unit - a class, a firm, a tool - from who sends what when to its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.bench.second_hand.clock import Sessions
from stillwatch.bench.second_hand.corpus import corpus
from stillwatch.bench.second_hand.marks import pick
from stillwatch.bench.second_hand.network import Exits, leave
from stillwatch.bench.second_hand.roster import Accounts
from stillwatch.bench.second_hand.scene import SETTINGS, STACK, Scene
from stillwatch.bench.second_hand.text import about, grammar, n_topics
from stillwatch.bench.second_hand.traffic import Label, Made, Traffic, compose, settings_table

__all__ = [
    "Kind",
    "Place",
    "Reading",
    "Unit",
    "common_settings",
    "common_stacks",
    "finish",
    "items",
    "ordinary",
    "sizes",
    "talk_of",
    "topics",
]

Ints = NDArray[np.int64]

_LEAST: Final = 40
_FAILS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Reading:
    """Texts of the innocents' corpora, in order of topic; empty without a folder."""

    everyday: pa.Array
    desk: pa.Array
    items: pa.Array

    @classmethod
    def of(cls, folder: Path | None) -> "Reading":
        """Chat and enterprise for everyday talk, enterprise for help desks, benchmarks for measuring."""
        chat, desk = corpus(folder, "innocent", role="chat"), corpus(folder, "innocent", role="enterprise")
        return cls(pa.concat_arrays([chat, desk]), desk, corpus(folder, "innocent", role="evaluation"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a kind is at work: the provider, what its people read, and a stream of chance of its own."""

    scene: Scene
    reading: Reading
    rng: np.random.Generator

    @property
    def span(self) -> tuple[int, int]:
        """First and last moment, microseconds."""
        return self.scene.start_us, self.scene.end_us


@dataclass(frozen=True, slots=True)
class Kind:
    """A legitimate population: its share of all, exchanges of a unit, and how a unit is made.

    make    Place, name of the population, number of the unit and exchanges; gives one Made for each entity.
    """

    name: str
    share: float
    unit: int
    make: Callable[[Place, str, int, int], list[Made]]


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows of one entity.

    account     Place in `accounts` of each row.
    exits       Kind of exits, or exits made already.
    stacks, choices     Drawn from for each account.
    end_users   True when the account names the people behind it.
    named       True when the client names sessions; conversations always have ids.
    """

    population: str
    entity: str
    accounts: Accounts
    account: Ints
    at: Sessions
    prompt: pa.Array
    exits: str | Exits
    stacks: pa.Table
    system: pa.Array | None = None
    choices: pa.Table | None = None
    end_users: bool = False
    named: bool = True
    tools: bool = False
    answer_tokens: float = 300.0


def finish(place: Place, unit: Unit) -> Made:
    """Rows of the logs, the account table and the truth; accounts that send nothing are left out."""
    scene, rng, at, n = place.scene, place.rng, unit.at, len(unit.at.time_us)
    salt = int(rng.integers(1 << 60))
    choices = settings_table([{}]) if unit.choices is None else unit.choices
    exits = unit.exits
    if isinstance(exits, str):
        exits = leave(scene, exits, salt, unit.account, at.time_us)
    used, account = np.unique(unit.account, return_inverse=True)
    favourite = rng.choice(len(scene.models), len(used), p=scene.model_share)
    none = np.full(n, -1)
    failed = rng.random(n) < _FAILS
    traffic = Traffic(
        label=Label(unit.population, None, unit.entity),
        accounts=unit.accounts.only(used),
        time_us=at.time_us,
        account=account,
        prompt=unit.prompt,
        system=pa.nulls(n, pa.string()) if unit.system is None else unit.system,
        turn=at.turn,
        exits=exits,
        stack=pick(salt + 1, unit.stacks.num_rows, unit.account),
        stacks=unit.stacks,
        settings=pick(salt + 2, choices.num_rows, unit.account),
        choices=choices,
        model=favourite[account],
        conversation=at.session,
        session=at.session if unit.named else none,
        end_user=at.person if unit.end_users else none,
        answer_tokens=unit.answer_tokens,
        has_tools=np.full(n, unit.tools),
        status=np.where(failed, rng.choice([429, 500, 529], n), 200),
    )
    return compose(rng, scene, traffic)


def sizes(rng: np.random.Generator, n: int, unit: int) -> list[int]:
    """Exchanges of each unit of a kind, n in all; none is tiny unless n is."""
    count = max(1, min(n // _LEAST, max(6, round(n / unit))))
    extra = rng.multinomial(n - min(n, count * _LEAST), rng.dirichlet(np.full(count, 1.5)))
    base = np.full(count, min(n, count * _LEAST) // count)
    base[0] += min(n, count * _LEAST) - base.sum()
    return [int(v) for v in base + extra if v > 0]


def topics(rng: np.random.Generator, at: Sessions, *, n_home: int = 2, only: Ints | None = None) -> Ints:
    """What each row is about: people have a few topics of their own, a session has one.

    only    Topics to choose from; None is all.
    """
    world = np.arange(n_topics()) if only is None else only
    n_people, n_talks = int(at.person.max()) + 1, int(at.session.max()) + 1
    home = world[rng.integers(0, len(world), (n_people, n_home))]
    which, stray = rng.integers(0, n_home, n_talks), rng.random(n_talks) < 0.15
    elsewhere = world[rng.integers(0, len(world), n_talks)]
    return np.where(stray[at.session], elsewhere[at.session], home[at.person, which[at.session]])


def talk_of(
    rng: np.random.Generator, at: Sessions, topic: Ints, first: Sequence[str], later: Sequence[str]
) -> pa.Array:
    """Texts of `first` productions when a conversation opens and of `later` ones after that."""
    n = len(topic)
    code = np.where(at.turn == 1, rng.integers(0, len(first), n), len(first) + rng.integers(0, max(1, len(later)), n))
    if not later:
        code = rng.integers(0, len(first), n)
    return grammar("innocent").render(rng, [*first, *later], code, about(rng, topic))


def ordinary(place: Place, at: Sessions, *, real: pa.Array | None = None, first: str = "ordinary") -> pa.Array:
    """What people type: of their own topics, or stretches of real texts that lie close together.

    real    Real texts in order of topic; half the people's words are among them.
    """
    rng, rules = place.rng, grammar("innocent")
    typed = talk_of(rng, at, topics(rng, at), rules[first], rules["more"])
    if real is None or not len(real):
        return typed
    n_people, n_talks = int(at.person.max()) + 1, int(at.session.max()) + 1
    home = rng.integers(0, len(real), n_people)[at.person]
    near = rng.normal(0, 60, n_talks)[at.session] + rng.integers(0, 6, len(home))
    spot = (home + near.astype(np.int64)) % len(real)
    reads = (rng.random(n_people) < 0.5)[at.person] & (at.turn == 1)
    return pc.if_else(pa.array(reads), real.take(pa.array(spot)), typed)


def items(place: Place, n: int) -> pa.Array:
    """Entries of a public benchmark, n at most: a stretch of a real one, or of the grammar's own."""
    real = place.reading.items
    if len(real):
        return real.slice(int(place.rng.integers(max(1, len(real) - n))), n)
    topic = place.rng.integers(0, n_topics(), n)
    return grammar("innocent").draw(place.rng, "bench_item", n, about(place.rng, topic))


def common_stacks(rng: np.random.Generator, scene: Scene, n: int) -> pa.Table:
    """Clients that many of the provider's customers use."""
    top = scene.stacks.select(list(STACK)).slice(0, 60)
    weight = scene.stacks["accounts"].to_numpy()[:60].astype(np.float64)
    n = min(n, top.num_rows)
    return top.take(pa.array(rng.choice(top.num_rows, n, replace=False, p=weight / weight.sum())))


def common_settings(rng: np.random.Generator, scene: Scene, n: int) -> pa.Table:
    """Parameters that many of the provider's customers use."""
    top = scene.settings.select(list(SETTINGS)).slice(0, 30)
    return top.take(pa.array(rng.choice(top.num_rows, min(n, top.num_rows), replace=False)))
