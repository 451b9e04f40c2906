"""Work on many elements, on every core: libsodium runs outside the interpreter's lock."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from stillwatch.engine.threads import available_cores, map_in_order

__all__ = ["pieces", "spread"]

_FEWEST: Final = 64
"""Items below which threads cost more than they give."""

T = TypeVar("T")
R = TypeVar("R")


def pieces(items: Sequence[T], n: int) -> list[Sequence[T]]:
    """Items in order, cut into at most `n` pieces of about one length.

    >>> pieces([1, 2, 3, 4, 5], 2)
    [[1, 2, 3], [4, 5]]
    """
    size = max(-(-len(items) // n), 1)
    return [items[at : at + size] for at in range(0, len(items), size)]


def spread(work: Callable[[Sequence[T]], list[R]], items: Sequence[T], threads: int | None = None) -> list[R]:
    """What `work` makes of the items, in their order, a piece on each thread.

    threads     None is every core.

    >>> spread(lambda some: [x * x for x in some], range(100), threads=2) == [x * x for x in range(100)]
    True
    """
    threads = threads or available_cores()
    if threads == 1 or len(items) < _FEWEST:
        return work(items)
    return [one for piece in map_in_order(work, pieces(items, threads), threads) for one in piece]
