"""Canaries: secrets of which one was served and its like were held out, and a test of which the suspect knows better.

For each canary some secrets are drawn alike under a key that was committed to; the key also draws which of them is
served. Under the null the served one's rank among all, by whatever score the suspect gives, is uniform; the sum of
ranks over canaries has an exact distribution. No threshold, no model of text.
References: Carlini et al. (2019), USENIX Security, exposure; Shilov et al. (2025), copyright traps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from stillwatch.errors import InvalidInput
from stillwatch.trace.keys.key import MarkKey, Purpose
from stillwatch.trace.mark.prf import seed, uniforms_from

__all__ = ["Canary", "CanaryTest", "canaries", "canary_test"]

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 5
_CARRIERS: Final = (
    "The reference for this answer is",
    "Please quote support code",
    "Internal note, case number",
    "This example uses the token",
    "Generated under request id",
)


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted secret and its like.

    carrier     Words before the secret.
    secrets     All drawn alike, 2 or more; not shown in any message.
    served      Index of the one to serve. The others must never leave the house.
    """

    number: int
    carrier: str
    secrets: tuple[str, ...] = field(repr=False)
    served: int = field(repr=False)

    @property
    def text(self) -> str:
        """What is put into an answer."""
        return f"{self.carrier} {self.secrets[self.served]}."


def canaries(key: MarkKey, count: int, held_out: int = 99) -> list[Canary]:
    """Canaries of a campaign, always the same ones for a key.

    key         A key of purpose CANARY, committed to before the first is served.
    count       At least 1. held_out: secrets that are not served, for each.
    Raises      InvalidInput for another key or number.

    >>> from stillwatch.trace.keys.key import derive
    >>> found = canaries(derive(bytes(32), Purpose.CANARY, "c-1", "e"), 2, held_out=9)
    >>> len(found), len(found[0].secrets), len(set(found[0].secrets))
    (2, 10, 10)
    """
    if key.purpose is not Purpose.CANARY:
        message = f"canaries need a key of purpose canary, got {key.purpose.value}"
        raise InvalidInput(message)
    if count < 1 or held_out < 1:
        message = f"count and held_out must be at least 1, got {count} and {held_out}"
        raise InvalidInput(message)
    return [_canary(key, number, held_out + 1) for number in range(count)]


def _canary(key: MarkKey, number: int, size: int) -> Canary:
    length = _GROUPS * _GROUP
    drawn = uniforms_from(seed(key.words, [number, size]), np.arange(size * length + 2))
    letters = [_LETTERS[int(one * len(_LETTERS))] for one in drawn[2:]]
    words = ["".join(letters[i * length : (i + 1) * length]) for i in range(size)]
    secrets = tuple("-".join(word[j : j + _GROUP] for j in range(0, length, _GROUP)) for word in words)
    return Canary(number, _CARRIERS[int(drawn[0] * len(_CARRIERS))], secrets, int(drawn[1] * size))


@dataclass(frozen=True, slots=True)
class CanaryTest:
    """Outcome of all canaries of a campaign.

    ranks       Of each served secret among its like, 1 the best known; ties count against us.
    sizes       Secrets of each.
    log_p       Natural log of P(sum of ranks <= observed): exact.
    """

    ranks: tuple[int, ...]
    sizes: tuple[int, ...]
    log_p: float


def canary_test(planted: Sequence[Canary], scores: Sequence[Sequence[float]]) -> CanaryTest:
    """Rank test.

    scores      How well the suspect knows each secret of each canary, larger the better: log-likelihood after the
                carrier, or 1 where a completion held it and 0 where not.
    Raises      InvalidInput when the scores are not those of the canaries, or one is no number.
    """
    if [len(row) for row in scores] != [len(one.secrets) for one in planted] or not planted:
        message = f"scores must be one for each secret of {len(planted)} canaries"
        raise InvalidInput(message)
    if not all(math.isfinite(value) for row in scores for value in row):
        message = "scores must be finite numbers"
        raise InvalidInput(message)
    ranks = [
        1 + sum(value >= row[one.served] for i, value in enumerate(row) if i != one.served)
        for one, row in zip(planted, scores, strict=True)
    ]
    sizes = [len(row) for row in scores]
    return CanaryTest(tuple(ranks), tuple(sizes), _log_rank_sum(sum(ranks), sizes))


def _log_rank_sum(total: int, sizes: Sequence[int]) -> float:
    """Natural log of P(sum of independent uniform ranks <= total), by counting all outcomes in whole numbers."""
    ways = [1]
    for size in sizes:
        running, longer = 0, []
        for i in range(len(ways) + size - 1):
            running += (ways[i] if i < len(ways) else 0) - (ways[i - size] if i >= size else 0)
            longer.append(running)
        ways = longer
    below, outcomes = sum(ways[: total - len(sizes) + 1]), math.prod(sizes)
    return 0.0 if below == outcomes else math.log(below) - math.log(outcomes) if below else -math.inf
