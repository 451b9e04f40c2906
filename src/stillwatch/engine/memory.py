"""Amounts of memory as people write them."""

import re

from stillwatch.errors import InvalidInput

__all__ = ["LEAST_MEMORY_BYTES", "parse_memory"]

LEAST_MEMORY_BYTES = 128_000_000
"""Below this a spilling sort has no room for its own blocks."""

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?", re.IGNORECASE)
_POWER = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def parse_memory(text: str) -> int:
    """Bytes that `text` names: a number and B, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024).

    Raises        InvalidInput if it is no such amount or less than `LEAST_MEMORY_BYTES`.
    >>> parse_memory("4GB"), parse_memory("1.5 GiB"), parse_memory("512m")
    (4000000000, 1610612736, 512000000)
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        message = f"memory must be an amount like 4GB, 512MB or 1.5GiB, got {text!r}"
        raise InvalidInput(message)
    number, unit, binary = match.groups()
    size_bytes = int(float(number) * (1024 if binary else 1000) ** _POWER[unit.upper()])
    if size_bytes < LEAST_MEMORY_BYTES:
        message = f"memory must be at least {LEAST_MEMORY_BYTES // 1_000_000}MB, got {text!r}"
        raise InvalidInput(message)
    return size_bytes
