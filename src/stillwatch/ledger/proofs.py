"""Proofs out of the database: an entry is in the ledger, a later ledger continues an earlier one."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, select

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.ledger.tables import NODES, STATE
from stillwatch.ledger.tree import Node, consistency_ranges, cover, fold, inclusion_ranges

__all__ = ["consistency_path", "inclusion_path", "inclusion_paths", "root_at"]

_CHUNK: Final = 1_000


def inclusion_path(connection: Connection, index: int, size: int) -> list[bytes]:
    """Hashes that prove that an entry is in the ledger of that size, from the leaf up.

    Raises      InvalidInput when there is no such entry or no such size yet.
    """
    _check_size(connection, size)
    if not 0 <= index < size:
        message = f"a ledger of {size} entries has no entry {index}"
        raise InvalidInput(message)
    return _hashes(connection, inclusion_ranges(index, size))


def inclusion_paths(connection: Connection, indexes: Sequence[int], size: int) -> list[list[bytes]]:
    """The same for many entries by few queries: neighbours share most of their hashes.

    Raises      As `inclusion_path`.
    """
    _check_size(connection, size)
    wrong = next((index for index in indexes if not 0 <= index < size), None)
    if wrong is not None:
        message = f"a ledger of {size} entries has no entry {wrong}"
        raise InvalidInput(message)
    covers = [[cover(start, end) for start, end in inclusion_ranges(index, size)] for index in indexes]
    wanted = list({node: None for path in covers for nodes in path for node in nodes})
    stored: dict[Node, bytes] = {}
    for start in range(0, len(wanted), _CHUNK):
        stored |= _stored(connection, wanted[start : start + _CHUNK])
    return [[fold([stored[node] for node in nodes]) for nodes in path] for path in covers]


def consistency_path(connection: Connection, first: int, size: int) -> list[bytes]:
    """Hashes that prove that the ledger of `size` continues that of `first`; none when either says it itself.

    Raises      InvalidInput when `first` is larger, or there is no such size yet.
    """
    _check_size(connection, size)
    if not 0 <= first <= size:
        message = f"the earlier size must be 0 to {size}, got {first}"
        raise InvalidInput(message)
    return _hashes(connection, consistency_ranges(first, size)) if first else []


def root_at(connection: Connection, size: int) -> bytes:
    """Root of the ledger when it had that size.

    Raises      InvalidInput when it has not yet.
    """
    _check_size(connection, size)
    return _hashes(connection, [(0, size)])[0]


def _check_size(connection: Connection, size: int) -> None:
    now = connection.execute(select(STATE.c.size)).scalar() or 0
    if not 0 <= size <= now:
        message = f"the ledger has {now} entries, got the size {size}"
        raise InvalidInput(message)


def _hashes(connection: Connection, ranges: Iterable[tuple[int, int]]) -> list[bytes]:
    covers = [cover(start, end) for start, end in ranges]
    stored = _stored(connection, [node for nodes in covers for node in nodes])
    return [fold([stored[node] for node in nodes]) for nodes in covers]


def _stored(connection: Connection, nodes: Sequence[Node]) -> dict[Node, bytes]:
    """Nodes by one query; there are O(log n) of them in any proof."""
    positions = {node.position: node for node in nodes}
    rows = connection.execute(select(NODES).where(NODES.c.position.in_(positions)))
    found = {positions[row.position]: row.hash for row in rows}
    missing = set(nodes) - found.keys()
    if missing:
        message = f"the ledger's database has lost {len(missing)} nodes of its tree, the first at {min(missing)}"
        raise UnreadableSource(message)
    return found
