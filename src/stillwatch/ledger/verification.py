"""Check the two proofs against roots: what anybody can do who has no ledger at all.

References
----------
RFC 9162 (2021), sections 2.1.3.2 and 2.1.4.2.
"""

from collections.abc import Sequence
from hmac import compare_digest

from stillwatch.ledger.tree import EMPTY_ROOT, node_hash

__all__ = ["is_consistent", "is_included"]


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf stands at that place of the tree with that root.

    leaf        Hash of the leaf.
    path        Hashes of an inclusion proof, from the leaf up.

    >>> from stillwatch.ledger.tree import leaf_hash
    >>> is_included(leaf_hash(b"a"), 0, 2, [leaf_hash(b"b")], node_hash(leaf_hash(b"a"), leaf_hash(b"b")))
    True
    """
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            at, last = _past_left_edge(at, last)
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and compare_digest(found, root)


def _past_left_edge(at: int, last: int) -> tuple[int, int]:
    """Up to where the node is a right child: between lies nothing to hash with."""
    while not at & 1 and at:
        at, last = at >> 1, last >> 1
    return at, last


def is_consistent(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether the tree of the first size and root is the beginning of the second.

    proof       Hashes of a consistency proof.
    """
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and compare_digest(first_root, second_root)
    if first == 0:
        return not proof and compare_digest(first_root, EMPTY_ROOT)
    hashes = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    return bool(hashes) and _walk(first - 1, second - 1, hashes, first_root, second_root)


def _walk(at: int, last: int, hashes: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            at, last = _past_left_edge(at, last)
        else:
            newer = node_hash(newer, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and compare_digest(older, first_root) and compare_digest(newer, second_root)
