"""Whom an indicator hits that is innocent: the share of verified, unaccused accounts that carry its tags, with noise.

Two counts are asked of a member's accounts: how many there are, once an epoch, and how many of them carry an
indicator's tags. One account more or less changes either by one (sensitivity 1). Discrete Gaussian noise of standard
deviation 100 is added, which costs 1/20,000 of zero-concentrated differential privacy a question; 1,000 questions an
epoch keep within (2.1, 1e-9)-differential privacy. An answer is kept and given again, so that asking twice averages
nothing away; when the budget is spent there are no new ones until the next epoch.

Noise of 100 accounts in a million is a rate of 1e-4: 13 bits, where a match is as good as any. A member with few
verified accounts has little to tell, and says so by None.

References
----------
Bun and Steinke (2016), Concentrated differential privacy, TCC: propositions 1.3 and 1.6.
Canonne, Kamath and Steinke (2020), The discrete Gaussian for differential privacy, NeurIPS.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any, Final

import opendp.prelude as dp
from sqlalchemy import Column, Connection, Float, Integer, MetaData, String, Table, func, insert, select

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import Tag

__all__ = [
    "BENIGN_TABLES",
    "BUDGET",
    "NOISE_SD",
    "RATE_FLOOR",
    "Accounts",
    "benign_rate",
    "discounted",
    "epsilon",
    "match_bits",
    "pooled_rate",
    "question_of",
]

NOISE_SD: Final = 100.0
BUDGET: Final = 0.05
"""Zero-concentrated differential privacy (rho) that an account gives up in one epoch, over all questions."""
RATE_FLOOR: Final = 1e-4
"""Rates below are told as 0: noise hides them."""
_LEAST_ACCOUNTS: Final = 20_000
"""With fewer, two standard deviations of the noise are above one in a hundred."""
_STEPS_AN_OCTAVE: Final = 2

BENIGN_TABLES: Final = MetaData()
_ANSWERS: Final = Table(
    "benign_answers",
    BENIGN_TABLES,
    Column("epoch", Integer, primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("noisy", Integer, nullable=False),
    Column("cost", Float, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Accounts:
    """What is counted: verified accounts that nobody accuses, and those of them that carry the tags.

    n           All of them, at least 0.
    carrying    Those that carry any of the indicator's tags that innocent accounts could: 0 to n.
    """

    n: int
    carrying: int


@lru_cache(maxsize=1)
def _noisy_count() -> Any:  # noqa: ANN401 - opendp publishes no type of a measurement
    dp.enable_features("contrib")
    return dp.m.make_gaussian(dp.atom_domain(T=int), dp.absolute_distance(T=int), scale=NOISE_SD)


def question_of(tags: Iterable[Tag]) -> str:
    """Name of the question how many carry these tags: the same set of tags is the same question.

    >>> from stillwatch.model.indicator import SignalKind
    >>> one, other = (Tag(SignalKind.TLS, 1, digit * 64) for digit in "ab")
    >>> question_of([one, other]) == question_of([other, one, one]) != question_of([one])
    True
    """
    lines = sorted({f"{tag.kind.value} {tag.epoch} {tag.value}" for tag in tags})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def benign_rate(connection: Connection, epoch: int, tags: Iterable[Tag], accounts: Accounts) -> float | None:
    """Rate to tell the others: with noise, between 0 and 1, in half octaves; the same for the same question.

    What is given is worked out of noisy counts alone, so it costs no more than they do.

    epoch       Number of the budget's epoch; a new one begins with a new budget and new noise.
    Returns     None when the budget is spent, or the member has too few accounts for the noise.
    Raises      InvalidInput if the counts are no counts.
    """
    if not 0 <= accounts.carrying <= accounts.n:
        msg = f"carrying must be 0 to {accounts.n} accounts, got {accounts.carrying}"
        raise InvalidInput(msg)
    if connection.dialect.name == "postgresql":  # SQLite's transactions follow one another already
        connection.exec_driver_sql(f"LOCK TABLE {_ANSWERS.name} IN EXCLUSIVE MODE")
    n = _asked(connection, epoch, "accounts", accounts.n)
    if n is None or n < _LEAST_ACCOUNTS:
        return None
    carrying = _asked(connection, epoch, question_of(tags), accounts.carrying)
    return None if carrying is None else _coarse(min(max(carrying / n, 0.0), 1.0), 2 * NOISE_SD / n)


def _asked(connection: Connection, epoch: int, question: str, count: int) -> int | None:
    """The kept answer, or a new one if there is budget left."""
    same = (_ANSWERS.c.epoch == epoch) & (_ANSWERS.c.question == question)
    kept = connection.execute(select(_ANSWERS.c.noisy).where(same)).scalar()
    if kept is not None:
        return int(kept)
    measure = _noisy_count()
    cost = float(measure.map(1))
    spent = connection.execute(select(func.coalesce(func.sum(_ANSWERS.c.cost), 0.0)).where(_ANSWERS.c.epoch == epoch))
    if float(spent.scalar_one()) + cost > BUDGET * (1 + 1e-9):
        return None
    noisy = int(measure(count))
    connection.execute(insert(_ANSWERS), {"epoch": epoch, "question": question, "noisy": noisy, "cost": cost})
    return noisy


def _coarse(rate: float, noise: float) -> float:
    """Nearest half octave; 0 where noise of two standard deviations, or the floor, hides the rate."""
    if rate < max(noise, RATE_FLOOR):
        return 0.0
    return min(math.exp2(round(math.log2(rate) * _STEPS_AN_OCTAVE) / _STEPS_AN_OCTAVE), 1.0)


def epsilon(rho: float = BUDGET, delta: float = 1e-9) -> float:
    """Epsilon of (epsilon, delta)-differential privacy that zero-concentrated privacy of `rho` comes to.

    References  Bun and Steinke (2016), proposition 1.3.

    >>> round(epsilon(), 1)
    2.1
    """
    return rho + 2 * math.sqrt(rho * math.log(1 / delta))


def pooled_rate(told: Sequence[float], own: float = 0.0) -> float:
    """One rate of what members told: their median from three on, the largest of fewer; never below one's own.

    A median moves no further than to its neighbour for one liar, up or down; of one or two members the word that
    protects the innocent holds.

    >>> pooled_rate([0.0, 0.1, 1.0]), pooled_rate([0.0, 0.1]), pooled_rate([])
    (0.1, 0.1, 0.0)
    """
    if not all(0 <= rate <= 1 for rate in (*told, own)):
        msg = "benign rates must be in [0, 1]"
        raise InvalidInput(msg)
    return max(median(told) if len(told) >= 3 else max(told, default=0.0), own)


def match_bits(rate: float) -> float:
    """Worth of a match in a tag with this benign rate: -log2 of it, 13.3 at the most.

    >>> round(match_bits(0.0), 1), match_bits(0.25)
    (13.3, 2.0)
    """
    return -math.log2(max(rate, RATE_FLOOR))


def discounted(bits: float, rates: Sequence[float], own: float = 0.0) -> float:
    """An indicator's score less what its benign rate says of its match: an address behind carrier NAT undoes itself.

    bits        Score that takes it that no innocent account carries the tags.

    >>> round(discounted(12.0, [0.02, 0.05, 0.04]), 1), discounted(12.0, [0.0, 0.0, 1.0])
    (3.4, 12.0)
    """
    return max(bits - (match_bits(0.0) - match_bits(pooled_rate(rates, own))), 0.0)
