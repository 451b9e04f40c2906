"""What an entry says, in words that name who did what."""

import string
from typing import Any

import pytest
from tests.console.audit.recorded import entry_of

from stillwatch.console.audit.asked import ABOUT, KINDS
from stillwatch.console.audit.sentences import SENTENCES
from stillwatch.console.audit.words import _LINKED, _PAGES, _WORDED, KIND_WORDS, plain_words, said
from stillwatch.ledger.entry import Kind

UNTIL = "2026-12-04T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("kind", "actor", "document", "words"),
    [
        (
            Kind.DISCLOSURE,
            "ada",
            {"event": "revealed", "exchange_id": "x-1", "campaign_id": "c-1", "reason": "to see the worksheet"},
            "ada looked at exchange x-1 of campaign c-1: to see the worksheet",
        ),
        (
            Kind.DISCLOSURE,
            "ada",
            {"event": "disclosed", "case": "c-1", "exchanges": ["x-1", "x-2"]},
            "ada handed out the texts of 2 exchanges of campaign c-1",
        ),
        (
            Kind.DECISION,
            "decider",
            {
                "event": "decided",
                "action": "withhold_reasoning",
                "account_id": "acct-1",
                "campaign_id": "c-1",
                "rule": "",
                "policy_version": "ab" * 32,
                "expires_at": UNTIL,
                "change": "harsher",
            },
            (
                "The service decided to withhold reasoning for acct-1 of c-1, by rule none of policy abababababab, "
                "until 4 Dec 2026, 12:00 UTC; harsher than before"
            ),
        ),
        (
            Kind.DECISION,
            "stillwatch",
            {"event": "ended", "decision_id": "d" * 36, "account_id": "a", "campaign_id": "c", "ended_why": "cleared"},
            "The service ended decision dddddddd about a of c: a person cleared the stream",
        ),
        (
            Kind.DECISION,
            "decider",
            {"event": "alarm", "policy_version": "f" * 64, "what": "traffic", "share": 0.126, "limit": 0.05},
            (
                "The service raised an alarm: policy ffffffffffff touched 13 % of traffic, and may touch 5.0 %; "
                "it only observes now"
            ),
        ),
        (
            Kind.APPEAL,
            "customer",
            {"event": "filed", "appeal_id": "a" * 32, "decision_id": "d", "campaign_id": "c", "grounds": "research"},
            "A customer filed appeal aaaaaaaaaaaa against decision d about c: they are research or teaching",
        ),
        (
            Kind.APPEAL,
            "bea",
            {"event": "answered", "appeal_id": "a", "outcome": "denied"},
            "bea answered appeal a: denied",
        ),
        (Kind.CASE, "ada", {"event": "assigned", "case": "c-1", "to": "ada"}, "ada took the case of c-1"),
        (Kind.CASE, "bea", {"event": "assigned", "case": "c-1", "to": "ada"}, "bea gave the case of c-1 to ada"),
        (
            Kind.CASE,
            "ada",
            {"event": "closed", "case": "c-1", "why": "legitimate"},
            "ada closed the case of c-1: legitimate after all",
        ),
        (
            Kind.CASE,
            "stillwatch",
            {"event": "judged", "case": "c", "from": "unclear", "to": "harvest"},
            "The service judged c anew: harvest, it was unclear",
        ),
        (
            Kind.CASE,
            "ada",
            {"event": "exported", "case": "c", "with_text": True},
            "ada exported the case of c with texts",
        ),
        (
            Kind.POLICY,
            "ada",
            {"what": "activation", "how": "activate", "version": "f" * 64, "stage": 10, "approved_by": "bea"},
            "ada put policy ffffffffffff in force for 10 % of accused streams, approved by bea",
        ),
        (Kind.POLICY, "ada", {"what": "activation", "how": "stop", "version": None}, "ada put no policy in force"),
        (
            Kind.POLICY,
            "bea",
            {"what": "approval", "version": "f" * 64, "preview": 3},
            "bea approved policy ffffffffffff as preview 3 shows it",
        ),
        (
            Kind.REVOKE,
            "stillwatch",
            {"event": "revoked", "campaign_id": "c", "n_indicators": 2},
            "The service took back 2 indicators of c",
        ),
        (
            Kind.ROSTER_CHANGE,
            "alma",
            {"what": "user-added", "user": "eve", "roles": "viewer"},
            "alma added the user eve as viewer",
        ),
        (
            Kind.MARK_KEYS,
            "ada",
            {"epoch": "2026-11", "keys": 12, "root": "0" * 64},
            "ada committed to 12 mark keys of epoch 2026-11",
        ),
        (Kind.REVOKE, "ada", None, "ada did something whose document is forgotten (indicators taken back)"),
        (
            Kind.ROSTER_CHANGE,
            "alma",
            {"what": "retention-set", "keep_days": 30, "long": "x" * 500},
            "alma recorded “retention-set”: keep_days 30",
        ),
    ],
)
def test_in_words(kind: Kind, actor: str, document: dict[str, Any] | None, words: str) -> None:
    """Each entry is one sentence."""
    assert plain_words(entry_of(kind, document, actor)) == words


@pytest.mark.parametrize("pattern", SENTENCES.values())
def test_a_document_that_lacks_everything_has_words(pattern: str) -> None:
    """Whatever is missing or of another type, a sentence comes out: a damaged database breaks no page."""
    kind, event = next(key for key, told in SENTENCES.items() if told == pattern)
    names = [field for _, field, _, _ in string.Formatter().parse(pattern) if field]
    how = {"what": "activation", "how": event} if kind is Kind.POLICY else {"event": event}
    odds: tuple[Any, ...] = (None, 7, [], {"a": 1}, "\u202e<b>")
    for odd in odds:
        words = plain_words(entry_of(kind, dict.fromkeys(names, odd) | how))
        assert words.startswith("ada ")
        assert "\u202e" not in words


def test_every_field_is_told_in_a_known_way() -> None:
    """No sentence names a way of telling that there is not; every link leads to a filter that there is."""
    known = {"", "id", "time", *_LINKED, *_WORDED}
    for pattern in SENTENCES.values():
        assert {how or "" for _, field, how, _ in string.Formatter().parse(pattern) if field} <= known
    assert set(ABOUT) >= _LINKED - set(_PAGES)


def test_every_kind_of_the_service_has_words() -> None:
    """The filter names each kind, and each has a sentence."""
    assert [kind.value for kind in KINDS] == list(KIND_WORDS)
    assert {kind for kind, _ in SENTENCES} == set(KINDS)


def test_names_lead_somewhere_quoted() -> None:
    """A name is a link to its page, or to all that is on record of it, whatever it holds."""
    told = {"event": "revealed", "exchange_id": "a/b?c=<d>", "campaign_id": "c&1", "reason": "why not"}
    hrefs = [piece.href for piece in said(entry_of(Kind.DISCLOSURE, told)) if piece.href]
    assert hrefs == ["/console/audit?about=exchange&id=a%2Fb%3Fc%3D%3Cd%3E", "/console/campaigns/c%261"]
