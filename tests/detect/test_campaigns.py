"""Drafting campaigns: what is tied, what joins a confirmed campaign, what several operations share."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.campaigns import JudgedFamily, draft_campaigns
from stillwatch.model.campaign import Reason, Verdict

TEMPLATE, CLIENT = 0, 1 << 61
ACCOUNTS = 50_000


def family(number: int, accounts: NDArray[np.int64], *, view: int = TEMPLATE, bits: float = 30.0) -> JudgedFamily:
    """A judged family over some accounts: harvest over 14 bits and from 20 accounts on, unclear under."""
    small = len(accounts) < 20
    verdict = Verdict.HARVEST if bits >= 14 and not small else Verdict.UNCLEAR
    reasons = (Reason("small", len(accounts), 20),) if bits >= 14 and small else ()
    n = np.full(len(accounts), 10)
    return JudgedFamily(
        number, view | number, verdict, reasons, bits, accounts.astype(np.uint64), n, np.full(len(n), 9.0)
    )


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


def test_a_text_ties_the_clients_it_is_sent_from() -> None:
    """One template over two clients of 25 accounts each is one campaign, also when each client has families twice."""
    halves = np.arange(25), np.arange(25, 50)
    clients = [family(2 + i, halves[i % 2], view=CLIENT, bits=20) for i in range(4)]
    (draft,) = draft_campaigns([family(1, np.arange(50)), *clients], ACCOUNTS)
    assert len(draft.families) == 5


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


def test_what_else_relayed_accounts_send_is_not_accused() -> None:
    """A family without a template just under the bar may be the customers behind the same accounts."""
    accused = np.arange(60)
    drafts = draft_campaigns([family(1, accused), family(2, accused, view=CLIENT, bits=12)], ACCOUNTS)
    assert [[f.family for f in draft.families] for draft in drafts] == [[1]]


def test_rings_that_are_tied_are_one_campaign() -> None:
    """Two alarmed families of 15 accounts, mostly the same ones, have 21 together; one of them alone has too few."""
    rings = [family(1, np.arange(15), bits=15), family(2, np.r_[np.arange(12), 18:21], bits=16)]
    (draft,) = draft_campaigns([*rings, family(3, np.arange(21), bits=15)], ACCOUNTS)
    assert draft.verdict == Verdict.HARVEST
    tied = draft_campaigns(
        [family(1, np.arange(19), bits=15), family(2, np.r_[np.arange(17), 19:21], bits=16)], ACCOUNTS
    )
    assert [d.verdict for d in tied] == [Verdict.HARVEST]
    assert {r.code for r in tied[0].families[0].reasons} == {"rings-together"}
    alone = draft_campaigns([family(1, np.arange(19), bits=15)], ACCOUNTS)
    assert [d.verdict for d in alone] == [Verdict.UNCLEAR]


def test_a_quiet_template_that_only_the_campaign_sends_is_its_own() -> None:
    """Four in five of its accounts are accused already: those are, nobody else; a popular one stays out."""
    accused = np.arange(60)
    own, popular = family(2, np.arange(30, 66), bits=1), family(3, np.r_[np.arange(20), 100:200], bits=1)
    (draft,) = draft_campaigns([family(1, accused)], ACCOUNTS, [own, popular])
    assert [f.family for f in draft.families] == [1, 2]
    assert draft.families[1].accounts.tolist() == list(range(30, 60))


def test_customers_behind_the_same_accounts_are_left_out() -> None:
    """One client of tied accounts is the harvest, 10 bits over all that they send; alike, both are accused."""
    accounts, tied = np.arange(60), 4 << 61
    client = family(1, accounts, view=CLIENT, bits=25)
    everything = replace(family(2, accounts, view=tied, bits=15), n=np.full(60, 30))
    (draft,) = draft_campaigns([client, everything], ACCOUNTS)
    assert [f.family & 7 for f in draft.families] == [1]
    (draft,) = draft_campaigns([client, replace(everything, score_bits=24.0)], ACCOUNTS)
    assert sorted(f.family & 7 for f in draft.families) == [1, 2]


PROFILE = 6 << 61


def test_a_list_that_two_crews_ask_from_makes_two_campaigns() -> None:
    """A profile over 60 and 40 accounts goes with the first crew's template; the other 40 stand by themselves.

    Nineteen others are no crew, and what most of the profile does accuses none of them.
    """
    crew, others = np.arange(60), np.arange(100, 140)
    profile = family(2, np.r_[crew, others], view=PROFILE, bits=28)
    drafts = draft_campaigns([family(1, crew), profile], ACCOUNTS)
    found = [np.unique(np.concatenate([f.accounts for f in draft.families])).tolist() for draft in drafts]
    assert sorted(map(len, found)) == [40, 60]
    assert crew.tolist() in found
    few = family(2, np.r_[crew, others[:19]], view=PROFILE, bits=28)
    (draft,) = draft_campaigns([family(1, crew), few], ACCOUNTS)
    assert np.unique(np.concatenate([f.accounts for f in draft.families])).tolist() == crew.tolist()


def test_two_crews_are_not_tied_by_a_list_they_both_ask_from() -> None:
    """Each has a template and a client of its own; the profile over both is no reason to report them as one."""
    first, second = np.arange(60), np.arange(100, 150)
    profile = family(5, np.r_[first, second], view=PROFILE, bits=30)
    crews = [family(1, first), family(2, first, view=CLIENT), family(3, second), family(4, second, view=CLIENT)]
    drafts = draft_campaigns([*crews, profile], ACCOUNTS)
    accounts = [np.unique(np.concatenate([f.accounts for f in draft.families])).tolist() for draft in drafts]
    assert sorted(accounts) == [first.tolist(), second.tolist()]


def test_parts_together_explain_the_whole() -> None:
    """Two templates with 35 of 70 accounts each, 5 bits over the profile of all: what else these ask stays out."""
    parts = [family(1, np.arange(35), bits=25), family(2, np.arange(35, 70), bits=25)]
    whole = replace(family(3, np.arange(70), view=PROFILE, bits=20), n=np.full(70, 40))
    told = [f.family & 7 for draft in draft_campaigns([*parts, whole], ACCOUNTS) for f in draft.families]
    assert sorted(told) == [1, 2]
    close = replace(whole, score_bits=24.0)
    assert any(f.family & 7 == 3 for draft in draft_campaigns([*parts, close], ACCOUNTS) for f in draft.families)
