"""From measured families to drafts of campaigns: verdicts, streams, and what belongs together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.accounts import AccountBook
from stillwatch.detect.attribution import BARE_BAR, TEXT_BAR
from stillwatch.detect.kinship import Streams
from stillwatch.detect.linking import link
from stillwatch.detect.verdicts import MIN_HARVEST_ACCOUNTS, MIN_HARVEST_EXCHANGES, FamilyFacts, judge_family
from stillwatch.detect.views import view_of
from stillwatch.model.campaign import Reason, Verdict
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.stats.lookup import among

__all__ = ["Draft", "JudgedFamily", "Known", "draft_campaigns", "is_wide", "judge_families", "quiet_templates"]

_ORDER: Final = (Verdict.UNCLEAR, Verdict.RELATED, Verdict.EVALUATION, Verdict.RELAY, Verdict.TOOL)
_MAX_DRAFTS: Final = 20
"""Campaigns shown per verdict that accuses nobody, the largest first."""
_COVERED: Final = 0.5
_SIBLING: Final = 0.8
_WIDE: Final = frozenset({"infrastructure", "profile"})
_MUCH_MORE: Final = 4.0
"""Bits: sixteen times as likely."""
_ELICITATION_SHARES: Final = [f"{name}_share" for name in ELICITATION_CLASSES]
_JUDGED_BY: Final = ["family", "n_accounts", "coordination_bits", "ti", "hi", "loc", "item", *_ELICITATION_SHARES]


@dataclass(frozen=True, slots=True)
class JudgedFamily:
    """A family with its verdict and streams. `row` is its row in the table of measured families."""

    row: int
    family: int
    verdict: Verdict
    reasons: tuple[Reason, ...]
    score_bits: float
    accounts: NDArray[np.uint64]
    n: NDArray[np.int64]
    attribution_bits: NDArray[np.float64]

    def among(self, accounts: NDArray[np.uint64]) -> "JudgedFamily":
        """The same family with only those of its accounts."""
        keep = among(np.sort(accounts), self.accounts)
        return replace(self, accounts=self.accounts[keep], n=self.n[keep], attribution_bits=self.attribution_bits[keep])


class Known(NamedTuple):
    """What a state knows of a campaign that goes on.

    campaign_id     Its id, which it keeps.
    first_us        First exchange ever accused, microseconds since 1970; None when it is new.
    also_known_as   Ids of campaigns that turned out to be part of it.
    """

    campaign_id: str
    first_us: int | None
    also_known_as: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """Families tied together; the first gave the verdict and has the most bits of those that did.

    known   What a state knows of it; None when nothing is kept.
    """

    verdict: Verdict
    families: tuple[JudgedFamily, ...]
    known: Known | None = None


def judge_families(
    measured: pa.Table,
    score_bits: NDArray[np.float64],
    streams: pa.Table,
    attributed: pa.Table,
    book: AccountBook,
    bar_for: Callable[[int], float],
) -> list[JudgedFamily]:
    """Verdict for every measured family that deserves one and explains at least one account.

    streams, attributed     Sorted by family; the second holds the alarmed families only.
    bar_for                 Bar of a family with so many accounts, bits.
    """
    plain, scored = _Slices(streams), _Slices(attributed)
    judged = []
    for row, known in enumerate(measured.select(_JUDGED_BY).to_pylist()):
        accounts, n, bits = _streams(known["family"], plain, scored)
        facts = _facts(known, float(score_bits[row]), accounts, n, book)
        if len(accounts) and (found := judge_family(facts, bar_for(known["n_accounts"]))) is not None:
            verdict, reasons = found
            judged.append(JudgedFamily(row, known["family"], verdict, reasons, facts.score_bits, accounts, n, bits))
    return judged


def quiet_templates(
    measured: pa.Table, score_bits: NDArray[np.float64], streams: pa.Table, bar: float
) -> list[JudgedFamily]:
    """Families with a template that look more like a harvest than not, and not enough so to be told by themselves.

    An operation with many templates cuts itself into pieces that are too small each. Their accounts are all accounts.
    """
    plain, found = _Slices(streams), []
    for row in np.flatnonzero((score_bits >= 0) & (score_bits < bar)):
        family = measured["family"][int(row)].as_py()
        if view_of(family).has_template:
            rows = plain.of(family)
            n, accounts = np.asarray(rows["n"], np.int64), np.asarray(rows["account"], np.uint64)
            found.append(
                JudgedFamily(
                    int(row), family, Verdict.UNCLEAR, (), float(score_bits[row]), accounts, n, np.zeros(len(n))
                )
            )
    return found


class _Slices:
    """Rows of a family in a table sorted by family."""

    def __init__(self, table: pa.Table) -> None:
        self.columns = {name: table[name].to_numpy() for name in table.column_names}

    def of(self, family: int) -> Mapping[str, NDArray[np.generic]]:
        key = np.uint64(family)
        start, stop = (np.searchsorted(self.columns["family"], key, side) for side in ("left", "right"))
        return {name: column[start:stop] for name, column in self.columns.items()}


def _streams(
    family: int, plain: _Slices, scored: _Slices
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
    """Accounts that the family explains, when it was alarmed; else all of its accounts."""
    rows = scored.of(family)
    if len(rows["account"]):
        bar = TEXT_BAR if view_of(family).has_template else BARE_BAR
        keep = np.asarray(rows["attribution_bits"], np.float64) >= bar
        return (
            np.asarray(rows["account"], np.uint64)[keep],
            np.asarray(rows["n"], np.int64)[keep],
            np.asarray(rows["attribution_bits"], np.float64)[keep],
        )
    rows = plain.of(family)
    n = np.asarray(rows["n"], np.int64)
    return np.asarray(rows["account"], np.uint64), n, np.zeros(len(n))


def _facts(
    known: Mapping[str, Any],
    score_bits: float,
    accounts: NDArray[np.uint64],
    n: NDArray[np.int64],
    book: AccountBook,
) -> FamilyFacts:
    return FamilyFacts(
        score_bits=score_bits,
        coordination_bits=known["coordination_bits"],
        n_accused=len(accounts),
        n_exchanges=int(n.sum()),
        ownership=book.ownership(accounts),
        ti=known["ti"],
        hi=known["hi"],
        loc=known["loc"],
        item=known["item"],
        elicitation_share=max(known[name] for name in _ELICITATION_SHARES),
    )


def draft_campaigns(judged: Sequence[JudgedFamily], n_accounts: int, quiet: Sequence[JudgedFamily] = ()) -> list[Draft]:
    """Tie families of one verdict together; what an earlier verdict mostly covers is the same traffic seen again.

    A family just under the bar joins a harvest when its accounts are accused already: the prior that held it under the
    bar, one family in a thousand, is not the prior of a confirmed campaign's own accounts. So is a `quiet` template
    that hardly anybody else sends.
    """
    whispers = _Crowd(quiet)
    drafts = [_with_quiet(draft, whispers) for draft in _harvests(judged, n_accounts)]
    for verdict in _ORDER:
        taken = _accounts([family for draft in drafts for family in draft.families])
        candidates = [family for family in judged if family.verdict == verdict]
        shares = _Crowd(candidates).shares_among(taken)
        families = [family for family, share in zip(candidates, shares, strict=True) if share < _COVERED]
        found = [Draft(verdict, group) for group in _tie(families, n_accounts)]
        found.sort(key=_size, reverse=True)
        drafts += found if verdict == Verdict.UNCLEAR else found[:_MAX_DRAFTS]
    return drafts


def _harvests(judged: Sequence[JudgedFamily], n_accounts: int) -> list[Draft]:
    harvests = _narrowest([f for f in judged if f.verdict == Verdict.HARVEST])
    rings = [f for f in judged if f.verdict == Verdict.UNCLEAR and any(r.code == "small" for r in f.reasons)]
    near = _siblings(judged, _accounts(harvests))
    tied = _tie([*harvests, *rings, *(f for f in near if all(f.row != ring.row for ring in rings))], n_accounts)
    groups = [part for group in tied for part in _without_strangers(group)]
    drafts = [Draft(Verdict.HARVEST, _as_harvest(group)) for group in groups if _is_harvest(group)]
    drafts.sort(key=lambda draft: (_has_template(draft), *_size(draft)), reverse=True)
    return _at_home(_dissolve(drafts))


def is_wide(family: int) -> bool:
    """Whether a family holds everything that its accounts send, or ask."""
    return view_of(family).name in _WIDE


def _narrowest(harvests: Sequence[JudgedFamily]) -> list[JudgedFamily]:
    """The harvests without what else the same accounts send.

    A family of all that tied or like-minded accounts send is left out when parts of it, by the same accounts, explain
    its alarm: each is much more like a harvest, or as much and half of it together. The rest may be customers behind a
    relay, chatter, or another crew that asks from the same list: nothing ties it to the parts but that family.
    """
    wide = [family for family in harvests if is_wide(family.family)]
    narrow = _Crowd([family for family in harvests if not is_wide(family.family)])
    explained = {family.family for family in wide if _is_explained(family, narrow)}
    return [family for family in harvests if family.family not in explained]


def _is_explained(whole: JudgedFamily, narrow: "_Crowd") -> bool:
    inside = narrow.mostly_among(whole.accounts)
    for more, least in ((_MUCH_MORE, 0.0), (-1.0, _COVERED)):
        parts = [part for part in inside if part.score_bits >= whole.score_bits + more]
        if parts and np.isin(whole.accounts, _accounts(parts)).mean() >= _SIBLING:
            size = sum(_most_by_account(parts).values()) / whole.n.sum()
            if least <= size < _SIBLING:
                return True
    return False


def _without_strangers(group: tuple[JudgedFamily, ...]) -> list[tuple[JudgedFamily, ...]]:
    """The group with only those accounts of its wide families that its narrow ones hold, and the others by themselves.

    Like-minded accounts that nothing else ties may be another crew with the same list. Too few for a crew, they are
    nobody's: the alarm of a family in which most are known is no evidence about the rest.
    """
    narrow = [family for family in group if not is_wide(family.family)]
    if not narrow or len(narrow) == len(group):
        return [group]
    known = _accounts(narrow)
    wide = [family for family in group if is_wide(family.family)]
    strangers = np.setdiff1d(_accounts(wide), known)
    parts = [
        tuple(part for part in (f.among(accounts) for f in families) if len(part.accounts))
        for families, accounts in ((group, known), (wide, strangers))
        if accounts is known or len(accounts) >= MIN_HARVEST_ACCOUNTS
    ]
    return [part for part in parts if part]


def _with_quiet(draft: Draft, quiet: "_Crowd") -> Draft:
    accounts = _accounts(draft.families)
    return Draft(draft.verdict, (*draft.families, *(family.among(accounts) for family in quiet.mostly_among(accounts))))


def _siblings(judged: Sequence[JudgedFamily], accused: NDArray[np.uint64]) -> list[JudgedFamily]:
    """More templates of accounts that are accused already; what else they send may be their customers'."""
    unclear = (family for family in judged if family.verdict == Verdict.UNCLEAR)
    crowd = _Crowd([family for family in unclear if view_of(family.family).has_template])
    return [family.among(accused) for family in crowd.mostly_among(accused)]


class _Crowd:
    """Families by account, so that a set of accounts finds those it is in without going through all of them."""

    def __init__(self, families: Sequence[JudgedFamily]) -> None:
        self._families = families
        self._size = np.array([len(family.accounts) for family in families], np.int64)
        accounts = np.concatenate([np.zeros(0, np.uint64), *(family.accounts for family in families)])
        order = np.argsort(accounts, kind="stable")
        self._account = accounts[order]
        self._number = np.repeat(np.arange(len(families)), self._size)[order]

    def shares_among(self, accounts: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Share of each family's accounts that are among those given, which are all different."""
        start, stop = (np.searchsorted(self._account, accounts, side) for side in ("left", "right"))
        n = stop - start
        rows = np.arange(n.sum()) + np.repeat(start - np.cumsum(n) + n, n)
        held = np.bincount(self._number[rows], minlength=len(self._size))
        return np.asarray(held / self._size, np.float64)

    def mostly_among(self, accounts: NDArray[np.uint64]) -> list[JudgedFamily]:
        """Families that hardly anybody but the accounts is in."""
        found = np.flatnonzero(self.shares_among(accounts) >= _SIBLING)
        return [self._families[number] for number in found.tolist()]


def _is_harvest(group: Sequence[JudgedFamily]) -> bool:
    """One family is a harvest, or several alarmed ones that are tied have accounts enough together."""
    if group[0].verdict == Verdict.HARVEST:
        return True
    small = [family for family in group if any(reason.code == "small" for reason in family.reasons)]
    return len(_accounts(small)) >= MIN_HARVEST_ACCOUNTS and _size(Draft(Verdict.UNCLEAR, tuple(small)))[0] >= (
        MIN_HARVEST_EXCHANGES
    )


def _as_harvest(group: tuple[JudgedFamily, ...]) -> tuple[JudgedFamily, ...]:
    """The group led by a family of that verdict; rings that are one only together say so."""
    lead = group[0]
    if lead.verdict == Verdict.HARVEST:
        return group
    together = Reason("rings-together", len(_accounts(group)), MIN_HARVEST_ACCOUNTS)
    reasons = (*(r for r in lead.reasons if r.code != "small"), together)
    return (replace(lead, verdict=Verdict.HARVEST, reasons=reasons), *group[1:])


def _has_template(draft: Draft) -> bool:
    return any(view_of(family.family).has_template for family in draft.families)


def _dissolve(drafts: Sequence[Draft]) -> list[Draft]:
    """Give a draft to earlier ones when these hold most of it: the same traffic seen again.

    An account's part goes to the draft that it belongs to most, if to no less than half, and if that draft has half of
    what this one has of it.
    """
    kept: list[Draft] = []
    places = _Places()
    for draft in drafts:
        mine = _most_by_account(draft.families)
        covered = places.covering(mine)
        if sum(mine[a] for a in covered) < _COVERED * sum(mine.values()):
            places.put(len(kept), draft.families)
            kept.append(draft)
            continue
        for number in sorted(set(covered.values())):
            parts = _parts(draft, np.array([a for a, i in covered.items() if i == number], np.uint64))
            kept[number] = Draft(kept[number].verdict, (*kept[number].families, *parts))
            places.put(number, parts)
    return kept


class _Places:
    """What each draft has of every account, kept up to date while families are added to drafts."""

    def __init__(self) -> None:
        self._total: list[float] = []
        self._seen: dict[int, dict[int, tuple[float, int]]] = {}
        """Of every account and draft: exchanges of the families it is in, and its own in one family at most."""

    def put(self, number: int, families: Sequence[JudgedFamily]) -> None:
        """Add families to a draft, the next one or one there is."""
        if number == len(self._total):
            self._total.append(0.0)
        for family in families:
            size = float(family.n.sum())
            self._total[number] += size
            for account, n in zip(family.accounts.tolist(), family.n.tolist(), strict=True):
                drafts = self._seen.setdefault(account, {})
                weight, most = drafts.get(number, (0.0, 0))
                drafts[number] = weight + size, max(most, n)

    def covering(self, mine: Mapping[int, int]) -> dict[int, int]:
        """Which draft an account's exchanges are seen in already, for the accounts where one does."""
        found: dict[int, int] = {}
        for account, n in mine.items():
            strongest = 0.0
            for number, (weight, most) in sorted(self._seen.get(account, {}).items()):
                share = weight / self._total[number]
                if share >= _COVERED and most >= _COVERED * n and share > strongest:
                    found[account], strongest = number, share
        return found


def _at_home(drafts: Sequence[Draft]) -> list[Draft]:
    """Every account where it belongs at least half as much as where it belongs most.

    A family that spans two crews is in the larger one's draft with the accounts of both; the smaller one's part of it
    moves to its own.
    """
    belonging = [_belonging(draft.families) for draft in drafts]
    home: dict[int, int] = {}
    for number, shares in enumerate(belonging):
        for account, share in shares.items():
            if account not in home or share > belonging[home[account]][account]:
                home[account] = number
    own: list[list[JudgedFamily]] = [[] for _ in drafts]
    moved: list[list[JudgedFamily]] = [[] for _ in drafts]
    for number, draft in enumerate(drafts):
        shares = belonging[number]
        for family in draft.families:
            there = [home[a] for a in family.accounts.tolist()]
            stays = [2 * shares[a] >= belonging[h][a] for a, h in zip(family.accounts.tolist(), there, strict=True)]
            target = np.where(stays, number, there)
            for other in np.unique(target).tolist():
                part = family.among(family.accounts[target == other])
                (own if other == number else moved)[other].append(part)
    return [
        Draft(draft.verdict, (*families, *more))
        for draft, families, more in zip(drafts, own, moved, strict=True)
        if families
    ]


def _belonging(families: Sequence[JudgedFamily]) -> dict[int, float]:
    """How much each account belongs to families that are one: the share of them it is in, weighted by exchanges."""
    weight = np.array([float(family.n.sum()) for family in families])
    weight /= max(weight.sum(), 1.0)
    accounts = np.concatenate([family.accounts for family in families])
    known, code = np.unique(accounts, return_inverse=True)
    share = np.bincount(code, weights=np.repeat(weight, [len(f.accounts) for f in families]))
    return dict(zip(known.tolist(), share.tolist(), strict=True))


def _most_by_account(families: Sequence[JudgedFamily]) -> dict[int, int]:
    """Exchanges of each account in the family where it has the most."""
    known, code = np.unique(np.concatenate([family.accounts for family in families]), return_inverse=True)
    most = np.zeros(len(known), np.int64)
    np.maximum.at(most, code, np.concatenate([family.n for family in families]))
    return dict(zip(known.tolist(), most.tolist(), strict=True))


def _parts(draft: Draft, accounts: NDArray[np.uint64]) -> tuple[JudgedFamily, ...]:
    """Families of the draft that have any of the accounts, with only these."""
    parts = (family.among(accounts) for family in draft.families)
    return tuple(part for part in parts if len(part.accounts))


def _size(draft: Draft) -> tuple[int, int]:
    return sum(int(f.n.sum()) for f in draft.families), -draft.families[0].family


def _accounts(families: Sequence[JudgedFamily]) -> NDArray[np.uint64]:
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *(f.accounts for f in families)]))


def _tie(families: Sequence[JudgedFamily], n_accounts: int) -> list[tuple[JudgedFamily, ...]]:
    if not families:
        return []
    _, codes = np.unique(np.concatenate([f.accounts for f in families]), return_inverse=True)
    which = np.repeat(np.arange(len(families)), [len(f.accounts) for f in families])
    n = np.concatenate([f.n for f in families])
    wide = np.array([is_wide(f.family) for f in families])
    component = link(Streams(which, codes, n, len(families), n_accounts), wide)
    groups = [[families[int(i)] for i in np.flatnonzero(component == c)] for c in np.unique(component)]
    return [tuple(sorted(g, key=lambda f: (f.verdict != Verdict.HARVEST, -f.score_bits, f.family))) for g in groups]
