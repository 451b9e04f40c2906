"""What each account had at its first appearance, and how common that is among all accounts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.detect._kernels_background import n_alike_inside
from stillwatch.model.family import ATTRIBUTES, STRONG_ATTRIBUTES
from stillwatch.sketch import hash_strings
from stillwatch.stats.codes import in_order
from stillwatch.stats.lookup import HashIndex, positions

__all__ = ["COMMON_SHARE", "MAJORITY", "OWNED_SHARE", "AccountBook", "Ownership", "StoredShare"]

StoredShare = Callable[[str, NDArray[np.uint64]], NDArray[np.float64]]
"""Kind of value and values -> share of verified owners in earlier windows that have each, 1 for the unknown value 0."""

_HOUR_US = 3_600_000_000
_SEEN = ("prefix", "asn", "tls")


@dataclass(frozen=True, slots=True)
class AccountBook:
    """Attributes of every account, sorted by account hash.

    account         Shape n.
    organisation    Hash of the owner, 0 unknown. Shape n.
    attributes      Hash of each of ATTRIBUTES at first appearance, 0 unknown. Shape (n, 6).
    n_alike         Accounts that have the same value, this one included. Shape (n, 6).
    verified        True where the owner is verified (level 2 or above). Shape n.
    rare_share      Share of all accounts whose value is known and no more than `COMMON_SHARE` have. Shape 6.
    stored_share    Share of verified owners with the same value in earlier windows, 0 where none is kept. Shape (n, 6).
    declared        Index into DECLARED_USES plus one, 0 when nothing was declared. Shape n.
    """

    account: NDArray[np.uint64]
    organisation: NDArray[np.uint64]
    attributes: NDArray[np.uint64]
    n_alike: NDArray[np.int64]
    verified: NDArray[np.bool_]
    declared: NDArray[np.int8]
    rare_share: NDArray[np.float64] = field(default_factory=lambda: np.ones(len(ATTRIBUTES)))
    stored_share: NDArray[np.float64] | None = None
    _index: HashIndex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the accounts: they are asked for with every exchange."""
        object.__setattr__(self, "_index", HashIndex(self.account))

    @classmethod
    def build(cls, firsts: pa.Table, accounts: pa.Table, stored: StoredShare | None = None) -> Self:
        """Join the first appearances in the logs with the provider's table of accounts (may be empty).

        stored  How common values were in earlier windows; None when nothing is kept.
        """
        account = firsts["account"].to_numpy()
        known = _provider_columns(accounts)
        row = positions(known["account"], account)
        seen = [firsts[name].to_numpy() for name in _SEEN]
        told = {name: np.where(row >= 0, values[row], 0) for name, values in known.items()} if len(accounts) else {}
        zeros = np.zeros(len(account), np.uint64)
        columns = dict(zip(_SEEN, seen, strict=True)) | {
            name: told.get(name, zeros) for name in ("payment", "email_domain", "signup")
        }
        attributes = np.column_stack([columns[name] for name in ATTRIBUTES]).astype(np.uint64)
        n_alike = np.column_stack(
            [n_alike_inside(np.ascontiguousarray(attributes[:, j])) for j in range(len(ATTRIBUTES))]
        )
        return cls(
            account=account,
            organisation=told.get("organisation", zeros).astype(np.uint64),
            attributes=attributes,
            n_alike=n_alike,
            verified=told.get("verified", zeros).astype(np.bool_),
            declared=told.get("declared", zeros).astype(np.int8),
            rare_share=_rare_share(attributes, n_alike),
            stored_share=None if stored is None else _stored_share(attributes, stored),
        )

    def ownership(self, accounts: NDArray[np.uint64]) -> "Ownership":
        """Who owns a set of accounts, and whether a verified declaration explains them."""
        at = self.rows(accounts)
        owner, verified = self.organisation[at], self.verified[at]
        n = max(len(accounts), 1)
        declared = float((verified & (self.declared[at] > 0)).sum()) / n
        sizes, verified_sizes = _owner_sizes(owner), _owner_sizes(owner[verified])
        fleets, verified_fleets = (int(s[s >= FLEET_ACCOUNTS].sum()) for s in (sizes, verified_sizes))
        return Ownership(int(sizes.max(initial=0)) / n, fleets / n, verified_fleets / n, declared)

    def in_fleet(self, account: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether an account belongs to a known organisation that has at least five accounts."""
        known, code, size = np.unique(self.organisation, return_inverse=True, return_counts=True)
        return np.asarray(((size[code] >= FLEET_ACCOUNTS) & (known[code] != 0))[self.rows(account)])

    def rows(self, account: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Row of each account hash."""
        return self._index.positions(account)


@dataclass(frozen=True, slots=True)
class Ownership:
    """Shares of a set of accounts, 0 to 1.

    one_owner           Largest share that belongs to one organisation.
    fleets              Share that belongs to organisations with at least five of the accounts.
    verified_fleets     The same, verified accounts only.
    declared            Share with a declared use that is verified.
    """

    one_owner: float
    fleets: float
    verified_fleets: float
    declared: float

    @property
    def explained(self) -> bool:
        """Owners' own fleets, one owner alone, or a verified declaration, are behind most of the accounts."""
        return max(self.fleets, self.declared) >= OWNED_SHARE or self.one_owner >= MAJORITY


COMMON_SHARE: Final = 0.01
"""What more accounts than this have ties nobody to anybody: popular mail services, carriers, cloud regions."""
OWNED_SHARE: Final = 0.8
MAJORITY: Final = 0.5
"""One owner with this share of the accounts is what makes them look alike, verified or not."""
FLEET_ACCOUNTS: Final = 5

DECLARED_USES: tuple[str, ...] = ("evaluation", "distillation", "resale", "fleet")


def _rare_share(attributes: NDArray[np.uint64], n_alike: NDArray[np.int64]) -> NDArray[np.float64]:
    """At least 0.01: a share of next to nothing is not known better."""
    if not len(attributes):
        return np.ones(len(ATTRIBUTES))
    rare = (attributes != 0) & (n_alike <= max(1.0, COMMON_SHARE * len(attributes)))
    return np.asarray(np.maximum(rare.mean(axis=0), 0.01))


def _stored_share(attributes: NDArray[np.uint64], stored: StoredShare) -> NDArray[np.float64]:
    shares = np.zeros(attributes.shape)
    for name in STRONG_ATTRIBUTES:
        j = ATTRIBUTES.index(name)
        shares[:, j] = stored(name, attributes[:, j])
    return shares


def _owner_sizes(owner: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Accounts of each known owner."""
    return np.asarray(np.bincount(in_order(owner[owner != 0])[0]), np.int64)


def _provider_columns(accounts: pa.Table) -> dict[str, NDArray[np.uint64]]:
    created = accounts["created_at"]
    hour = pc.fill_null(created.cast(pa.int64()), 0).to_numpy() // _HOUR_US
    declared = pc.fill_null(pc.index_in(accounts["declared_use"], value_set=pa.array(DECLARED_USES)), -1)
    columns = {
        "account": hash_strings(accounts["account_id"]),
        "organisation": hash_strings(accounts["organisation_id"]),
        "payment": hash_strings(accounts["payment_fingerprint"]),
        "email_domain": hash_strings(accounts["email_domain"]),
        "signup": hour.astype(np.uint64),
        "verified": (pc.fill_null(accounts["verified_level"], 0).to_numpy() >= 2).astype(np.uint64),
        "declared": (declared.to_numpy() + 1).astype(np.uint64),
    }
    order = np.argsort(columns["account"], kind="stable")
    return {name: values[order] for name, values in columns.items()}
