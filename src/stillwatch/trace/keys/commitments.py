"""Commitments to all keys of an epoch as one number: the root of a tree, recorded in a ledger before the first use.

The tree's leaves are the keys' commitments in order of their digits, so that neither their order nor their number by
customer tells anything; what is published is the root. A proof for one key is some twenty hashes.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Connection

from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData, UnreadableSource
from stillwatch.ledger.book import Event, append, sign_head
from stillwatch.ledger.entry import HEX, Entry, Kind
from stillwatch.ledger.tree import cover, fold, inclusion_ranges, leaf_hash, node_hash
from stillwatch.signing.keys import SigningKey
from stillwatch.trace.keys.key import MarkKey

__all__ = ["Commitments", "commit", "read_commitments", "record", "write_commitments"]

_FORMAT: Final = "stillwatch-mark-commitments"
_MOST_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Commitments:
    """Of every key of an epoch; no secret and no name can be read from them.

    digests     64 hexadecimal digits each, ascending, no two alike.
    levels      Hashes of full subtrees, leaves first.
    """

    epoch: str
    digests: tuple[str, ...]
    levels: tuple[tuple[bytes, ...], ...]

    @classmethod
    def of(cls, epoch: str, digests: Iterable[str]) -> Self:
        """Tree over commitments, in any order.

        Raises      InvalidInput when one is twice there or is none, or there are none at all.
        """
        ordered = tuple(sorted(digests))
        if not ordered or not all(HEX.fullmatch(one) for one in ordered):
            message = "commitments must be one or more of 64 hexadecimal digits"
            raise InvalidInput(message)
        if len(set(ordered)) < len(ordered):
            message = f"{len(ordered) - len(set(ordered))} of {len(ordered)} keys are there twice"
            raise InvalidInput(message)
        levels = [tuple(leaf_hash(bytes.fromhex(one)) for one in ordered)]
        while len(levels[-1]) > 1:
            below = levels[-1]
            levels.append(tuple(node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)))
        return cls(epoch, ordered, tuple(levels))

    @property
    def root(self) -> bytes:
        """What the ledger records."""
        return self._hash(0, len(self.digests))

    def path(self, digest: str) -> tuple[int, list[bytes]]:
        """Place of a commitment, and the hashes that prove it, from the leaf up.

        Raises      MissingData when it is not among them.
        """
        at = bisect_left(self.digests, digest)
        if at == len(self.digests) or self.digests[at] != digest:
            message = f"the key is not among the {len(self.digests)} that epoch {self.epoch} committed to"
            raise MissingData(message)
        return at, [self._hash(*found) for found in inclusion_ranges(at, len(self.digests))]

    def _hash(self, start: int, end: int) -> bytes:
        return fold([self.levels[node.level][node.place] for node in cover(start, end)])


def commit(keys: Iterable[MarkKey]) -> Commitments:
    """Commitments of all keys of one epoch.

    Raises      InvalidInput for keys of several epochs, a key that is there twice, or none.

    >>> from stillwatch.trace.keys.key import Purpose, derive
    >>> made = commit(derive(bytes(32), Purpose.ACCOUNT, str(i), "2026-11") for i in range(5))
    >>> len(made.digests), made.epoch, len(made.root)
    (5, '2026-11', 32)
    """
    found = [(key.epoch, key.commitment) for key in keys]
    epochs = {epoch for epoch, _ in found}
    if len(epochs) != 1:
        message = f"keys must be of one epoch, got {len(epochs)}"
        raise InvalidInput(message)
    return Commitments.of(epochs.pop(), (digest for _, digest in found))


def record(connection: Connection, made: Commitments, actor: str, key: SigningKey, now: datetime) -> Entry:
    """Record the root in the caller's transaction, before the first key of the epoch is used.

    Raises      InvalidInput when the actor is no pseudonym.
    """
    document = {"epoch": made.epoch, "keys": len(made.digests), "root": made.root.hex()}
    entry = append(connection, Event(Kind.MARK_KEYS, actor, document, now, f"mark keys {made.epoch}"))
    sign_head(connection, key, now)
    return entry


def write_commitments(made: Commitments, path: Path) -> None:
    """Write the commitments as text: a line about them, and one for each.

    Raises      UnreadableSource when it cannot be written.
    """
    about = {"format": _FORMAT, "format_version": 1, "epoch": made.epoch, "keys": len(made.digests)}
    try:
        with path.open("w", encoding="ascii") as file:
            file.write(json.dumps(about) + "\n")
            file.writelines(digest + "\n" for digest in made.digests)
    except OSError as error:
        message = f"cannot write {path}: {type(error).__name__}"
        raise UnreadableSource(message) from error


def read_commitments(path: Path) -> Commitments:
    """What `write_commitments` wrote.

    Raises      MissingData when there is no file; UnreadableSource when it is damaged; IncompatibleVersion for a later
                version.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError as error:
        message = f"there are no commitments {path}"
        raise MissingData(message) from error
    except OSError as error:
        message = f"cannot read {path}: {type(error).__name__}"
        raise UnreadableSource(message) from error
    try:
        head, _, rest = data.decode("ascii").partition("\n")
        about = json.loads(head)
        version, epoch, count = about["format_version"], about["epoch"], about["keys"]
        is_ours = about["format"] == _FORMAT and isinstance(epoch, str) and len(data) <= _MOST_BYTES
        made = Commitments.of(str(epoch), rest.split()) if is_ours and version == 1 else None
    except (ValueError, KeyError, TypeError) as error:
        message = f"{path} holds no commitments, or is damaged"
        raise UnreadableSource(message) from error
    if is_ours and version != 1:
        message = f"{path} is of version {version}, this program reads 1"
        raise IncompatibleVersion(message)
    if made is None or count != len(made.digests):
        message = f"{path} holds no commitments, or is cut off"
        raise UnreadableSource(message)
    return made
