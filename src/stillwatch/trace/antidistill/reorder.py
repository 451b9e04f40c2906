"""Reasoning in another order, the answer fixed: only steps that the caller marks as independent change places.

Whether the meaning stays is the caller's word: a group is a set of steps none of which uses another's result.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from stillwatch.errors import InvalidInput
from stillwatch.trace.antidistill.lesson import Label, Measure, StreamVerdict, allow

__all__ = ["Reordered", "Step", "reorder"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of reasoning.

    group       Steps that stand beside one another with the same group may change places; None stays where it is.
    """

    text: str
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Reordered:
    """Steps as served.

    order       For each place as served, the place that its step had.
    label       For the audit; None when no step moved.
    """

    steps: tuple[Step, ...]
    order: tuple[int, ...]
    label: Label | None


def reorder(steps: Sequence[Step], secret: bytes, request_id: str, verdict: StreamVerdict | None = None) -> Reordered:
    """Steps with each run of independent ones in an order that a secret and the request decide, always the same.

    secret      At least 16 bytes; without it nobody tells which order a request would have had.
    Raises      InvalidInput for a short secret.

    >>> steps = [Step("read"), Step("2 * 3 = 6", 1), Step("4 * 5 = 20", 1), Step("7 * 8 = 56", 1), Step("sum 82")]
    >>> served = reorder(steps, bytes(16), "r-1")
    >>> served.steps[0].text, served.steps[-1].text, sorted(served.order)
    ('read', 'sum 82', [0, 1, 2, 3, 4])
    >>> served == reorder(steps, bytes(16), "r-1")
    True
    """
    if len(secret) < 16:
        message = f"the secret of an order must be 16 bytes or more, got {len(secret)}"
        raise InvalidInput(message)
    order: list[int] = []
    for run in _runs(steps):
        ranks = {i: _rank(secret, request_id, i) for i in run}
        order += sorted(run, key=ranks.__getitem__) if len(run) > 1 else run
    moved = sum(place != was for place, was in enumerate(order))
    label = allow(Measure.REORDER, verdict, (("steps_moved", float(moved)),)) if moved else None
    return Reordered(tuple(steps[i] for i in order), tuple(order), label)


def _runs(steps: Sequence[Step]) -> list[list[int]]:
    """Places in runs of one group; a step of no group is a run of its own."""
    runs: list[list[int]] = []
    for i, step in enumerate(steps):
        if i and step.group is not None and step.group == steps[i - 1].group:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def _rank(secret: bytes, request_id: str, place: int) -> bytes:
    """Where a step wants to stand: a keyed hash, so that orders are even and no run of the program changes one."""
    return hashlib.blake2b(request_id.encode() + b"\0" + place.to_bytes(4, "big"), key=secret[:64]).digest()
