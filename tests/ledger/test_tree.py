"""The tree, its proofs and their verification against the RFC's recursive definitions and published vectors."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import UnreadableSource
from stillwatch.ledger.edge import Edge
from stillwatch.ledger.tree import (
    EMPTY_ROOT,
    Node,
    consistency_ranges,
    cover,
    fold,
    inclusion_ranges,
    leaf_hash,
    node_hash,
)
from stillwatch.ledger.verification import is_consistent, is_included

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test tree of Certificate Transparency, and its roots by size."""


def mth(leaves: Sequence[bytes]) -> bytes:
    """Merkle tree hash, as RFC 9162 section 2.1.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path_of(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Inclusion path, as section 2.1.3.1 defines it."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path_of(m, leaves[:k]), mth(leaves[k:])]
    return [*path_of(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], *, is_whole: bool = True) -> list[bytes]:
    """Consistency proof, as section 2.1.4.1 defines it."""
    if m == len(leaves):
        return [] if is_whole else [mth(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], is_whole=is_whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], is_whole=False), mth(leaves[:k])]


def largest_power_below(n: int) -> int:
    """Largest power of two below n, by trying."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def grown(leaves: Sequence[bytes]) -> tuple[Edge, dict[Node, bytes]]:
    """Edge and stored nodes of a tree that grew leaf by leaf."""
    edge = Edge()
    nodes: dict[Node, bytes] = {}
    for leaf in leaves:
        nodes.update(edge.append(leaf_hash(leaf)))
    return edge, nodes


def hashes(nodes: dict[Node, bytes], ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Hashes of ranges out of stored nodes."""
    return [fold([nodes[node] for node in cover(*found)]) for found in ranges]


MANY = [bytes([i]) * 3 for i in range(70)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    """Published vectors for one to eight leaves."""
    assert grown(LEAVES[:size])[0].root.hex() == ROOTS[size - 1]


def test_paths_are_those_of_certificate_transparency() -> None:
    """Published inclusion paths of leaves 0 and 5 of eight."""
    nodes = grown(LEAVES)[1]
    assert [h.hex() for h in hashes(nodes, inclusion_ranges(0, 8))] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [h.hex() for h in hashes(nodes, inclusion_ranges(5, 8))] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("size", [*range(1, 35), 63, 64, 65, 70])
def test_roots_paths_and_proofs_are_those_of_the_definition(size: int) -> None:
    """Every leaf and every earlier size, against the RFC's recursion."""
    leaves = MANY[:size]
    edge, nodes = grown(MANY)
    assert hashes(nodes, [(0, size)]) == [mth(leaves)] == [grown(leaves)[0].root]
    assert len(edge.data) // 32 == (70).bit_count()
    for m in range(size):
        assert hashes(nodes, inclusion_ranges(m, size)) == path_of(m, leaves)
    for m in range(1, size + 1):
        assert hashes(nodes, consistency_ranges(m, size)) == subproof(m, leaves)


def test_good_proofs_verify_and_those_of_another_place_or_size_do_not() -> None:
    """Every pair of leaf and size up to 20, with every other index and size as a lie."""
    for size in range(1, 21):
        root = mth(MANY[:size])
        for m in range(size):
            path = path_of(m, MANY[:size])
            leaf = leaf_hash(MANY[m])
            assert is_included(leaf, m, size, path, root)
            assert not any(is_included(leaf, other, size, path, root) for other in range(-1, size + 2) if other != m)
            assert not is_included(leaf_hash(MANY[m] + b"x"), m, size, path, root)
            assert not is_included(leaf, m, size, [*path, bytes(32)], root)
            assert not path or not is_included(leaf, m, size, path[:-1], root)


def test_good_continuations_verify_and_others_do_not() -> None:
    """Every pair of sizes up to 20; a changed root, a longer or shorter proof and a wrong size fail."""
    for second in range(21):
        for first in range(second + 1):
            proof = subproof(first, MANY[:second]) if first else []
            older, newer = mth(MANY[:first]), mth(MANY[:second])
            assert is_consistent(first, second, proof, older, newer)
            assert not is_consistent(first, second, proof, bytes(32), newer)
            assert not is_consistent(first, second, [*proof, bytes(32)], older, newer)
            if first:
                assert not is_consistent(first, second, proof, older, bytes(32))
            if proof:
                assert not is_consistent(first, second, proof[:-1], older, newer)
                assert not is_consistent(first, second, [bytes(32), *proof[1:]], older, newer)
                assert not is_consistent(second, first, proof, older, newer)


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=40), st.data())
def test_a_rewritten_beginning_has_no_proof(leaves: list[bytes], data: st.DataObject) -> None:
    """Change one leaf of the beginning: no proof of the new tree fits the old root."""
    first = data.draw(st.integers(1, len(leaves) - 1))
    bad = data.draw(st.integers(0, first - 1))
    changed = [*leaves[:bad], leaves[bad] + b"!", *leaves[bad + 1 :]]
    assert not is_consistent(first, len(leaves), subproof(first, changed), mth(leaves[:first]), mth(changed))
    assert is_consistent(first, len(leaves), subproof(first, leaves), mth(leaves[:first]), mth(leaves))


def test_leaves_and_nodes_are_never_taken_for_one_another() -> None:
    """A leaf whose content is two hashes is no node."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    assert Edge().root == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [0, 1, 6, 7, 64])
def test_an_edge_comes_back_from_its_bytes(size: int) -> None:
    """It goes on as the first one does; bytes of another size are refused."""
    edge = grown(MANY[:size])[0]
    again = Edge.of(size, edge.data)
    again.append(leaf_hash(b"next"))
    edge.append(leaf_hash(b"next"))
    assert again.root == edge.root
    with pytest.raises(UnreadableSource, match="edge"):
        Edge.of(size + 1 if size.bit_count() != (size + 1).bit_count() else size + 2, again.data[:-1])
