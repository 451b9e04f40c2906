"""The right edge of a growing tree: all that an append or a root needs."""

from collections.abc import Sequence

from stillwatch.errors import UnreadableSource
from stillwatch.ledger.tree import HASH_BYTES, Node, fold, node_hash

__all__ = ["Edge"]


class Edge:
    """Full subtrees of a tree that grows at the right, from the largest to the smallest; log2(n) hashes at most.

    >>> edge = Edge()
    >>> len(edge.append(bytes(32))), len(edge.append(bytes(32))), edge.size
    (1, 2, 2)
    """

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)

    @classmethod
    def of(cls, size: int, data: bytes) -> "Edge":
        """Edge that `data` wrote.

        Raises      UnreadableSource when it is not that of a tree of this size.
        """
        hashes = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
        if len(data) != HASH_BYTES * size.bit_count():
            message = f"the ledger's edge does not fit its size, {size}"
            raise UnreadableSource(message)
        return cls(size, hashes)

    @property
    def data(self) -> bytes:
        """The hashes, one after the other."""
        return b"".join(self._hashes)

    @property
    def root(self) -> bytes:
        """Root of the tree as it is."""
        return fold(self._hashes)

    def append(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Add the hash of a leaf; the subtrees that became full, the leaf first."""
        index, level, found = self.size, 0, leaf
        full = [(Node(0, index), leaf)]
        while index & 1:
            found = node_hash(self._hashes.pop(), found)
            index, level = index >> 1, level + 1
            full.append((Node(level, index), found))
        self._hashes.append(found)
        self.size += 1
        return full
