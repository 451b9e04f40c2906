"""Families: which exchanges one view puts together, and everything that is measured on each."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect._kernels_background import bit_counts, forget_places, shares_outside
from stillwatch.detect.accounts import COMMON_SHARE, AccountBook
from stillwatch.detect.channels.dispatch import dispatch_bits
from stillwatch.detect.channels.infrastructure import InfrastructureBits, coordination_bits, infrastructure_bits
from stillwatch.detect.channels.lifecycle import lifecycle_bits
from stillwatch.detect.harvest import TESTS
from stillwatch.detect.lives import LifeBook
from stillwatch.detect.views import family_keys, view_of
from stillwatch.model.column import Column, schema_of
from stillwatch.model.family import ATTRIBUTES, WEAK_ATTRIBUTES, Family
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.codes import in_order
from stillwatch.stats.lookup import HashIndex, among

__all__ = [
    "FEATURE_NAMES",
    "MEASURED",
    "MEMBER",
    "MIN_ACCOUNTS",
    "MIN_EXCHANGES",
    "eligible_families",
    "judge",
    "member_rows",
    "members",
    "split_families",
    "stream_counts",
]

MIN_ACCOUNTS: Final = 10
MIN_EXCHANGES: Final = 50
_PAYMENT: Final = ATTRIBUTES.index("payment")
_PLACE_COLUMNS: Final = np.array([ATTRIBUTES.index(name) for name in ("email_domain", "asn", "prefix")])
_OF_EXCHANGES: Final = ("time_us", "head", "content", "fill", "topic", "elicitation", "followed")

FEATURE_NAMES: Final = tuple(test.name for test in TESTS)

MEMBER_COLUMNS: tuple[Column, ...] = (
    Column("family", pa.uint64(), "Family id: view in the top three bits.", required=True),
    *(
        Column(name, type_, "As in FINGERPRINT, SEGMENTS or Family.", required=True)
        for name, type_ in (
            ("time_us", pa.int64()),
            ("exchange", pa.uint64()),
            ("account", pa.uint64()),
            ("head", pa.bool_()),
            ("content", pa.uint64()),
            ("fill", pa.uint64()),
            ("topic", pa.uint64()),
            ("elicitation", pa.uint16()),
            ("followed", pa.int8()),
        )
    ),
)
MEMBER: pa.Schema = schema_of("member", MEMBER_COLUMNS)

MEASURED_COLUMNS: tuple[Column, ...] = (
    Column("family", pa.uint64(), "Family id.", required=True),
    Column("n_accounts", pa.int64(), "Accounts.", required=True),
    Column("n_owners", pa.int64(), "Owners of these accounts; one of unknown owner counts by itself.", required=True),
    Column("n_exchanges", pa.int64(), "Exchanges.", required=True),
    *(Column(name, pa.float64(), "Effect; NaN when it could not be judged.", required=True) for name in FEATURE_NAMES),
    *(Column(f"{name}_error", pa.float64(), "Standard error of the effect.", required=True) for name in FEATURE_NAMES),
    Column("dispatch_bits", pa.float64(), "Whose turn is it, log2 of an e-value.", required=True),
    Column("infrastructure_bits", pa.float64(), "What do they share, log2 of an e-value.", required=True),
    Column("lifecycle_bits", pa.float64(), "Do they live by one plan, log2 of an e-value.", required=True),
    Column("coordination_bits", pa.float64(), "All channels.", required=True),
    Column("bits_without_payment", pa.float64(), "All channels without payment.", required=True),
    Column("payment_known_bits", pa.float64(), "Bits of payment; NaN when no payment is known.", required=True),
    *(
        Column(f"{name}_bits", pa.float64(), "Infrastructure bits of one attribute.", required=True)
        for name in ATTRIBUTES
    ),
    *(
        Column(f"{name}_share", pa.float64(), "Share of exchanges with this elicitation class.", required=True)
        for name in ELICITATION_CLASSES
    ),
)
MEASURED: pa.Schema = schema_of("measured", MEASURED_COLUMNS)


def stream_counts(fingerprints: Fingerprints, grouping: Grouping, only: str | None = None) -> pa.Table:
    """One row per exchange and membership, of all views or of one: family, account, n = 1."""
    families, accounts = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for keys in family_keys(fingerprints, grouping, only=only):
        member = keys != 0
        families.append(keys[member])
        accounts.append(fingerprints["account"][member])
    family = np.concatenate(families)
    return pa.table({"family": family, "account": np.concatenate(accounts), "n": np.ones(len(family), np.int64)})


def eligible_families(streams: pa.Table) -> NDArray[np.uint64]:
    """Families, ascending, with enough accounts and exchanges to be judged at all. `streams` is sorted by family."""
    family, n = streams["family"].to_numpy(), streams["n"].to_numpy()
    keys, first, n_accounts = np.unique(family, return_index=True, return_counts=True)
    if not len(keys):
        return np.zeros(0, np.uint64)
    n_exchanges = np.add.reduceat(n, first)
    return np.asarray(keys[(n_accounts >= MIN_ACCOUNTS) & (n_exchanges >= MIN_EXCHANGES)], np.uint64)


def members(
    fingerprints: Fingerprints, grouping: Grouping, wanted: NDArray[np.uint64], schema: pa.Schema = MEMBER
) -> pa.RecordBatch:
    """Exchanges of the `wanted` families (ascending), once per membership, with the columns of `schema`."""
    index = HashIndex(wanted)
    kept = [(keys, np.flatnonzero(index.among(keys))) for keys in family_keys(fingerprints, grouping)]
    return member_rows(fingerprints, grouping, kept, schema)


def member_rows(
    fingerprints: Fingerprints,
    grouping: Grouping,
    kept: Sequence[tuple[NDArray[np.uint64], NDArray[np.int64]]],
    schema: pa.Schema,
) -> pa.RecordBatch:
    """Exchanges with the family they are in, once per membership, with the columns of `schema`.

    kept    Family of every exchange, and which of these rows to keep; one pair a membership.
    """
    rows = np.concatenate([np.zeros(0, np.int64), *(rows for _, rows in kept)])
    known = {"family": np.concatenate([np.zeros(0, np.uint64), *(keys[rows] for keys, rows in kept)])}
    if "followed" in schema.names:
        known["followed"] = _followed(fingerprints, grouping)[rows]
    known |= {name: fingerprints[name][rows] for name in schema.names if name not in known}
    return pa.RecordBatch.from_arrays([pa.array(known[f.name], f.type) for f in schema], schema=schema)


def _followed(fingerprints: Fingerprints, grouping: Grouping) -> NDArray[np.int8]:
    """Whether the conversation goes on: 1 it does, 0 it does not, -1 its id is not known."""
    conversation = fingerprints["conversation"]
    return np.where(conversation == 0, -1, among(grouping.followed, conversation)).astype(np.int8)


def split_families(table: pa.Table, book: AccountBook) -> Iterator[tuple[Family, int]]:
    """Every family of a table that holds whole families, in time order, and how many accounts it has."""
    values = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    family, account = values["family"], values["account"]
    rows = book.rows(account)
    organisation = book.organisation[rows]
    values |= {"row": rows, "owner": np.where(organisation == 0, account, organisation)}
    bounds = np.flatnonzero(np.r_[True, family[1:] != family[:-1], True]) if len(family) else np.zeros(1, np.int64)
    for start, stop in pairwise(bounds):
        columns = {name: column[start:stop] for name, column in values.items()}
        yield _family(columns, book), len(in_order(columns["account"])[1])


def _family(columns: dict[str, NDArray[Any]], book: AccountBook) -> Family:
    """One family; its rows have their account's row in the book, and their owner: the organisation where it is known.

    The accounts of one known organisation are one hand by its own word: that they act alike is no evidence, and what
    they have in common is the organisation's. An account whose owner is not known is an owner by itself.
    """
    codes, first = in_order(columns["owner"])
    family, rows = int(columns["family"][0]), columns["row"][first]
    view = view_of(family)
    attributes = book.attributes[rows]
    attributes[:, [ATTRIBUTES.index(name) for name in {*WEAK_ATTRIBUTES, *view.conditions_on} & set(ATTRIBUTES)]] = 0
    stored = None if book.stored_share is None else book.stored_share[rows]
    # A school, an office, a carrier or one cloud is a place, not a hand: whoever is there has its networks. What ties
    # such owners must show in payments, turns and lives.
    forget_places(attributes, _PLACE_COLUMNS)
    attributes, p_background = _background(attributes, book.n_alike[rows], book, stored)
    return Family(
        family=family,
        view=view.name,
        account=codes,
        accounts=columns["account"][first],
        attributes=attributes,
        p_background=p_background,
        **{name: columns[name] for name in _OF_EXCHANGES},
    )


def _background(
    attributes: NDArray[np.uint64],
    n_alike: NDArray[np.int64],
    book: AccountBook,
    stored: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """Attributes without common values, and the share of each rare one among rare ones outside the family.

    What one account in a hundred outside has is nobody's tie: how common it is differs from crowd to crowd, so it lays
    no bet. The bet on the others is one given that the value is rare. Of this window's share and the `stored` one
    the larger counts: a larger background makes every bet smaller.
    """
    n_outside = max(len(book.account) - len(attributes), 0)
    others = shares_outside(attributes, n_alike, n_outside)
    if stored is not None:
        others = np.maximum(others, stored)
    known = attributes.any(axis=0)
    common = others > max(COMMON_SHARE, 1 / (n_outside + 1))
    p = np.where(known, np.minimum(others / book.rare_share, 1.0), 1.0)
    return np.where(common, np.uint64(0), attributes), p


def judge(book: AccountBook, life_book: LifeBook) -> Callable[[pa.Table], pa.Table]:
    """Function that measures every family of a table that holds whole families (`MEMBER` in, `MEASURED` out)."""

    def measure(table: pa.Table) -> pa.Table:
        rows = [_measure(family, life_book) | {"n_accounts": n} for family, n in split_families(table, book)]
        columns = [pa.array([row[f.name] for row in rows], f.type) for f in MEASURED]
        return pa.Table.from_arrays(columns, schema=MEASURED)

    return measure


def _measure(family: Family, life_book: LifeBook) -> dict[str, float]:
    row: dict[str, float] = {
        "family": family.family,
        "n_owners": len(family.accounts),
        "n_exchanges": len(family.time_us),
    }
    given = view_of(family.family).conditions_on
    for test in TESTS:
        effect = (np.nan, np.nan) if test.name in given else test.effect(family)
        row[test.name], row[f"{test.name}_error"] = effect
    row |= _coordination(family, life_book)
    shown = bit_counts(family.elicitation, len(ELICITATION_CLASSES)) / len(family.elicitation)
    return row | {f"{name}_share": share for name, share in zip(ELICITATION_CLASSES, shown.tolist(), strict=True)}


def _coordination(family: Family, life_book: LifeBook) -> dict[str, float]:
    dispatch = dispatch_bits(family.account, family.time_us)
    infrastructure = infrastructure_bits(family.attributes, family.p_background)
    lifecycle = lifecycle_bits(family.account, family.time_us, life_book.of(family.accounts)).total
    both, unpaid = _known(infrastructure)
    row = {
        "dispatch_bits": dispatch,
        "infrastructure_bits": infrastructure.total,
        "lifecycle_bits": lifecycle,
        "coordination_bits": coordination_bits(dispatch, both, lifecycle),
        "bits_without_payment": coordination_bits(dispatch, unpaid, lifecycle),
        "payment_known_bits": infrastructure.per_attribute[_PAYMENT] if infrastructure.judged[_PAYMENT] else np.nan,
    }
    return row | {
        f"{name}_bits": float(bits) for name, bits in zip(ATTRIBUTES, infrastructure.per_attribute, strict=True)
    }


def _known(infrastructure: InfrastructureBits) -> tuple[float | None, float | None]:
    """Bits of all attributes, and without payment; None where nothing was judged, which is no e-value of 1."""
    unpaid = np.delete(infrastructure.judged, _PAYMENT).any()
    return (
        infrastructure.total if infrastructure.judged.any() else None,
        float(infrastructure.without[_PAYMENT]) if unpaid else None,
    )
