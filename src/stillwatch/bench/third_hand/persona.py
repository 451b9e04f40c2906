"""What people ask: a person has a language, a field and a few topics and comes back to them."""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.third_hand.clock import Ints
from stillwatch.bench.third_hand.library import Library, numbers, questions, section
from stillwatch.bench.third_hand.spinning import draw_keys, picked, scattered, spun

__all__ = ["follow", "own", "spoken"]

_FIELDS: Final = np.array([0, 1, 1, 1, 2, 2, 3, 4, 5, 5, 6, 6, 6, 7, 8, 9, 10])


def _part(person: Ints, salt: int, among: int) -> Ints:
    return (draw_keys(person, salt) % np.uint64(among)).astype(np.int64)


def own(
    library: Library,
    person: Ints,
    number: Ints,
    salt: int,
    *,
    roles: tuple[str, ...] = ("chat",),
    fields: tuple[int, ...] | None = None,
) -> pa.Array:
    """What each person asks in the exchange of that number.

    roles   Real prompts that half the people ask, where there are some.
    fields  Domains people may have; None for any, languages included.
    """
    allowed = _FIELDS if fields is None else np.array(fields)
    domain = allowed[_part(person, salt + 1, len(allowed))]
    interest = _part(number, salt + 2, 3)
    topic = _part(person * 8 + interest, salt + 3, 1000)
    keys = draw_keys(number, salt + 4)
    known = [r for r in roles if library.count(r)]
    which = _part(person, salt + 5, 2 * len(known)) if known else np.full(len(person), 99)
    parts, places = [], []
    for i, role in enumerate(known):
        at = np.flatnonzero(which == i)
        parts.append(library.near(role, topic[at], keys[at]))
        places.append(at)
    rest = np.flatnonzero(which >= len(known))
    return scattered([*parts, questions(domain[rest], topic[rest], keys[rest])], [*places, rest])


def spoken(name: str, text: pa.Array, person: Ints, salt: int) -> pa.Array:
    """Wrap questions the way a person does who has a habit of wording."""
    keys = draw_keys(person, salt)
    return spun(section(name), keys, {"q": text, "n": numbers(keys, 3, 2, 30)})


def follow(text: pa.Array, turn: Ints, number: Ints, name: str = "chatter", share: float = 0.6) -> pa.Array:
    """Replace what people say in later turns by short replies, in that share of them."""
    keys = draw_keys(number, 53)
    replied: NDArray[np.bool_] = (turn > 1) & ((keys >> np.uint64(11)) % np.uint64(1000) < np.uint64(share * 1000))
    at, rest = np.flatnonzero(replied), np.flatnonzero(~replied)
    if not len(at):
        return text
    mine = keys[at]
    fields = {"n": numbers(mine, 59, 1, 900)}
    return scattered([picked(text, rest), spun(section(name), mine, fields, 61)], [rest, at])
