"""Drafting campaigns: what is tied, what joins a confirmed campaign, what several operations share."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.campaigns import JudgedFamily, draft_campaigns
from stillwatch.model.campaign import Verdict

TEMPLATE, CLIENT = 0, 1 << 61
ACCOUNTS = 50_000


def family(number: int, accounts: NDArray[np.int64], *, view: int = TEMPLATE, bits: float = 30.0) -> JudgedFamily:
    """A judged family over some accounts: harvest over 14 bits, unclear under."""
    verdict = Verdict.HARVEST if bits >= 14 else Verdict.UNCLEAR
    n = np.full(len(accounts), 10)
    return JudgedFamily(number, view | number, verdict, (), bits, accounts.astype(np.uint64), n, np.full(len(n), 9.0))


def test_two_operations_behind_one_client_stay_two() -> None:
    """A client family over both is given to both, each its own accounts."""
    first, second = np.arange(60), np.arange(100, 160)
    both = family(3, np.r_[first, second], view=CLIENT, bits=20)
    drafts = draft_campaigns([family(1, first), family(2, second), both], ACCOUNTS)
    assert [d.verdict for d in drafts] == [Verdict.HARVEST] * 2
    for draft, own in zip(sorted(drafts, key=lambda d: d.families[0].family), (first, second), strict=True):
        found = np.unique(np.concatenate([f.accounts for f in draft.families]))
        assert found.tolist() == own.tolist()
        assert both.family in {f.family for f in draft.families}


def test_a_family_just_under_the_bar_joins_its_own_accounts_campaign() -> None:
    """The accounts are accused already; nobody new is."""
    accused = np.arange(60)
    near = family(2, np.arange(2, 65), bits=12)
    (draft,) = draft_campaigns([family(1, accused), near], ACCOUNTS)
    assert {f.family for f in draft.families} == {1, 2}
    assert np.concatenate([f.accounts for f in draft.families]).max() == 59


def test_a_family_under_the_bar_on_its_own_is_unclear() -> None:
    """Other accounts: a case for a person."""
    drafts = draft_campaigns([family(1, np.arange(60)), family(2, np.arange(500, 560), bits=12)], ACCOUNTS)
    assert [d.verdict for d in drafts] == [Verdict.HARVEST, Verdict.UNCLEAR]


def test_the_family_that_gave_the_verdict_stands_first() -> None:
    """Reasons are those of a harvest family, never of one that joined."""
    (draft,) = draft_campaigns([family(1, np.arange(60), bits=13.9), family(2, np.arange(60), bits=15)], ACCOUNTS)
    assert draft.families[0].verdict == Verdict.HARVEST


def test_nothing_judged_drafts_nothing() -> None:
    """No families, no campaigns."""
    assert draft_campaigns([], 10) == []
