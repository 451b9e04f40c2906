"""Which measured families count as legitimate, what their independent units are, and how own and other units mix.

An attacker who is verified, old enough and unnoticed can put families of his own here: to raise the bar, or to make
his harvest look usual. What he can reach is bounded. Families that share accounts are one unit, and a unit has one
vote. A unit that scores over the base's bar counts only when a person vouches for it. One under the bar votes with the
probability that it is legitimate, given its score against the base and a share `CONTAMINATION` of attackers among the
verified; without a vote it still counts for the bar. A bar is never more than a fixed amount over the base's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.accounts import AccountBook
from stillwatch.detect.harvest.score import Reference, score_families
from stillwatch.detect.reference import SIZE_CLASSES, ReferenceFile, Scored, feature_arrays, size_bars, size_class
from stillwatch.detect.views import view_of
from stillwatch.detect.views.mixing import mix
from stillwatch.model.calibration import Bar
from stillwatch.stats.lookup import among

__all__ = ["ENOUGH_UNITS", "MOST_RISE_BITS", "VERIFIED_SHARE", "Blend", "Chosen", "Trust", "blend", "choose", "draw"]

VERIFIED_SHARE: Final = 0.9
"""Least share of a family's exchanges that comes from ordinary accounts: verified, old enough, undeclared."""

OWNER_SHARE: Final = 0.5
"""An organisation that sends more of a family than this is its unit."""

ENOUGH_UNITS: Final = 1_000
"""Own units of a size class from which on no others are needed: they promise the one in a thousand of the least bar."""

MOST_RISE_BITS: Final = 1.0
"""A bar is never more than this over the base's, whatever the own traffic shows."""

CONTAMINATION: Final = 0.05
"""Share of verified units that an attacker is thought to have at most."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to learn from; hashes, ascending.

    ordinary    Accounts that are verified, old enough and have declared nothing.
    vouched     Accounts and organisations that a person vouches for; who looked at them needs no level and no age.
    secret      Number that decides who votes; who knows it could make families that do.
    """

    ordinary: NDArray[np.uint64]
    vouched: NDArray[np.uint64]
    secret: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """Families that count.

    rows        Rows of the table of measured families.
    unit        Unit of each, 0 or above.
    kind        own-organisation or own-customers. Length as rows.
    left_out    Families by what became of them; they add up to all.
    n_disputed  Units of each size class that score over the base's bar and that nobody vouches for.
    votes       False for families of doubtful units: they count for the bar only. Shape as rows.
    """

    rows: NDArray[np.int64]
    unit: NDArray[np.int64]
    kind: tuple[str, ...]
    left_out: dict[str, int]
    n_disputed: tuple[int, ...]
    votes: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Blend:
    """Own units and as many others as they are short of; arrays as in `ReferenceFile`."""

    families: Reference
    n_accounts: NDArray[np.int64]
    view: tuple[str, ...]
    is_own: NDArray[np.bool_]
    bars: tuple[Bar, ...]


def draw(family: NDArray[np.uint64], unit: Sequence[object]) -> NDArray[np.int64]:
    """Rows of one family for each unit and view, chosen by hash, ascending.

    >>> draw(np.array([1, 3, 5], np.uint64), ["a", "a", "b"]).tolist()
    [0, 2]
    """
    chosen: dict[tuple[object, str], int] = {}
    for row in np.argsort(family * _GOLDEN, kind="stable").tolist():
        chosen.setdefault((unit[row], view_of(int(family[row])).name), row)
    return np.array(sorted(chosen.values()), np.int64)


def choose(measured: pa.Table, streams: pa.Table, book: AccountBook, trust: Trust, base: ReferenceFile) -> Chosen:
    """Families that come from ordinary accounts, are explained by no owner, and are disputed by nobody.

    measured, streams   As in `Measured`, both sorted by family.
    base                Reference whose bar disputes a family, until somebody vouches for it.
    """
    family, n_accounts = measured["family"].to_numpy(), measured["n_accounts"].to_numpy()
    parts = _parts(streams, family)
    fate = np.full(len(family), "kept", dtype=object)
    for row, (accounts, n) in enumerate(parts):
        if book.ownership(accounts).explained:
            fate[row] = "explained"
        elif n[among(trust.ordinary, accounts) | _vouched(accounts, book, trust)].sum() < VERIFIED_SHARE * n.sum():
            fate[row] = "unverified"
    rows = np.flatnonzero(fate == "kept")
    unit, is_owned = _units([parts[row] for row in rows], book)
    bits, over = _base_scores(measured.take(pa.array(rows)), [parts[row] for row in rows], book, trust, base)
    suspects = np.isin(unit, unit[over])
    fate[rows[suspects]] = "disputed"
    classes = np.array([size_class(int(n)) for n in n_accounts[rows]], np.int64)
    n_disputed = tuple(len(np.unique(unit[over & (classes == c)])) for c in range(len(SIZE_CLASSES)))
    left = np.flatnonzero(~suspects)
    drawn = left[draw(family[rows[left]], unit[left].tolist())]
    fate[rows[np.setdiff1d(left, drawn)]] = "same-unit"
    votes = _votes(family[rows], unit, bits, trust.secret)[drawn]
    fate[rows[drawn[~votes]]] = "doubtful"
    names = ("explained", "unverified", "disputed", "same-unit", "doubtful", "kept")
    kind = tuple("own-organisation" if owned else "own-customers" for owned in is_owned[drawn])
    counts = {"seen": len(family)} | {name: int((fate == name).sum()) for name in names}
    codes = np.unique(unit[drawn], return_inverse=True)[1]
    return Chosen(rows[drawn], codes, kind, counts, n_disputed, votes)


_Part = tuple[NDArray[np.uint64], NDArray[np.int64]]


def _parts(streams: pa.Table, family: NDArray[np.uint64]) -> list[_Part]:
    """Accounts of each family and their exchanges."""
    keys, account, n = (streams[name].to_numpy() for name in ("family", "account", "n"))
    start, stop = (np.searchsorted(keys, family, side) for side in ("left", "right"))
    return [(account[i:j], n[i:j]) for i, j in zip(start, stop, strict=True)]


def _units(parts: Sequence[_Part], book: AccountBook) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Unit of each family, and whether an organisation is behind it.

    An organisation that sends most of a family is its unit. Of the others, the smallest first, a family is a unit of
    its own unless most of its accounts are those of one unit already: whoever sends ten templates over the same
    accounts has one vote.
    """
    unit = np.full(len(parts), -1, np.int64)
    owners = [_owner(accounts, n, book) for accounts, n in parts]
    names = {owner: i for i, owner in enumerate(dict.fromkeys(o for o in owners if o))}
    claimed = np.full(len(book.account), -1, np.int64)
    n_units = len(names)
    for row in sorted(range(len(parts)), key=lambda r: (len(parts[r][0]), r)):
        at = book.rows(parts[row][0])
        if owners[row]:
            unit[row] = names[owners[row]]
        else:
            held = claimed[at]
            who, count = np.unique(held[held >= 0], return_counts=True)
            joins = len(who) > 0 and count.max() > OWNER_SHARE * len(at)
            unit[row] = who[np.argmax(count)] if joins else n_units
            n_units += not joins
        claimed[at[claimed[at] < 0]] = unit[row]
    return unit, np.array([bool(owner) for owner in owners], np.bool_)


def _owner(accounts: NDArray[np.uint64], n: NDArray[np.int64], book: AccountBook) -> int:
    """Organisation that sends most of a family, 0 none."""
    owner = book.organisation[book.rows(accounts)]
    names, code = np.unique(owner, return_inverse=True)
    sent = np.where(names == 0, 0, np.bincount(code, weights=n, minlength=len(names)))
    return int(names[np.argmax(sent)]) if len(names) and sent.max() > OWNER_SHARE * n.sum() else 0


def _base_scores(
    measured: pa.Table, parts: Sequence[_Part], book: AccountBook, trust: Trust, base: ReferenceFile
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Score of each family against the base, -inf where a person vouches for it, and whether it reaches the bar."""
    if not parts:
        return np.zeros(0), np.zeros(0, np.bool_)
    bits = score_families(*feature_arrays(measured), base.families).total_bits
    for row, (accounts, n) in enumerate(parts):
        if n[_vouched(accounts, book, trust)].sum() >= VERIFIED_SHARE * n.sum():
            bits[row] = -np.inf
    return bits, bits >= np.array([base.bar_for(int(n)) for n in measured["n_accounts"].to_numpy()])


def _vouched(accounts: NDArray[np.uint64], book: AccountBook, trust: Trust) -> NDArray[np.bool_]:
    """Accounts that a person vouches for, by themselves or by their organisation."""
    owner = book.organisation[book.rows(accounts)]
    return np.asarray(among(trust.vouched, accounts) | ((owner != 0) & among(trust.vouched, owner)), np.bool_)


def _votes(
    family: NDArray[np.uint64], unit: NDArray[np.int64], bits: NDArray[np.float64], secret: int
) -> NDArray[np.bool_]:
    """Which families vote: those of a unit all or none, with the probability that the unit is legitimate.

    By Bayes' rule that is 1 / (1 + c / (1 - c) 2^S), S the unit's highest score and c the share of attackers.
    """
    n_units = int(unit.max(initial=-1)) + 1
    highest, name = np.full(n_units, -np.inf), np.full(n_units, np.iinfo(np.uint64).max, np.uint64)
    np.maximum.at(highest, unit, bits)
    np.minimum.at(name, unit, family)
    p_legitimate = 1 / (1 + CONTAMINATION / (1 - CONTAMINATION) * np.exp2(np.minimum(highest, 1_000.0)))
    lot = mix(name, np.full(n_units, secret, np.uint64)) / 2.0**64
    return np.asarray((lot < p_legitimate)[unit], np.bool_)


def blend(measured: pa.Table, chosen: Chosen, base: ReferenceFile, enough: int = ENOUGH_UNITS) -> Blend:
    """Own families, and units of the base in each size class that has fewer than `enough` own units.

    Without own units the base stays whole; each own unit takes out its share of it, until `enough` take out all. Every
    unit has one vote. Units that are added leave the promise to the own traffic whole: the bar is the highest
    score of all, so it is no lower than that of the own units alone; what they cost is recall.

    Raises  InvalidInput when fewer than two units are left in all.
    """
    table = measured.take(pa.array(chosen.rows))
    x, s = feature_arrays(table)
    sizes, voting = table["n_accounts"].to_numpy(), chosen.votes
    classes = np.array([size_class(int(n)) for n in sizes], np.int64)
    n_own = [len(np.unique(chosen.unit[classes == c])) for c in range(len(SIZE_CLASSES))]
    others = _fill(base, [max(0.0, 1 - n / enough) for n in n_own])
    lent = base.n_accounts[others] if len(base.n_accounts) else np.zeros(len(others), np.int64)
    first = int(chosen.unit.max(initial=-1)) + 1
    families = Reference(
        np.concatenate([x[voting], base.families.x[others]]),
        np.concatenate([s[voting], base.families.s[others]]),
        np.concatenate([chosen.unit[voting], first + base.families.unit[others]]),
        (*compress(chosen.kind, voting), *(base.families.kind[i] for i in others)),
    )
    n_accounts = np.concatenate([sizes[voting], lent])
    is_own = np.arange(len(n_accounts)) < voting.sum()
    doubtful = Scored(score_families(x[~voting], s[~voting], families).total_bits, chosen.unit[~voting], sizes[~voting])
    most = [base.bar_for(low) + MOST_RISE_BITS for low, _ in SIZE_CLASSES]
    bars = size_bars(
        families, n_accounts, is_own=is_own, n_disputed=chosen.n_disputed, most_bits=most, doubtful=doubtful
    )
    view = (
        *(view_of(int(f)).name for f in table["family"].to_numpy()[voting]),
        *(base.view[i] if base.view else "" for i in others),
    )
    return Blend(families, n_accounts, view, is_own, bars)


def _fill(base: ReferenceFile, shares: Sequence[float]) -> NDArray[np.int64]:
    """Rows of a share of the base's units in each size class, chosen by hash; unknown sizes by the largest share."""
    unit = base.families.unit
    order = unit.astype(np.uint64) * _GOLDEN
    known = base.n_accounts if len(base.n_accounts) else np.zeros(len(unit), np.int64)
    classes = np.array([size_class(int(n)) if n else -1 for n in known], np.int64)
    taken = []
    for number in (-1, *range(len(SIZE_CLASSES))):
        rows = np.flatnonzero(classes == number)
        names = np.unique(order[rows])
        share = max(shares) if number < 0 else shares[number]
        taken.append(rows[among(names[: round(share * len(names))], order[rows])])
    return np.sort(np.concatenate(taken))
