"""Verify an exported ledger with nothing but the file, heads that one has kept, and the maker's key."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path
from typing import Any

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.ledger.edge import Edge
from stillwatch.ledger.entry import HEX, Entry
from stillwatch.ledger.export import lines_of
from stillwatch.ledger.head import Head, head_of, verify_head
from stillwatch.ledger.proof import Proof
from stillwatch.ledger.tree import inclusion_ranges
from stillwatch.signing.keys import Keys

__all__ = ["Audit", "audit", "prove"]


@dataclass(slots=True)
class Audit:
    """What was verified.

    size            Entries.
    root            Root of all of them.
    n_heads         Heads that fit, those one has kept among them; the last is of the whole ledger.
    confirmed       Entries under the last head so far; all of them in the end.
    is_signed       Whether the signatures were verified, which takes the maker's key.
    kinds           Entries by kind.
    """

    size: int = 0
    root: bytes = b""
    ledger: str | None = None
    n_heads: int = 0
    confirmed: int = 0
    is_signed: bool = False
    kinds: dict[str, int] = field(default_factory=dict)


def audit(path: Path, kept: Iterable[Mapping[str, Any]] = (), keys: Keys | None = None) -> Audit:
    """Verify a ledger; the message of a failure names the first bad entry, or between which heads it is.

    An entry that was changed no longer gives the root beside it. If the roots were made again, too, a head no longer
    fits: of whoever has kept no head and no key, a whole new ledger can make a fool.

    kept        Heads from before, of the same ledger.
    keys        Who may sign heads; None leaves signatures unchecked.
    Raises      FailedProof when anything does not hold; UnreadableSource when the file cannot be read.
    """
    heads = sorted((_read_head(told, keys) for told in kept), key=lambda head: head.size)
    edge, found = Edge(), Audit(is_signed=keys is not None)
    known = _by_size(heads)
    _check_heads(known.pop(0, ()), edge, found)
    for number, told in lines_of(path):
        if told.keys() == {"head"}:
            _check_heads([_read_head(told["head"], keys, f"{path}:{number}")], edge, found)
        else:
            _add(told, edge, found, f"{path}:{number}")
            _check_heads(known.pop(edge.size, ()), edge, found)
    if known:
        message = f"the ledger ends after {edge.size} entries, a head of {max(known)} says that there are more"
        raise FailedProof(message)
    if not found.n_heads:
        message = f"no head stands in {path}: nobody has signed this ledger"
        raise FailedProof(message)
    if found.confirmed < edge.size:
        message = f"entry {found.confirmed} and what follows stand under no head: nobody has signed them ({path})"
        raise FailedProof(message)
    found.size, found.root = edge.size, edge.root
    return found


def _by_size(heads: Sequence[Head]) -> dict[int, list[Head]]:
    found: dict[int, list[Head]] = {}
    for head in heads:
        found.setdefault(head.size, []).append(head)
    return found


def _read_head(told: object, keys: Keys | None, where: str = "a head that was kept") -> Head:
    document = told if isinstance(told, Mapping) else {}
    try:
        return head_of(document) if keys is None else verify_head(document, keys)
    except FailedProof as error:
        message = f"{where}: {error}"
        raise FailedProof(message) from error


def _add(told: Mapping[str, Any], edge: Edge, found: Audit, where: str) -> None:
    """Take one entry; its place and its root must fit everything before it."""
    root = told.get("root")
    try:
        entry = Entry.of({name: value for name, value in told.items() if name != "root"})
    except InvalidInput as error:
        message = f"entry {edge.size} is bad: {error} ({where})"
        raise FailedProof(message) from error
    if entry.index != edge.size:
        message = f"entry {edge.size} is bad: entry {entry.index} stands in its place ({where})"
        raise FailedProof(message)
    edge.append(entry.leaf)
    if not isinstance(root, str) or not HEX.fullmatch(root) or not compare_digest(root, edge.root.hex()):
        message = f"entry {entry.index} is bad: it does not give the root beside it ({where})"
        raise FailedProof(message)
    found.kinds[entry.kind] = found.kinds.get(entry.kind, 0) + 1


def _check_heads(heads: Iterable[Head], edge: Edge, found: Audit) -> None:
    for head in heads:
        if found.ledger not in {None, head.ledger}:
            message = f"the head of size {head.size} is of another ledger"
            raise FailedProof(message)
        if head.size != edge.size:
            message = f"the head of size {head.size} stands behind {edge.size} entries: some are missing before it"
            raise FailedProof(message)
        if not compare_digest(head.root, edge.root):
            message = f"{_between(found.confirmed, head.size)}: the head of size {head.size} has another root"
            raise FailedProof(message)
        found.ledger, found.confirmed = head.ledger, head.size
        found.n_heads += 1


def _between(good: int, size: int) -> str:
    """Which entries are in doubt after `good` of them that a head has confirmed."""
    if size <= good + 1:
        return f"entry {max(size - 1, 0)} is bad"
    return f"the first bad entry is one of {good} to {size - 1}"


def prove(path: Path, index: int, size: int) -> Proof:
    """Inclusion proof of an entry out of an exported ledger, which is to be verified first.

    size        Of the head that the proof is for.
    Raises      InvalidInput when there is no such entry.
    """
    entry: Entry | None = None
    leaves: list[bytes] = []
    for _, told in lines_of(path):
        if told.keys() == {"head"} or len(leaves) == size:
            continue
        found = Entry.of({name: value for name, value in told.items() if name != "root"})
        entry = found if len(leaves) == index else entry
        leaves.append(found.leaf)
    if entry is None or len(leaves) < size:
        message = f"entry must be 0 to {min(size, len(leaves)) - 1}, got {index} ({path})"
        raise InvalidInput(message)
    return Proof(entry, size, tuple(_range_root(leaves[start:end]) for start, end in inclusion_ranges(index, size)))


def _range_root(leaves: Sequence[bytes]) -> bytes:
    edge = Edge()
    for leaf in leaves:
        edge.append(leaf)
    return edge.root
