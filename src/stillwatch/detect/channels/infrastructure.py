"""Infrastructure: what the accounts of a family share.

At each account's first appearance, and for each attribute, a bet is laid: that its value is one the family has shown
already. A value x pays (1 - w) + w P_CRP(x | family so far) / p_background(x); a Chinese restaurant process with the
background as its base predicts. Over accounts of unrelated people, whose values are draws from the background, every
bet has expectation at most 1 given all that went before, so wealth is an e-value. Stakes w are mixed, so that an
attribute that says nothing costs two bits at most.

All together means that each account's stake is spread evenly over the attributes: accounts that share different things
add up. A product over attributes would not be an e-value, because attributes depend on one another (an address block
fixes its AS number).

References
----------
Shafer (2021), J. R. Stat. Soc. A 184, 407-431 (betting).
Aldous (1985), Lecture Notes in Math. 1117 (restaurant process).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.channels._kernels import codes_by_column, infrastructure_log2
from stillwatch.errors import InvalidInput
from stillwatch.stats.e_values import mean_bits, mean_bits_by_row

__all__ = ["LEAST_BITS", "STAKES", "InfrastructureBits", "coordination_bits", "infrastructure_bits"]

STAKES: tuple[float, ...] = (0.0, 0.02, 0.1, 0.5)
LEAST_BITS: float = 10.0
"""Bits from which on the lifecycle channel counts."""
_CONCENTRATION = 1.0


@dataclass(frozen=True, slots=True)
class InfrastructureBits:
    """Evidence that accounts of one family share infrastructure more than unrelated accounts do.

    per_attribute   Bits of each attribute alone, 0 when it is not judged. Shape A.
    joint           Bits with every stake spread over the judged attributes.
    total           Bits of the mean e-value over each judged attribute and all together.
    without         `total` when one attribute is left out, for views that condition on it. Shape A.
    judged          Attributes of which at least one value is known. Shape A.
    """

    per_attribute: NDArray[np.float64]
    joint: float
    total: float
    without: NDArray[np.float64]
    judged: NDArray[np.bool_]


def infrastructure_bits(
    attributes: NDArray[np.uint64], p_background: NDArray[np.float64], *, use: NDArray[np.bool_] | None = None
) -> InfrastructureBits:
    """Bits for shared infrastructure, accounts in order of first appearance.

    attributes      Hash of each attribute of each account; 0 is unknown and lays no bet. Shape (k, A).
    p_background    Share of accounts outside the family that have the same value, in (0, 1]. Shape (k, A).
    use             Attributes that may count as evidence; None means all. Shape A.
    Raises          InvalidInput if shapes differ, or a known value's background is not in (0, 1].

    >>> shared = np.full((20, 1), 7, dtype=np.uint64)
    >>> infrastructure_bits(shared, np.full((20, 1), 0.001)).total > 100
    True
    >>> different = np.arange(1, 21, dtype=np.uint64)[:, None]
    >>> round(infrastructure_bits(different, np.full((20, 1), 0.001)).total, 1)
    -1.1
    """
    _check(attributes, p_background)
    judged = (attributes != 0).any(axis=0)
    if use is not None:
        judged &= use
    n_attributes = attributes.shape[1]
    per_attribute, without = np.zeros(n_attributes), np.zeros(n_attributes)
    columns = np.flatnonzero(judged)
    if columns.size == 0:
        return InfrastructureBits(per_attribute, 0.0, 0.0, without, judged)
    wealth, spread = infrastructure_log2(
        codes_by_column(attributes[:, columns]),
        np.ascontiguousarray(p_background[:, columns]),
        np.array(STAKES),
        _CONCENTRATION,
    )
    alone, together = mean_bits_by_row(wealth), mean_bits_by_row(spread)
    per_attribute[columns] = alone
    total = mean_bits([*alone, together[0]])
    without[:] = total
    others = np.tile(alone, (columns.size, 1))
    np.fill_diagonal(others, together[1:])
    without[columns] = mean_bits_by_row(others) if columns.size > 1 else 0.0
    return InfrastructureBits(per_attribute, float(together[0]), total, without, judged)


def coordination_bits(dispatch: float | None, infrastructure: float | None, lifecycle: float | None = None) -> float:
    """Bits of the mean e-value over dispatch, infrastructure, both, and lifecycle; None could not be judged.

    Both is the product of the first two. It is an e-value because each infrastructure bet has expectation at most 1
    given every turn and value before it and given that a new account came now: dispatch never reads who the new account
    is. Written as one process, every step's factor is a dispatch ratio times a bet, and its expectation given the past
    is at most 1. What breaks it is an attribute whose background share changes with the time of day; that breaks the
    bet alone too. Lifecycle reads the times that dispatch reads, so it is in no product; a mean needs no independence.
    Under `LEAST_BITS` its e-value counts as 0: it is an e-value still, and no floor under families of people.
    The mean holds even where the others collapse: a channel at -200 bits costs at most 2 bits.

    >>> coordination_bits(0.0, 0.0)
    0.0
    >>> round(coordination_bits(10.0, 20.0), 2)
    28.42
    >>> round(coordination_bits(-200.0, 20.0), 2)
    18.42
    >>> round(coordination_bits(-200.0, -10.0, 40.0), 2)
    38.0
    """
    if dispatch is None or infrastructure is None:
        known = [bits for bits in (dispatch, infrastructure) if bits is not None]
    else:
        known = [dispatch, infrastructure, dispatch + infrastructure]
    if lifecycle is not None:
        known.append(lifecycle if lifecycle >= LEAST_BITS else -np.inf)
    return mean_bits(known) if known else 0.0


def _check(attributes: NDArray[np.uint64], p_background: NDArray[np.float64]) -> None:
    if attributes.ndim != 2 or attributes.shape != p_background.shape:
        message = f"attributes and p_background must be (k, A) alike, got {attributes.shape} and {p_background.shape}"
        raise InvalidInput(message)
    p = p_background[attributes != 0]
    if not ((p > 0) & (p <= 1)).all():
        message = f"p_background must be in (0, 1] where the value is known, got {p.min()} to {p.max()}"
        raise InvalidInput(message)
