"""A proof as a document: an entry, where it stands, and the hashes up to the root of a head."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.ledger.entry import HEX, Entry
from stillwatch.ledger.head import Head
from stillwatch.ledger.verification import is_included

__all__ = ["Proof", "check_proof"]

_MEMBERS: Final = {"entry", "size", "path"}
_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is in the ledger of a size.

    path    Hashes from the leaf up.
    """

    entry: Entry
    size: int
    path: tuple[bytes, ...]

    def told(self) -> dict[str, Any]:
        """The proof as JSON."""
        return {"entry": self.entry.told(), "size": self.size, "path": [part.hex() for part in self.path]}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Proof":
        """Proof of what `told` gave.

        Raises      InvalidInput for anything else.
        """
        if told.keys() != _MEMBERS or type(told["size"]) is not int or not isinstance(told["entry"], Mapping):
            message = f"a proof must have exactly the members {', '.join(sorted(_MEMBERS))}"
            raise InvalidInput(message)
        path = told["path"]
        if not isinstance(path, list) or len(path) > _LONGEST or not all(_is_hash(part) for part in path):
            message = f"path must be at most {_LONGEST} hashes of 64 hexadecimal digits"
            raise InvalidInput(message)
        return cls(Entry.of(told["entry"]), told["size"], tuple(map(bytes.fromhex, path)))


def _is_hash(part: object) -> bool:
    return isinstance(part, str) and HEX.fullmatch(part) is not None


def check_proof(proof: Proof, head: Head) -> None:
    """Nothing when the entry is in the ledger of the head.

    Raises      FailedProof when it is not, or the proof is for another size.
    """
    if proof.size != head.size:
        message = f"the proof is for a ledger of {proof.size} entries, the head is of {head.size}"
        raise FailedProof(message)
    if not is_included(proof.entry.leaf, proof.entry.index, proof.size, proof.path, head.root):
        message = f"entry {proof.entry.index} is not in the ledger of this head"
        raise FailedProof(message)
