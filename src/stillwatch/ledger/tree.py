"""Merkle trees: hashes of leaves, roots, and the two proofs, of which whole subtrees are what is stored.

A node is a subtree that is full: level and place stand for the leaves from ``place * 2**level`` on, ``2**level`` of
them. Every hash of a proof or root is a fold of few nodes, so that it is read in O(log n).

References
----------
RFC 9162 (2021), section 2.1; RFC 6962 (2013), section 2.1.
"""

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Node",
    "consistency_ranges",
    "cover",
    "fold",
    "inclusion_ranges",
    "leaf_hash",
    "node_hash",
]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256().digest()


class Node(NamedTuple):
    """A full subtree: leaves from ``place * 2**level``, ``2**level`` of them."""

    level: int
    place: int

    @property
    def position(self) -> int:
        """Number of the node when all are numbered from left to right, parents between their halves; none twice.

        >>> [Node(0, 0).position, Node(1, 0).position, Node(0, 1).position, Node(2, 0).position]
        [0, 1, 2, 3]
        """
        return (self.place << (self.level + 1)) + (1 << self.level) - 1


class Range(NamedTuple):
    """Leaves from `start` to before `end`, as the tree's definition cuts them."""

    start: int
    end: int


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf; never that of a node.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of a node over its two halves."""
    return hashlib.sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Hash over full subtrees that fall in size, left to right; of none, that of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    found = hashes[-1]
    for left in reversed(hashes[:-1]):
        found = node_hash(left, found)
    return found


def cover(start: int, end: int) -> list[Node]:
    """Full subtrees that make up the leaves from `start` to before `end`, left to right.

    start       A multiple of the largest power of two that fits, as in every range of a proof.

    >>> cover(0, 7)
    [Node(level=2, place=0), Node(level=1, place=2), Node(level=0, place=6)]
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(Node(level, start >> level))
        start += 1 << level
    return found


def _split(size: int) -> int:
    """Largest power of two below a size of at least two."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Ranges whose hashes prove that a leaf is in the tree, from the leaf up (``PATH``, section 2.1.3.1).

    >>> inclusion_ranges(6, 7)
    [Range(start=4, end=6), Range(start=0, end=4)]
    """
    start, end, found = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(first: int, size: int) -> list[Range]:
    """Ranges whose hashes prove that a tree is a continuation (``PROOF``, section 2.1.4.1).

    first       Size of the earlier tree, 1 to `size`.

    >>> consistency_ranges(4, 7)
    [Range(start=4, end=7)]
    """
    start, end, found = 0, size, []
    is_whole = True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start, is_whole = middle, False
    if not is_whole:
        found.append(Range(start, end))
    return found[::-1]
