"""Who did what on which object, and when: what the graph baselines look at."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.baselines._columns import codes, fingerprint_columns, openings
from stillwatch.model.baseline import Traffic

__all__ = ["ADDRESS", "CLIENT", "OPENING", "PROMPT", "Actions", "actions_of"]

ADDRESS, OPENING, PROMPT, CLIENT = 1, 2, 4, 8
"""Kinds of objects, as a bit set: /24 or /48 of the address, first 12 tokens, exact prompt, client build."""

_OPENING_TOKENS: Final = 12


class Actions(NamedTuple):
    """Exchanges as actions on objects, numbered from 0; in order of object, then time."""

    account: NDArray[np.int64]
    time_us: NDArray[np.int64]
    target: NDArray[np.int64]


def actions_of(traffic: Traffic, objects: int) -> Actions:
    """All actions on the constraint objects of the given kinds; an unknown object is none.

    objects     Bit set of ADDRESS, OPENING, PROMPT, CLIENT.
    """
    kinds = {ADDRESS: "prefix", PROMPT: "content", CLIENT: "build"}
    columns = fingerprint_columns(traffic, [name for bit, name in kinds.items() if objects & bit])
    hashes = [columns[name] for bit, name in kinds.items() if objects & bit]
    if objects & OPENING:
        hashes.append(openings(traffic.read(["prompt_text"])["prompt_text"], _OPENING_TOKENS))
    parts, used = [], 0
    for column in hashes:
        target = codes(column)
        known = np.flatnonzero(target >= 0)
        parts.append((columns["account"][known], columns["time_us"][known], target[known] + used))
        used += int(target.max(initial=-1)) + 1
    account, time_us, target = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((time_us, target))
    return Actions(account[order], time_us[order], target[order])
