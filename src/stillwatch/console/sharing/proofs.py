"""Proofs that an entry stands in the service's own ledger, and heads that the service has signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from stillwatch.errors import FailedProof, MissingData
from stillwatch.ledger.book import entry_at, opening_of
from stillwatch.ledger.entry import Entry, is_of
from stillwatch.ledger.head import Head, head_of, verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.proofs import inclusion_path
from stillwatch.ledger.tables import HEADS, STATE
from stillwatch.ledger.tree import inclusion_ranges
from stillwatch.signing.keys import Keys

__all__ = ["Proved", "Step", "heads", "n_heads", "proved_entry", "size_of", "steps_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """One hash of a path: it stands for the entries from `first` to `last`."""

    digest: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Proved:
    """An entry and what shows that it stands in the ledger.

    told        Head as it was signed.
    document    `fits` when what the entry commits to is kept and fits, `forgotten` when it is gone, `wrong` else;
                `unseen` where it is not ours to keep.
    wrong       Why the proof does not hold; empty when it does.
    """

    entry: Entry
    proof: Proof
    told: Mapping[str, Any]
    head: Head
    steps: tuple[Step, ...]
    document: str
    wrong: str = ""

    @property
    def holds(self) -> bool:
        """Whether signature, path and, where it is kept, document fit together."""
        return not self.wrong and self.document != "wrong"


def size_of(connection: Connection) -> int:
    """Entries of the ledger."""
    return int(connection.execute(select(STATE.c.size)).scalar() or 0)


def n_heads(connection: Connection) -> int:
    """Heads that were signed."""
    return int(connection.execute(select(func.count()).select_from(HEADS)).scalar_one())


def heads(connection: Connection, start: int, most: int) -> list[Head]:
    """A page of heads, the newest first; their signatures are not looked at."""
    wanted = select(HEADS.c.head).order_by(HEADS.c.size.desc()).limit(most).offset(start)
    return [head_of(told) for told in connection.execute(wanted).scalars()]


def proved_entry(connection: Connection, index: int, keys: Keys) -> Proved:
    """An entry with its proof under the newest head, checked as anybody can check it.

    keys        Whose signature of the head is believed.
    Raises      MissingData when no head that was signed covers such an entry.
    """
    told = connection.execute(select(HEADS.c.head).order_by(HEADS.c.size.desc()).limit(1)).scalar()
    head = None if told is None else head_of(told)
    if told is None or head is None or index >= head.size:
        n = 0 if head is None else head.size
        message = f"the ledger has {n:,} entries, from 0 on; there is no entry {index:,}"
        raise MissingData(message)
    entry = entry_at(connection, index)
    proof = Proof(entry, head.size, tuple(inclusion_path(connection, index, head.size)))
    opening = opening_of(connection, index)
    document = "forgotten" if opening is None else "fits" if is_of(entry, opening) else "wrong"
    return Proved(entry, proof, told, head, steps_of(proof), document, wrong_with(proof, told, keys))


def wrong_with(proof: Proof, told: Mapping[str, Any], keys: Keys) -> str:
    """Why a proof does not hold; empty when it does."""
    try:
        check_proof(proof, verify_head(told, keys))
    except FailedProof as error:
        return str(error)
    return ""


def steps_of(proof: Proof) -> tuple[Step, ...]:
    """The path, from the leaf up, with the entries that each hash stands for."""
    ranges: Sequence[tuple[int, int]] = list(inclusion_ranges(proof.entry.index, proof.size))
    return tuple(Step(digest.hex(), first, end - 1) for digest, (first, end) in zip(proof.path, ranges, strict=False))
