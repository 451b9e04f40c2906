"""Texts of those who were all given the same: retold by people, wrapped by harnesses, judged by panels."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.bench.third_hand.clock import Ints
from stillwatch.bench.third_hand.crowd import Crowd
from stillwatch.bench.third_hand.exercises import Goals, benchmark, course, goals
from stillwatch.bench.third_hand.kinds import Kind
from stillwatch.bench.third_hand.library import Library, numbers, section
from stillwatch.bench.third_hand.operator import Pool, gather
from stillwatch.bench.third_hand.persona import follow
from stillwatch.bench.third_hand.retelling import STYLES, habits, reworded, styles
from stillwatch.bench.third_hand.spinning import Keys, draw_keys, picked, scattered, spun
from stillwatch.bench.third_hand.wording import BARE, Template, prompts, templates

__all__ = ["told"]

_WORDED_BY_TASK: Final = STYLES.index("part")
"""Up to this style a task's own words are used."""
_FREE: Final = 0.6
"""Who says more than this share of the phrases otherwise starts from the task, not from its words."""


def _wordings(crowd: Crowd, salt: int) -> Keys:
    """One key for each time that a person words a question."""
    return draw_keys(((crowd.person * 65_536 + crowd.item) * 16 + crowd.attempt % 16) * 16 + crowd.nth % 16, salt)


def _retold(rng: np.random.Generator, kind: Kind, listed: Pool | Goals, crowd: Crowd, salt: int) -> pa.Array:
    """Everybody in their own words, and in others when asking again."""
    keys, item = _wordings(crowd, salt), crowd.item
    known = habits(rng, crowd.accounts)
    style = styles(rng, known, crowd.person, again=(crowd.attempt > 0) | (crowd.nth > 1))
    if isinstance(listed, Goals):
        free = (style > _WORDED_BY_TASK) & (known.loose[crowd.person] > _FREE)
        text = listed.text(item, np.where(free, keys, draw_keys(item, salt)))
    else:
        text = listed.text(item)
    counted = {"n": pc.cast(pa.array(item % 60 + 1), pa.string())}
    opening = spun(section(f"{kind.asks}-open"), keys, counted, 67)
    closing = spun(section(f"{kind.asks}-close"), keys, {"n": numbers(keys, 5, 2, 400)}, 71)
    return reworded(rng, known, crowd.person, style, text, (opening, closing))


def _candidates(item: Ints, salt: int) -> pa.Array:
    """An answer of one to three steps, the same for all who judge it."""
    keys = draw_keys(item, salt)
    fields = {"n": numbers(keys, 29, 1, 5000)}
    steps = [spun(section("pasted"), draw_keys(keys, i), fields, 31) for i in range(3)]
    long, longer = pa.array(keys % np.uint64(3) > 0), pa.array(keys % np.uint64(3) > 1)
    steps[1], steps[2] = pc.if_else(long, steps[1], None), pc.if_else(longer, steps[2], None)
    return pc.binary_join_element_wise(*steps, " ", null_handling="skip")


def _judged(rng: np.random.Generator, crowd: Crowd, salt: int) -> pa.Array:
    """The candidate answer, or both in the order that the attempt has."""
    one = _candidates(crowd.item, salt)
    if not crowd.attempt.any():
        return one
    other, turned = _candidates(crowd.item, salt + 1), pa.array(crowd.attempt % 2 == 1)
    names = (("Answer A:", "Answer B:"), ("[1]", "[2]"), ("### First", "### Second"), ("Response 1:", "Response 2:"))
    first, second = names[rng.integers(len(names))]
    glue = str(rng.choice(["\n", " "]))
    sides = pc.if_else(turned, other, one), pc.if_else(turned, one, other)
    return pc.binary_join_element_wise(f"\n{first}", sides[0], f"\n{second}", sides[1], glue)


def _voices(rng: np.random.Generator, kind: Kind, crowd: Crowd) -> tuple[tuple[Template, ...], Ints]:
    """Wrappers, and the one of each row: every account's own, or one of a few versions of a harness or a rubric."""
    count = crowd.accounts if rng.random() < 0.5 else int(rng.integers(2, 7))
    made = list(templates(rng, kind.works, ("en",), count, rng.uniform(*kind.kept)))
    if "grade" not in kind.works:
        made = [Template(BARE) if rng.random() < 0.12 else t for t in made]
    return tuple(made), crowd.person % count


def _wrapped(
    rng: np.random.Generator, kind: Kind, listed: Pool, crowd: Crowd, salt: int
) -> tuple[pa.Array, pa.Array, float]:
    made, voice = _voices(rng, kind, crowd)
    question = listed.text(crowd.item % len(listed))
    answer = _judged(rng, crowd, salt) if kind.asks == "answers" else None
    parts, systems, places = [], [], []
    for i, template in enumerate(made):
        at = np.flatnonzero(voice == i)
        if len(at):
            keys = draw_keys(crowd.item[at], salt + i)
            given = None if answer is None else picked(answer, at)
            prompt, system = prompts(template, picked(question, at), keys, given)
            parts.append(prompt)
            systems.append(system)
            places.append(at)
    return scattered(parts, places), scattered(systems, places), made[0].answer_tokens


def told(
    rng: np.random.Generator, kind: Kind, library: Library, crowd: Crowd, seed: int
) -> tuple[pa.Array, pa.Array, float]:
    """Prompts, the wrappers' own system prompts and the usual length of an answer."""
    salt, size = int(rng.integers(2**31)), int(crowd.item.max()) + 1
    if kind.says == "retold":
        listed = goals(rng, size) if kind.asks == "goals" else course(rng, library, int(rng.integers(7)), size)
        text = _retold(rng, kind, listed, crowd, salt)
        text = follow(text, crowd.nth, np.arange(len(text)), kind.about or "chatter", kind.replies)
        return text, pa.nulls(len(text), pa.string()), 420.0
    if kind.asks == "benchmark" and rng.random() < 0.5:
        return _wrapped(rng, kind, benchmark(rng, library, seed), crowd, salt)
    own = gather(rng, library, size, ("en",), role="evaluation", ordered=False)
    return _wrapped(rng, kind, own, crowd, salt)
