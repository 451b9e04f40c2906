"""The same questions for everybody: a course's exercises, a benchmark, a study's tasks, and who takes up which."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.third_hand.clock import Ints
from stillwatch.bench.third_hand.kinds import Kind
from stillwatch.bench.third_hand.library import DOMAINS, Library, nouns, numbers, section, topics
from stillwatch.bench.third_hand.operator import Pool, gather
from stillwatch.bench.third_hand.spinning import Keys, draw_keys, picked, scattered, spun

__all__ = ["Goals", "Visits", "assigned", "benchmark", "course", "goals"]

_BENCHMARKS: Final = 3
_ENGLISH: Final = 7
_GOALS: Final = ("goal-plan", "goal-compare", "goal-problem", "goal-explain", "goal-write", "goal-choose", "goal-facts")


@dataclass(frozen=True, slots=True)
class Visits:
    """Who takes up which question: a person's visits stand together, in the order of their work."""

    person: Ints
    item: Ints
    attempt: Ints
    questions: int


def _panels(each: float, accounts: int, seats: int) -> NDArray[np.bool_]:
    """Judges by candidates: a candidate goes to all judges of one panel."""
    panels = max(1, round(accounts / seats))
    candidates = np.arange(max(panels, round(each * panels)))
    return np.asarray((np.arange(accounts) % panels)[:, None] == (candidates % panels)[None, :])


def _parts(rng: np.random.Generator, kind: Kind, each: float, accounts: int) -> NDArray[np.bool_]:
    """People by questions: some ask nearly all, some a few, and hard questions are asked by more."""
    part = 1.0 if rng.random() < 0.4 else rng.uniform(*kind.part)
    count = int(np.clip(round(each / part), *kind.given))
    spread = 0.25 if part < 1 else 0.0
    share = np.clip(each / count * rng.lognormal(0.0, spread, accounts), 1 / count, 1.0)
    hard = rng.lognormal(0.0, spread, count)
    chosen: NDArray[np.bool_] = rng.random((accounts, count)) < share[:, None] * hard
    chosen[np.arange(accounts), rng.integers(0, count, accounts)] |= ~chosen.any(1)
    return chosen


def assigned(rng: np.random.Generator, kind: Kind, accounts: int, n: float) -> Visits:
    """About `n` visits by everybody together."""
    samples, again = int(rng.integers(1, kind.samples + 1)), rng.uniform(*kind.again)
    each = max(1.0, n / accounts / samples / (1 + again))
    chosen = _panels(each, accounts, int(rng.choice(kind.panel))) if kind.panel else _parts(rng, kind, each, accounts)
    person, item = (side.astype(np.int64) for side in np.nonzero(chosen))
    if rng.choice(kind.order) == "shuffled":
        order = np.lexsort((rng.random(len(person)), person))
        person, item = person[order], item[order]
    times = samples + (rng.random(len(person)) < again).astype(np.int64)
    at = np.repeat(np.arange(len(person)), times)
    attempt = np.arange(len(at)) - np.repeat(np.cumsum(times) - times, times)
    if samples > 1 and rng.random() < 0.5:
        order = np.lexsort((np.arange(len(at)), attempt, person[at]))
        at, attempt = at[order], attempt[order]
    return Visits(person[at], item[at], attempt, chosen.shape[1])


def course(rng: np.random.Generator, library: Library, subject: int, size: int) -> Pool:
    """Exercises of a course: out of a published collection, or the teacher's own about a few topics of the subject."""
    if library.count("evaluation") and rng.random() < 0.6:
        return gather(rng, library, size, ("en",), role="evaluation", ordered=True)
    taught = rng.choice(topics(subject), min(topics(subject), int(rng.integers(4, 16))), replace=False)
    topic = taught[np.sort(rng.integers(0, len(taught), size))]
    none = np.zeros(0, np.int64)
    return Pool(library, "evaluation", none, np.full(size, subject), topic, int(rng.integers(2**40)))


def benchmark(rng: np.random.Generator, library: Library, seed: int) -> Pool:
    """One of the few public benchmarks that everybody runs who runs one."""
    public = np.random.default_rng([seed, 7, int(rng.integers(_BENCHMARKS))])
    size = int(public.integers(120, 900))
    return gather(public, library, size, ("en",), role="evaluation", ordered=True)


@dataclass(frozen=True, slots=True)
class Goals:
    """Tasks of a study, known by what is to be found out, not by wording.

    sort    Place in the sections of goals.
    keys    Facts of each task depend on nothing else.
    """

    sort: Ints
    domain: Ints
    keys: Keys

    def __len__(self) -> int:
        """Count tasks."""
        return len(self.sort)

    def text(self, item: Ints, wording: Keys) -> pa.Array:
        """Each task in the words that a key chooses."""
        facts = self.keys[item]
        topic = (draw_keys(facts, 3) % np.uint64(2**20)).astype(np.int64)
        fields = {
            "t": self._topics(item, topic),
            "u": self._topics(item, topic + 1),
            "n": numbers(facts, 13, 3, 60),
            "m": numbers(facts, 17, 2, 9),
        }
        parts, places = [], []
        for i, name in enumerate(_GOALS):
            at = np.flatnonzero(self.sort[item] == i)
            mine = {letter: picked(column, at) for letter, column in fields.items()}
            parts.append(spun(section(name), wording[at], mine, 19))
            places.append(at)
        return scattered(parts, places)

    def _topics(self, item: Ints, topic: Ints) -> pa.Array:
        parts, places = [], []
        for domain in range(_ENGLISH):
            at = np.flatnonzero(self.domain[item] == domain)
            known = pa.array(nouns(domain))
            parts.append(picked(known, topic[at] % len(known)))
            places.append(at)
        return scattered(parts, places)


def goals(rng: np.random.Generator, size: int) -> Goals:
    """Tasks about a few fields that anyone can say something about."""
    fields = rng.choice(_ENGLISH, int(rng.integers(2, 6)), replace=False)
    everyday = DOMAINS.index("everyday")
    domain = np.where(rng.random(size) < 0.4, everyday, rng.choice(fields, size))
    keys = draw_keys(np.arange(size), int(rng.integers(2**40)))
    return Goals(rng.integers(0, len(_GOALS), size), domain, keys)
