"""Both layers on a torch device, for batches whose rows have keys of their own; equal to the numpy functions.

Torch has no unsigned 64-bit arithmetic, so SplitMix64 runs in int64: sums and products wrap around to the same bits,
and a shift to the right has its sign bits masked off. The numbers are bit-equal to `prf` on every device. Races are
compared in float64; logarithms of two libraries may differ in the last bits, which changes a token only where the two
fastest races agree to some 4e-16 of their value: by the memorylessness of the exponential a chance below 1e-15 a token.
In float32 it would be 1e-7, and u would round to 1. Seeds come from `request.Lane`, on the host.

Needs torch; importing this module does not.
"""

import importlib
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from stillwatch.errors import EngineUnavailable
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.request import Plan

__all__ = ["drawn", "forced", "numbers", "raised", "torch_module"]

Tensor: TypeAlias = Any
"""A torch tensor: torch is an extra, so no type checker knows it here."""

_GOLDEN, _MIX_A, _MIX_B = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_ROWS: Final = 16
"""Rows at a time: 16 rows of 150,000 tokens take some 100 MB on the device."""


def torch_module() -> Any:  # noqa: ANN401  the module
    """Torch itself.

    Raises      EngineUnavailable when it is not installed.
    """
    try:
        return importlib.import_module("torch")
    except ImportError as missing:
        message = "marks on a device need torch: install the extra models"
        raise EngineUnavailable(message) from missing


def numbers(seeds: Sequence[int], firsts: Sequence[int], vocabulary_size: int, device: object = "cpu") -> Tensor:
    """Secret numbers of the vocabulary for each seed, float64 in (0, 1), shape (seeds, vocabulary_size).

    firsts      Place in each seed's stream of token 0; 0 but where it is a symbol's turn.
    Raises      EngineUnavailable without torch.
    """
    torch = torch_module()
    places = torch.arange(1, vocabulary_size + 1, dtype=torch.int64, device=device) * _signed(_GOLDEN)
    starts = [_signed(one + first * _GOLDEN) for one, first in zip(seeds, firsts, strict=True)]
    x = torch.tensor(starts, dtype=torch.int64, device=device)[:, None] + places[None, :]
    x = (x ^ _right(x, 30)) * _signed(_MIX_A)
    x = (x ^ _right(x, 27)) * _signed(_MIX_B)
    x = x ^ _right(x, 31)
    return (_right(x, 12).to(torch.float64) + 0.5) * 2.0**-52


def raised(logits: Tensor, plans: Sequence[Plan], scheme: Scheme) -> Tensor:
    """Logits with the campaign's green tokens raised in the rows whose plan says so; others as they are.

    logits      Shape (rows, vocabulary); not changed.
    """
    changed = logits.clone()
    for rows in _pieces([i for i, plan in enumerate(plans) if plan.raising is not None]):
        seeds = [plans[i].raising or 0 for i in rows]
        green = numbers(seeds, [0] * len(rows), logits.shape[-1], logits.device) < scheme.gamma
        changed[rows] = changed[rows] + (green * scheme.delta).to(logits.dtype)
    return changed


def drawn(logits: Tensor, plans: Sequence[Plan]) -> Tensor:
    """Token that each row's secret numbers draw, int64; -1 where the plan leaves it to ordinary chance.

    logits      After all that changes the distribution, shape (rows, vocabulary).
    """
    torch = torch_module()
    found = torch.full((len(plans),), -1, dtype=torch.int64, device=logits.device)
    for rows in _pieces([i for i, plan in enumerate(plans) if plan.drawing is not None]):
        seeds, firsts = [plans[i].drawing or 0 for i in rows], [plans[i].first for i in rows]
        row = logits[rows].to(torch.float64)
        probabilities = torch.exp(row - row.amax(-1, keepdim=True))
        races = -torch.log(numbers(seeds, firsts, logits.shape[-1], logits.device)) / probabilities
        found[rows] = torch.where(probabilities > 0, races, torch.inf).argmin(-1)
    return found


def forced(logits: Tensor, tokens: Tensor) -> Tensor:
    """Logits that leave only the drawn token possible, in rows that have one.

    tokens      As `drawn` gives them.
    """
    torch = torch_module()
    columns = torch.arange(logits.shape[-1], device=logits.device)[None, :]
    out = (tokens[:, None] >= 0) & (columns != tokens[:, None])
    return logits.masked_fill(out, -torch.inf)


def _signed(number: int) -> int:
    """The same 64 bits as torch's int64 writes them."""
    return (number + 2**63) % 2**64 - 2**63


def _right(x: Tensor, by: int) -> Tensor:
    return (x >> by) & ((1 << (64 - by)) - 1)


def _pieces(rows: list[int]) -> list[list[int]]:
    return [rows[i : i + _ROWS] for i in range(0, len(rows), _ROWS)]
