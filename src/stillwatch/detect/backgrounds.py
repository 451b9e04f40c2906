"""How common an attribute, a client or a kind of content is among verified customers, kept from window to window.

A short window has poor backgrounds: what is common in a year may be rare in a day. Stored are keyed hashes with counts,
never values: whoever has the file without the salt of the installation cannot test a guess. An owner (organisation, or
an account without one) has one vote, spread over what its accounts show, so that nobody makes something common alone.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.errors import IncompatibleVersion, InvalidInput
from stillwatch.model.column import Column, schema_of
from stillwatch.model.family import STRONG_ATTRIBUTES
from stillwatch.stats.lookup import positions

__all__ = ["BACKGROUND", "KINDS", "Backgrounds"]

KINDS: Final[tuple[str, ...]] = (*STRONG_ATTRIBUTES, "client", "cell")
"""What is counted: attributes at an account's first appearance, client keys, and cells of content."""

VOTE: Final = 1_000_000
"""Votes are counted in millionths, so that sums are exact and merging is commutative to the last bit."""

BACKGROUND: pa.Schema = schema_of(
    "background",
    (
        Column("kind", pa.string(), "One of KINDS.", required=True),
        Column("key", pa.uint64(), "Keyed hash of the value.", required=True),
        Column("votes", pa.int64(), "Millionths of owners that have the value.", required=True),
    ),
)


@dataclass(frozen=True, slots=True)
class Backgrounds:
    """Votes by kind and keyed value.

    keys, votes     By kind: keyed hashes, ascending, and their votes in millionths of an owner.
    mark            Says which salt made the keys, without saying the salt.

    >>> one = Backgrounds.of({"asn": (np.array([1, 1, 2], np.uint64), np.array([7, 8, 7], np.uint64))}, b"salt")
    >>> one.share("asn", np.array([7, 8, 9], np.uint64), b"salt").round(3).tolist()
    [0.833, 0.5, 0.333]
    >>> one.merge(one).n_owners("asn")
    4.0
    """

    keys: Mapping[str, NDArray[np.uint64]]
    votes: Mapping[str, NDArray[np.int64]]
    mark: str

    @classmethod
    def of(
        cls,
        seen: Mapping[str, tuple[NDArray[np.uint64], NDArray[np.uint64]]],
        salt: bytes,
        counts: Mapping[str, NDArray[np.int64]] | None = None,
    ) -> Self:
        """Count votes.

        seen        By kind: owner and value, row by row; value 0 is unknown and not counted.
        counts      By kind: how often, row by row; 1 where a kind is not named.
        """
        keys, votes = {}, {}
        for kind in KINDS:
            owner, value = seen.get(kind, (np.zeros(0, np.uint64), np.zeros(0, np.uint64)))
            n = (counts or {}).get(kind, np.ones(len(owner), np.int64))
            known = value != 0
            values, shares = _votes(owner[known], value[known], n[known])
            keyed = _keyed(kind, values, salt)
            order = np.argsort(keyed, kind="stable")
            keys[kind], votes[kind] = keyed[order], shares[order]
        return cls(keys, votes, _mark(salt))

    @classmethod
    def from_table(cls, table: pa.Table, mark: str) -> Self:
        """From what `table` gave.

        Raises  InvalidInput when votes are negative or keys do not ascend within their kind.
        """
        kinds, keys, votes = (table[name].to_numpy() for name in BACKGROUND.names)
        parts = {kind: kinds == kind for kind in KINDS}
        found = cls({k: keys[rows] for k, rows in parts.items()}, {k: votes[rows] for k, rows in parts.items()}, mark)
        if (votes < 0).any() or any((column[1:] <= column[:-1]).any() for column in found.keys.values()):
            msg = "backgrounds need ascending keys and votes of 0 or more"
            raise InvalidInput(msg)
        return found

    def table(self) -> pa.Table:
        """Rows of BACKGROUND, by kind and key."""
        kinds = np.repeat(np.array(KINDS), [len(self.keys[kind]) for kind in KINDS])
        columns = [kinds, *(np.concatenate([part[kind] for kind in KINDS]) for part in (self.keys, self.votes))]
        return pa.Table.from_arrays(
            [pa.array(c, f.type) for c, f in zip(columns, BACKGROUND, strict=True)], schema=BACKGROUND
        )

    def merge(self, other: Self) -> Self:
        """Both windows as one; an owner seen in both votes in each.

        Raises  IncompatibleVersion when the two were made with different salts.
        """
        if self.mark != other.mark:
            msg = f"backgrounds were made with different salts ({self.mark}, {other.mark}); calibrate with one salt"
            raise IncompatibleVersion(msg)
        keys, votes = {}, {}
        for kind in KINDS:
            both = np.concatenate([self.keys[kind], other.keys[kind]])
            keys[kind], inverse = np.unique(both, return_inverse=True)
            votes[kind] = np.zeros(len(keys[kind]), np.int64)
            np.add.at(votes[kind], inverse, np.concatenate([self.votes[kind], other.votes[kind]]))
        return type(self)(keys, votes, self.mark)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same votes."""
        return isinstance(other, Backgrounds) and self.mark == other.mark and bool(self.table().equals(other.table()))

    __hash__ = None  # type: ignore[assignment]

    def n_owners(self, kind: str) -> float:
        """Owners that voted."""
        return float(self.votes[kind].sum()) / VOTE

    def fits(self, salt: bytes) -> bool:
        """Whether the keys were made with this salt."""
        return self.mark == _mark(salt)

    def check(self, salt: bytes) -> None:
        """Refuse another salt.

        Raises  IncompatibleVersion when the keys were made with another salt.
        """
        if not self.fits(salt):
            msg = "backgrounds were made with another salt; scan where they were made, or calibrate here"
            raise IncompatibleVersion(msg)

    def share(self, kind: str, values: NDArray[np.uint64], salt: bytes) -> NDArray[np.float64]:
        """Share of owners that have each value, plus one in the number of owners; 1 where the value is 0, unknown.

        The larger of this and the share in the window at hand is a background that errs on the side of the accused: a
        bet against a larger background has a smaller expectation, so an e-value stays one.

        Raises  IncompatibleVersion when the keys were made with another salt.
        """
        self.check(salt)
        unique, inverse = np.unique(values, return_inverse=True)
        at = positions(self.keys[kind], _keyed(kind, unique, salt))
        votes = np.where(at >= 0, self.votes[kind][at] if len(self.votes[kind]) else 0, 0)
        shares = np.minimum((votes / VOTE + 1) / (self.n_owners(kind) + 1), 1.0)
        return np.asarray(np.where(unique == 0, 1.0, shares)[inverse], np.float64)


def _votes(
    owner: NDArray[np.uint64], value: NDArray[np.uint64], n: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """One vote an owner, spread over its values as it uses them; values ascending."""
    who, code = np.unique(owner, return_inverse=True)
    values, what = np.unique(value, return_inverse=True)
    pair, place = np.unique(code * np.int64(max(len(values), 1)) + what, return_inverse=True)
    each = np.bincount(place, weights=n, minlength=len(pair))
    total = np.bincount(code, weights=n, minlength=len(who))
    whose, which = np.divmod(pair, max(len(values), 1))
    votes = np.zeros(len(values), np.int64)
    np.add.at(votes, which, np.rint(VOTE * each / total[whose]).astype(np.int64))
    return values, votes


def _keyed(kind: str, values: NDArray[np.uint64], salt: bytes) -> NDArray[np.uint64]:
    """Keyed hash of each value, another for each kind."""
    start = hashlib.blake2b(key=salt[: hashlib.blake2b.MAX_KEY_SIZE], digest_size=8, person=kind.encode())
    found = bytearray()
    for value in values.astype("<u8").view(np.uint8).reshape(-1, 8):
        one = start.copy()
        one.update(value.tobytes())
        found += one.digest()
    return np.frombuffer(bytes(found), "<u8").astype(np.uint64)


def _mark(salt: bytes) -> str:
    """Eight bytes that tell salts apart and give none away."""
    return hashlib.blake2b(b"which salt", key=salt[: hashlib.blake2b.MAX_KEY_SIZE], digest_size=8).hexdigest()
