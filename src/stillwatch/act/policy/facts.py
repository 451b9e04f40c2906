"""What conditions may ask about: one table of facts, and their values for one request.

A fact that is not known has the value that speaks most for the customer, so that a condition never fails for want of
data and never turns against somebody for it: an account of unknown age is old, a campaign of unknown bar is below it.
Numbers are always finite doubles, so that sums and comparisons of them are defined.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from stillwatch.model.decision import AccountFacts, Facts, PartnerWord, Request, Risk, StreamFacts

__all__ = [
    "FACTS",
    "FACT_OF",
    "MOST",
    "MOST_TEXT",
    "UNKNOWN",
    "Fact",
    "FactKind",
    "Variables",
    "risk_variables",
    "variables_of",
]

MOST: Final = 1e9
"""More than any fact is; finite, so that arithmetic with it stays defined."""
MOST_TEXT: Final = 512
"""Characters of a text that conditions see; a longer one is cut."""
MOST_TEXTS: Final = 100

Variables = Mapping[str, Mapping[str, Any]]
"""By group and name: what a condition's ``group.name`` stands for."""


class FactKind(StrEnum):
    """Kind of value; conditions compare like with like."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"
    TEXTS = "list of texts"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    name            ``group.name``, as conditions write it.
    unknown         Value when nobody told, or it is no finite number.
    is_place        Says where a request comes from: never the only reason for anything.
    """

    name: str
    kind: FactKind
    doc: str
    unknown: Any
    unit: str = ""
    is_place: bool = False

    @property
    def group(self) -> str:
        """``request``, ``account``, ``stream``, ``partner`` or ``risk``."""
        return self.name.partition(".")[0]

    @property
    def key(self) -> str:
        """Name within the group."""
        return self.name.partition(".")[2]


_N, _T, _B, _L = FactKind.NUMBER, FactKind.TEXT, FactKind.TRUTH, FactKind.TEXTS

FACTS: Final[tuple[Fact, ...]] = (
    Fact("request.account_id", _T, "The paying identity, as the gateway names it.", ""),
    Fact("request.organisation_id", _T, "Owner of the account.", ""),
    Fact("request.operation", _T, "chat, completion, embedding, ...", ""),
    Fact("request.provider", _T, "Who serves the model.", ""),
    Fact("request.model", _T, "Model asked for.", ""),
    Fact("request.turn_count", _N, "User turns in the request, this one included.", 0.0, "turns"),
    Fact("request.temperature", _N, "Sampling temperature; 1 is what most models use unless told.", 1.0),
    Fact("request.top_p", _N, "Nucleus sampling share.", 1.0, "0 to 1"),
    Fact("request.max_tokens", _N, "Cap on output tokens.", 0.0, "tokens"),
    Fact("request.choice_count", _N, "Answers asked for at once.", 1.0, "answers"),
    Fact("request.wants_logprobs", _B, "Token log-probabilities were asked for.", False),
    Fact("request.reasoning_effort", _T, "Reasoning effort asked for.", ""),
    Fact("request.has_tools", _B, "Tools were offered.", False),
    Fact("request.user_agent", _T, "User-Agent header.", ""),
    Fact("request.client_build", _T, "SDK name, version and OS.", ""),
    Fact("request.tls_fingerprint", _T, "JA3, JA4 or the like.", ""),
    Fact("request.country", _T, "ISO 3166 code of the address.", "", is_place=True),
    Fact("request.asn", _N, "Autonomous system of the address; 0 belongs to nobody.", 0.0, is_place=True),
    Fact("account.age_days", _N, "Time since the account was opened.", MOST, "days"),
    Fact("account.programme", _T, "education, research, startup, ...", ""),
    Fact("account.verified_level", _N, "0 unverified, 1 contact, 2 business verified by a person.", 1.0, "level"),
    Fact("account.declared_use", _T, "Declared and verified: evaluation, distillation, resale, fleet.", ""),
    Fact("account.spend_band", _N, "0 nothing known, 4 the top twentieth of what accounts pay.", 0.0, "band"),
    Fact("account.is_protected", _B, "Listed by the operator; nothing beyond observe is ever done to it.", False),
    Fact("account.n_exchanges", _N, "Exchanges of the account in the window.", 0.0, "exchanges"),
    Fact("stream.accused", _B, "The request is of an accused stream; the other facts of it count only then.", False),
    Fact("stream.cleared", _B, "A person upheld an appeal; nothing is ever done about it.", False),
    Fact("stream.campaign_id", _T, "Campaign that the stream is part of.", ""),
    Fact("stream.verdict", _T, "harvest, relay, related, evaluation, tool or unclear.", ""),
    Fact("stream.bits", _N, "Evidence of the campaign.", 0.0, "bits"),
    Fact("stream.bar_bits", _N, "Bar that the evidence was held against.", MOST, "bits"),
    Fact("stream.bits_over_bar", _N, "Evidence beyond the bar.", -MOST, "bits"),
    Fact(
        "stream.attribution_bits",
        _N,
        "How much better the campaign explains the account's exchanges than the background does.",
        0.0,
        "bits",
    ),
    Fact("stream.share_of_account", _N, "Share of the account's exchanges that are of the stream.", 0.0, "0 to 1"),
    Fact("stream.n_exchanges", _N, "Exchanges of the stream in the window.", 0.0, "exchanges"),
    Fact("stream.n_accounts", _N, "Accounts of the campaign.", 0.0, "accounts"),
    Fact("stream.age_h", _N, "Time since the stream was first seen.", 0.0, "hours"),
    Fact("stream.quiet_h", _N, "Time since the stream was last seen by detection.", MOST, "hours"),
    Fact("partner.n_indicators", _N, "Indicators of other members that match.", 0.0, "indicators"),
    Fact("partner.indicators", _L, "Their ids.", []),
    Fact("partner.has_local_evidence", _B, "The member's own evidence agrees.", False),
    Fact("risk.tier", _T, "Tier of the policy, or of whoever told it.", ""),
    Fact("risk.reasons", _L, "Why that tier.", []),
)
"""Prompt text, addresses and sessions are not among them: no rule is about what somebody says or one machine."""

FACT_OF: Final[Mapping[str, Fact]] = {fact.name: fact for fact in FACTS}
UNKNOWN: Final[Mapping[str, Mapping[str, Any]]] = {
    group: {fact.key: fact.unknown for fact in FACTS if fact.group == group}
    for group in dict.fromkeys(fact.group for fact in FACTS)
}
"""All facts when nothing is known."""


def variables_of(request: Request, facts: Facts, now: datetime) -> dict[str, dict[str, Any]]:
    """Values of all facts for one request, by group and name.

    now     Aware time; ages are counted to it.

    >>> from datetime import UTC
    >>> found = variables_of(Request("a-1", turn_count=3), Facts(), datetime(2026, 11, 27, tzinfo=UTC))
    >>> found["request"]["turn_count"], found["stream"]["accused"], found["account"]["age_days"]
    (3.0, False, 1000000000.0)
    """
    return {
        "request": _request(request),
        "account": _account(facts.account),
        "stream": _stream(facts.stream, now),
        "partner": _partner(facts.partner),
        "risk": risk_variables(facts.risk),
    }


def _number(value: float | None, unknown: float) -> float:
    """The value as a finite double within what facts can be, else what stands for not known."""
    if value is None or value != value:  # noqa: PLR0124 - only what is no number differs from itself
        return unknown
    return float(min(max(value, -MOST), MOST))


def _text(value: str | None) -> str:
    """The value, cut to what is compared at all, and such that CEL takes it; nobody is nothing."""
    if value is None:
        return ""
    cut = value[:MOST_TEXT]
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode("utf-8")


def _texts(values: tuple[str, ...]) -> list[str]:
    return [_text(value) for value in values[:MOST_TEXTS]]


def _hours(since: datetime, now: datetime) -> float:
    """Hours since; a clock that went back makes nothing younger than nothing."""
    return max(0.0, (now - since).total_seconds() / 3600)


def _request(request: Request) -> dict[str, Any]:
    return {
        "account_id": _text(request.account_id),
        "organisation_id": _text(request.organisation_id),
        "operation": _text(request.operation),
        "provider": _text(request.provider),
        "model": _text(request.model),
        "turn_count": _number(request.turn_count, 0.0),
        "temperature": _number(request.temperature, 1.0),
        "top_p": _number(request.top_p, 1.0),
        "max_tokens": _number(request.max_tokens, 0.0),
        "choice_count": _number(request.choice_count, 1.0),
        "wants_logprobs": bool(request.wants_logprobs),
        "reasoning_effort": _text(request.reasoning_effort),
        "has_tools": bool(request.has_tools),
        "user_agent": _text(request.user_agent),
        "client_build": _text(request.client_build),
        "tls_fingerprint": _text(request.tls_fingerprint),
        "country": _text(request.client_country),
        "asn": _number(request.client_asn, 0.0),
    }


def _account(account: AccountFacts) -> dict[str, Any]:
    return {
        "age_days": _number(account.age_days, MOST),
        "programme": _text(account.programme),
        "verified_level": _number(account.verified_level, 1.0),
        "declared_use": _text(account.declared_use),
        "spend_band": _number(account.spend_band, 0.0),
        "is_protected": account.is_protected,
        "n_exchanges": _number(account.n_exchanges, 0.0),
    }


def _stream(stream: StreamFacts | None, now: datetime) -> dict[str, Any]:
    if stream is None:
        return dict(UNKNOWN["stream"])
    bits, bar = _number(stream.bits, 0.0), _number(stream.bar_bits, MOST)
    return {
        "accused": True,
        "cleared": stream.cleared,
        "campaign_id": _text(stream.campaign_id),
        "verdict": stream.verdict.value,
        "bits": bits,
        "bar_bits": bar,
        "bits_over_bar": bits - bar,
        "attribution_bits": _number(stream.attribution_bits, 0.0),
        "share_of_account": _number(stream.share_of_account, 0.0),
        "n_exchanges": _number(stream.n_exchanges, 0.0),
        "n_accounts": _number(stream.n_accounts, 0.0),
        "age_h": _hours(stream.first_seen, now),
        "quiet_h": _hours(stream.last_seen, now),
    }


def _partner(partner: PartnerWord | None) -> dict[str, Any]:
    if partner is None:
        return dict(UNKNOWN["partner"])
    return {
        "n_indicators": float(len(partner.indicators)),
        "indicators": _texts(partner.indicators),
        "has_local_evidence": partner.has_local_evidence,
    }


def risk_variables(risk: Risk | None) -> dict[str, Any]:
    """Facts of a risk tier."""
    return {"tier": "", "reasons": []} if risk is None else {"tier": _text(risk.tier), "reasons": _texts(risk.reasons)}
