"""One family as arrays: what channels and structure tests read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["ATTRIBUTES", "LIFE_BIN_HOURS", "SETTLED_US", "STRONG_ATTRIBUTES", "WEAK_ATTRIBUTES", "Family", "Lives"]

T = TypeVar("T")

ATTRIBUTES: tuple[str, ...] = ("payment", "prefix", "asn", "tls", "email_domain", "signup")
"""Columns of `Family.attributes`; signup is the hour the account was opened in."""

WEAK_ATTRIBUTES: tuple[str, ...] = ("tls", "signup")
"""Never counted as evidence nor shown as such: a TLS fingerprint follows from the client, which a tool's users share
without knowing one another, and new accounts come in waves."""

STRONG_ATTRIBUTES: tuple[str, ...] = tuple(name for name in ATTRIBUTES if name not in WEAK_ATTRIBUTES)

LIFE_BIN_HOURS: tuple[int, ...] = (1, 6, 24)
"""Widths of the bins in which hours of stopping and of changing the model are compared; days last."""

SETTLED_US = 86_400_000_000
"""An account is settled a day after its first exchange; only then do a stop or a new model count."""


@dataclass(frozen=True, slots=True)
class Lives:
    """When k accounts began, stopped and changed their model, by all that they sent; times in microseconds, 0 never.

    first_us        First exchange. Shape k.
    started_us      The same, unless the account was there from the outset of the logs. Shape k.
    stopped_us      Last exchange of an account that fell silent. Shape k.
    changed_us      First use of the model that the account took up last. Shape k.
    per_day         Exchanges a day while the account lived. Shape k.
    bins            Hash of the bin of `stopped_us` for each of `LIFE_BIN_HOURS`, then of the bin of `changed_us` and
                    the model; 0 is never. Shape (k, 6).
    p_background    Share of the accounts outside the family with such an event that have the same bin, smoothed, in
                    (0, 1]. Shape (k, 6).
    starts_outside  Accounts outside the family that began in each hour of the window. Shape: hours.
    origin_us       Start of the first of these hours.
    """

    first_us: NDArray[np.int64]
    started_us: NDArray[np.int64]
    stopped_us: NDArray[np.int64]
    changed_us: NDArray[np.int64]
    per_day: NDArray[np.float64]
    bins: NDArray[np.uint64]
    p_background: NDArray[np.float64]
    starts_outside: NDArray[np.int64]
    origin_us: int


@dataclass(frozen=True, slots=True)
class Family:
    """Exchanges of one family in time order (n rows) and its owners in order of first appearance (k rows).

    An owner is a known organisation, or an account whose organisation is not known.

    account         Code of the owner, 0 to k-1, first appearances ascending. Shape n.
    accounts        Hash of the account of each owner that appeared first, shape k.
    attributes      Hash of each attribute of `ATTRIBUTES` at the account's first appearance, 0 unknown. Shape (k, 6).
    followed        1 where another turn of the same conversation follows, 0 where none does, -1 unknown. Shape n.
    p_background    Share of accounts outside the family that have the same value, smoothed, in (0, 1]. Shape (k, 6).
    """

    family: int
    view: str
    time_us: NDArray[np.int64]
    account: NDArray[np.int32]
    head: NDArray[np.bool_]
    content: NDArray[np.uint64]
    fill: NDArray[np.uint64]
    topic: NDArray[np.uint64]
    elicitation: NDArray[np.uint16]
    followed: NDArray[np.int8]
    accounts: NDArray[np.uint64]
    attributes: NDArray[np.uint64]
    p_background: NDArray[np.float64]
    _worked_out: dict[Callable[["Family"], Any], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def once(self, work_out: Callable[["Family"], T]) -> T:
        """What a function finds out about this family: several tests ask, it is worked out once."""
        if work_out not in self._worked_out:
            self._worked_out[work_out] = work_out(self)
        found: T = self._worked_out[work_out]
        return found
