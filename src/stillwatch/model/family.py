"""One family as arrays: what channels and structure tests read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ATTRIBUTES", "STRONG_ATTRIBUTES", "WEAK_ATTRIBUTES", "Family"]

ATTRIBUTES: tuple[str, ...] = ("payment", "prefix", "asn", "tls", "email_domain", "signup")
"""Columns of `Family.attributes`; signup is the hour the account was opened in."""

WEAK_ATTRIBUTES: tuple[str, ...] = ("tls", "signup")
"""Never counted as evidence nor shown as such: a TLS fingerprint follows from the client, which a tool's users share
without knowing one another, and new accounts come in waves."""

STRONG_ATTRIBUTES: tuple[str, ...] = tuple(name for name in ATTRIBUTES if name not in WEAK_ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class Family:
    """Exchanges of one family in time order (n rows) and its accounts in order of first appearance (k rows).

    account         Code of the account, 0 to k-1, first appearances ascending. Shape n.
    accounts        Account hashes, shape k.
    attributes      Hash of each attribute of `ATTRIBUTES` at the account's first appearance, 0 unknown. Shape (k, 6).
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
    accounts: NDArray[np.uint64]
    attributes: NDArray[np.uint64]
    p_background: NDArray[np.float64]
