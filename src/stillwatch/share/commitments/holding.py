"""What a member holds, committed to as a whole and revealed item by item.

The commitment is the root of a tree whose leaves are salted hashes of the items, so that a reveal shows one item and
nothing of the others. Leaves are sorted by their hashes and filled up to a power of two: neither a place nor the size
tells what else there is. The member's pseudonym is in every leaf: who copies somebody's commitment cannot reveal it.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.ledger.edge import Edge
from stillwatch.ledger.entry import HEX, SALT_BYTES
from stillwatch.ledger.tree import Node, cover, fold, inclusion_ranges, leaf_hash
from stillwatch.ledger.verification import is_included
from stillwatch.signing.canonical import canonical

__all__ = ["MOST_ITEMS", "Holding", "HoldingCommitment", "Reveal", "check_reveal"]

MOST_ITEMS: Final = 1 << 20
_FEWEST_LEAVES: Final = 64
_LONGEST_PATH: Final = 20
_MEMBERS: Final = {"member": str, "root": str, "size": int}


@dataclass(frozen=True, slots=True)
class HoldingCommitment:
    """What is told of a holding before anything of it is.

    member  Pseudonym.
    root    64 hexadecimal digits.
    size    Leaves, a power of two from 64 on.
    """

    member: str
    root: str
    size: int

    def told(self) -> dict[str, Any]:
        """The commitment as JSON."""
        return {"member": self.member, "root": self.root, "size": self.size}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "HoldingCommitment":
        """Commitment of what `told` gave.

        Raises      InvalidInput for anything else.
        """
        fits = told.keys() == _MEMBERS.keys() and all(type(told[name]) is kind for name, kind in _MEMBERS.items())
        if not fits or not HEX.fullmatch(told["root"]) or not _is_size(told["size"]):
            message = "a commitment must have a member, a root of 64 hexadecimal digits and a size that is a power of 2"
            raise InvalidInput(message)
        return cls(told["member"], told["root"], told["size"])


def _is_size(size: int) -> bool:
    return _FEWEST_LEAVES <= size <= MOST_ITEMS and size.bit_count() == 1


@dataclass(frozen=True, slots=True)
class Reveal:
    """One item of a holding, and what shows that it is in the commitment."""

    item: Mapping[str, Any]
    salt: bytes
    place: int
    path: tuple[bytes, ...]

    def told(self) -> dict[str, Any]:
        """The reveal as JSON."""
        path = [part.hex() for part in self.path]
        return {"item": dict(self.item), "salt": self.salt.hex(), "place": self.place, "path": path}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Reveal":
        """Reveal of what `told` gave.

        Raises      InvalidInput for anything else.
        """
        if not _is_reveal(told):
            message = "a reveal must have exactly an item, a salt, a place and a path of hashes"
            raise InvalidInput(message)
        path = tuple(map(bytes.fromhex, told["path"]))
        return cls(told["item"], bytes.fromhex(told["salt"]), told["place"], path)


def _is_reveal(told: Mapping[str, Any]) -> bool:
    if told.keys() != set(Reveal.__slots__) or not isinstance(told["item"], Mapping) or type(told["place"]) is not int:
        return False
    path = told["path"]
    if not isinstance(path, list) or len(path) > _LONGEST_PATH:
        return False
    return all(isinstance(part, str) and HEX.fullmatch(part) for part in (told["salt"], *path))


class Holding:
    """What a member holds, as it keeps it: with the secret every item can be revealed later.

    secret  32 random bytes, new for every holding.

    >>> holding = Holding("member-a", [{"kind": "address", "value": "00"}], b"s" * 32)
    >>> check_reveal(holding.commitment, holding.reveal({"kind": "address", "value": "00"}))
    """

    def __init__(self, member: str, items: Iterable[Mapping[str, Any]], secret: bytes) -> None:
        """Raise InvalidInput for a secret of another length, or more than 2^20 items."""
        if len(secret) != SALT_BYTES:
            message = f"a secret must have {SALT_BYTES} bytes, got {len(secret)}"
            raise InvalidInput(message)
        self._member, self._secret = member, secret
        leaves = {self._leaf(item) for item in items}
        if len(leaves) > MOST_ITEMS:
            message = f"a holding must have at most {MOST_ITEMS} items, got {len(leaves)}"
            raise InvalidInput(message)
        size = max(_FEWEST_LEAVES, 1 << max(len(leaves) - 1, 0).bit_length())
        leaves |= {leaf_hash(self._drawn(b"fill", b"%d" % i)) for i in range(size - len(leaves))}
        self._places = {leaf: place for place, leaf in enumerate(sorted(leaves))}
        edge = Edge()
        self._nodes: dict[Node, bytes] = {}
        for leaf in self._places:
            self._nodes.update(edge.append(leaf))
        self.commitment: Final = HoldingCommitment(member, edge.root.hex(), size)

    def _drawn(self, use: bytes, data: bytes) -> bytes:
        return hmac.digest(self._secret, use + b"\0" + data, "sha256")

    def _salt(self, item: Mapping[str, Any]) -> bytes:
        return self._drawn(b"salt", canonical(item))

    def _leaf(self, item: Mapping[str, Any]) -> bytes:
        return _leaf(self._member, item, self._salt(item))

    def __contains__(self, item: Mapping[str, Any]) -> bool:
        """Whether the item is held."""
        return self._leaf(item) in self._places

    def reveal(self, item: Mapping[str, Any]) -> Reveal:
        """What shows that the item was held.

        Raises      InvalidInput when it was not.
        """
        place = self._places.get(self._leaf(item))
        if place is None:
            message = "only what is in the holding can be revealed"
            raise InvalidInput(message)
        ranges = inclusion_ranges(place, self.commitment.size)
        path = tuple(fold([self._nodes[node] for node in cover(*found)]) for found in ranges)
        return Reveal(item, self._salt(item), place, path)


def _leaf(member: str, item: Mapping[str, Any], salt: bytes) -> bytes:
    return leaf_hash(salt + canonical({"item": item, "member": member}))


def check_reveal(commitment: HoldingCommitment, reveal: Reveal) -> None:
    """Nothing when the item is in the commitment.

    Raises      FailedProof when it is not.
    """
    leaf = _leaf(commitment.member, reveal.item, reveal.salt)
    root = bytes.fromhex(commitment.root)
    if len(reveal.salt) != SALT_BYTES or not is_included(leaf, reveal.place, commitment.size, reveal.path, root):
        message = "the item is not in what the member committed to"
        raise FailedProof(message)
