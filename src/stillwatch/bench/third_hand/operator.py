"""One operator: everything that a seed draws from a row of traits before the first request is sent."""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.bench.third_hand.clock import Ints
from stillwatch.bench.third_hand.library import DOMAINS, LANGUAGES, Library, questions, topics
from stillwatch.bench.third_hand.scene import Scene, weights
from stillwatch.bench.third_hand.spinning import draw_keys, picked, scattered
from stillwatch.bench.third_hand.traits import Trait
from stillwatch.bench.third_hand.wording import BARE, Template, templates

__all__ = ["Operator", "Pool", "gather", "hire", "knobs"]

_FEWEST_EXCHANGES: Final = 450
_FEWEST_ACCOUNTS: Final = 30


@dataclass(frozen=True, slots=True)
class Pool:
    """The list of questions that is to be answered: real ones first, the grammar's after."""

    library: Library
    role: str
    real: Ints
    domain: Ints
    topic: Ints
    salt: int

    def __len__(self) -> int:
        """Count items."""
        return len(self.real) + len(self.domain)

    def text(self, item: Ints) -> pa.Array:
        """Question of each item."""
        known, rest = np.flatnonzero(item < len(self.real)), np.flatnonzero(item >= len(self.real))
        at = item[rest] - len(self.real)
        made = questions(self.domain[at], self.topic[at], draw_keys(item[rest], self.salt))
        if not len(known):
            return made
        return scattered([picked(self.library.real[self.role], self.real[item[known]]), made], [known, rest])


@dataclass(frozen=True, slots=True)
class Operator:
    """What is drawn."""

    trait: Trait
    n: int
    accounts: int
    start_us: int
    end_us: int
    templates: tuple[Template, ...]
    share: tuple[float, ...]
    turns: float
    samples: int
    cover: float
    life: float
    dispatch: str
    hours: str
    network: str
    program: str
    cards: str
    signup: str
    session: str
    model: str
    moves_at_us: int
    failing: float


def gather(
    rng: np.random.Generator, library: Library, size: int, languages: tuple[str, ...], *, role: str, ordered: bool
) -> Pool:
    """A list of `size` questions about a few fields, shuffled or ordered by subject."""
    have = library.count(role)
    real = np.sort(rng.permutation(have)[: int(min(size * rng.uniform(0.4, 1.0), have))])
    left = max(size - len(real), 1)
    spoken = [7 + LANGUAGES.index(tongue) - 1 for tongue in languages if tongue != "en"]
    fields = np.array([*rng.choice(7, rng.integers(2, 8), replace=False), *spoken * 3])
    domain = rng.choice(fields, left, p=rng.dirichlet(np.full(len(fields), 2.0)))
    topic = rng.integers(0, 1 << 30, left) % np.array([topics(d) for d in range(len(DOMAINS))])[domain]
    if ordered:
        order = np.lexsort((topic, domain))
        domain, topic = domain[order], topic[order]
    else:
        real = rng.permutation(real)
    return Pool(library, role, real, domain, topic, int(rng.integers(2**40)))


def knobs(rng: np.random.Generator, scene: Scene, how: str) -> pa.Table:
    """Parameters that rows choose from: a few written down, a range of temperatures, or those of other people."""
    table = scene.knobs
    long = pc.greater_equal(pc.fill_null(table["max_tokens"], 1 << 20), 900).to_numpy()
    useful = np.flatnonzero(long)
    size = {"fixed": int(rng.integers(1, 4)), "jitter": 64}.get(how, 400)
    drawn = table.take(pa.array(rng.choice(useful, size)))
    if how != "jitter":
        return drawn
    heat = np.round(rng.uniform(rng.uniform(0.2, 0.7), rng.uniform(0.8, 1.2), size), 2).astype(np.float32)
    constant = drawn.take(pa.array(np.zeros(size, np.int64)))
    return constant.set_column(0, "temperature", pa.array(heat))


def _tongues(rng: np.random.Generator) -> tuple[str, ...]:
    if rng.random() < 0.5:
        return ("en",)
    others = [str(t) for t in rng.choice(LANGUAGES[1:], rng.integers(1, 3), replace=False)]
    return ("en", *others) if rng.random() < 0.8 else tuple(others)


def _texts(rng: np.random.Generator, scene: Scene, trait: Trait, tongues: tuple[str, ...]) -> tuple[Template, ...]:
    if trait.marks & {"bare"}:
        return (Template(BARE),)
    made = templates(rng, trait.works, tongues, int(rng.integers(*trait.count)), rng.uniform(*trait.kept))
    if "copied" not in trait.marks or not scene.systems:
        return made
    copied = scene.systems[rng.integers(min(6, len(scene.systems)))][0]
    if rng.random() < 0.5:
        made = tuple(replace(t, prompt=BARE) for t in made)
    return tuple(replace(t, system=(copied,)) for t in made)


def hire(
    rng: np.random.Generator, scene: Scene, trait: Trait, scale: float, library: Library
) -> tuple[Operator, Pool, pa.Table]:
    """Draw an operator, its list and its parameters."""
    n = max(_FEWEST_EXCHANGES, round(trait.total * scale))
    span = scene.end_us - scene.start_us
    length = rng.uniform(*trait.days)
    start = scene.start_us + int(span * rng.uniform(0, 1 - length))
    rate = rng.uniform(*trait.rate) * (0.4 if "once" in trait.marks else 1.0)
    cover = rng.uniform(*trait.cover) if rng.random() < 0.5 or trait.cover[0] else 0.0
    carried = n * (1 + cover) if "relay" in trait.marks else n
    count = n if "once" in trait.marks else math.ceil(carried / (rate * length * scene.days))
    turns = rng.uniform(*trait.turns)
    samples = 1 if rng.random() < 0.45 else int(rng.integers(1, trait.samples + 1))
    tongues = _tongues(rng)
    made = _texts(rng, scene, trait, tongues)
    thoughtful = max(scene.thinking, key=lambda m: scene.thinking[m])
    popular = str(rng.choice([m for m, _ in scene.models], p=weights(scene.models)))
    newest, released = scene.newest
    moves = rng.random() < trait.moves
    role = str(rng.choice(["chat", "enterprise", "agent"])) if "ordinary" in trait.marks else "harvest"
    conversations = max(1, round(n / turns / samples))
    ordered = bool(trait.marks & {"sorted", "shards"})
    pool = gather(rng, library, conversations + 1, tongues, role=role, ordered=ordered)
    own_life = trait.life * rng.uniform(0.6, 1.6) if trait.life else float(rng.choice([0.0, 0.0, 9.0, 30.0]))
    operator = Operator(
        trait=trait,
        n=n,
        accounts=max(_FEWEST_ACCOUNTS, count),
        start_us=start,
        end_us=start + int(span * length),
        templates=made,
        share=tuple(rng.dirichlet(np.full(len(made), rng.uniform(0.8, 6.0)))),
        turns=turns,
        samples=samples,
        cover=cover,
        life=0.0 if "once" in trait.marks else own_life,
        dispatch="rota" if "once" in trait.marks else str(rng.choice(trait.dispatch)),
        hours=str(rng.choice(trait.hours)),
        network=str(rng.choice(trait.network)),
        program=str(rng.choice(trait.program)),
        cards=str(rng.choice(trait.cards)),
        signup=str(rng.choice(trait.signup)),
        session=str(rng.choice(["none", "none", "day", "conversation"])),
        model=thoughtful if rng.random() < 0.5 else popular,
        moves_at_us=scene.start_us + int(span * released) if moves and newest != popular else 2**62,
        failing=float(rng.choice([0.0, 0.01, 0.05])),
    )
    return operator, pool, knobs(rng, scene, str(rng.choice(trait.knobs)))
