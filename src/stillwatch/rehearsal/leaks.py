"""Search bytes for values that must not be in them."""

from collections.abc import Sequence
from pathlib import Path

__all__ = ["planted_values_in"]


def planted_values_in(files: Sequence[Path], values: Sequence[str]) -> tuple[int, int]:
    """How many of the values are in any of the files as they are, and how many bytes were searched."""
    found: set[str] = set()
    n_bytes = 0
    for path in files:
        data = path.read_bytes()
        n_bytes += len(data)
        found |= {value for value in values if value.encode() in data}
    return len(found), n_bytes
