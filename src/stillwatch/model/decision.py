"""What to do with one request now: the request as a gateway tells it, what is known, and the decision."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from stillwatch.model.campaign import Verdict

__all__ = [
    "SEVERITY",
    "AccountFacts",
    "Action",
    "Decision",
    "Facts",
    "Gateway",
    "GatewayAnswer",
    "GatewayCall",
    "PartnerWord",
    "Request",
    "Risk",
    "StreamFacts",
    "WindowFacts",
]


class Action(StrEnum):
    """What is done; `SEVERITY` orders them. Each can be undone by the next decision."""

    ALLOW = "allow"
    OBSERVE = "observe"
    MARK = "mark"
    THROTTLE = "throttle"
    WITHHOLD_REASONING = "withhold_reasoning"
    DEGRADE = "degrade"
    STEP_UP = "step_up"
    BLOCK = "block"
    SUSPEND_STREAM = "suspend_stream"


SEVERITY: Final = {action: place for place, action in enumerate(Action)}
"""Of two actions the one with more hurts more: what is only seen, what is served otherwise, what is not served."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request before it is answered, as much of it as a gateway tells; names are those of EXCHANGE.

    request_id      The gateway's own; it is echoed and logged.
    prompt_text     Looked at and dropped: it is in no log, no record and no decision.
    """

    account_id: str
    request_id: str = ""
    time: datetime | None = None
    organisation_id: str | None = None
    end_user_id: str | None = None
    session_id: str | None = None
    conversation_id: str | None = None
    operation: str | None = None
    provider: str | None = None
    model: str | None = None
    system_text: str | None = field(default=None, repr=False)
    prompt_text: str | None = field(default=None, repr=False)
    turn_count: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    choice_count: int | None = None
    wants_logprobs: bool | None = None
    reasoning_effort: str | None = None
    has_tools: bool | None = None
    client_address: str | None = None
    client_asn: int | None = None
    client_country: str | None = None
    user_agent: str | None = None
    client_build: str | None = None
    tls_fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the provider knows of an account, and what the window shows of it.

    age_days        Days since it was opened; None when not known.
    spend_band      0 to 4 by what it pays in the window: 0 is nothing known, 4 the top twentieth.
    is_protected    The operator lists it or its organisation: hospitals, emergency, municipal and the like.
    n_exchanges     Of the window.
    organisation_id As the request names it, or the provider; None when nobody does.
    """

    age_days: float | None = None
    programme: str | None = None
    verified_level: int | None = None
    declared_use: str | None = None
    spend_band: int = 0
    is_protected: bool = False
    n_exchanges: int = 0
    organisation_id: str | None = None


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """The accused stream that a request is of.

    bits                Of the campaign.
    attribution_bits    How much better the campaign explains the account's exchanges than the background does.
    share_of_account    Of the account's exchanges in the window, 0 to 1.
    n_accounts          Accounts of the campaign.
    cleared             A person has upheld an appeal for this stream: nothing is done about it.
    """

    campaign_id: str
    verdict: Verdict
    bits: float
    bar_bits: float
    attribution_bits: float
    share_of_account: float
    n_exchanges: int
    n_accounts: int
    first_seen: datetime
    last_seen: datetime
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """All traffic of the window that the evidence is of: what a policy touches is a share of it.

    n_exchanges         Of all accounts; 0 when it is not known.
    n_organisations     With exchanges; an account that names none is one of its own.
    n_tenured           Accounts with exchanges that are known to be of long standing.
    """

    n_exchanges: int = 0
    n_organisations: int = 0
    n_tenured: int = 0


@dataclass(frozen=True, slots=True)
class PartnerWord:
    """What other members say of what the request carries.

    indicators      Ids of indicators whose tags match.
    has_local_evidence  The member's own evidence agrees: without it nothing beyond `observe` is done.
    """

    indicators: tuple[str, ...]
    has_local_evidence: bool


@dataclass(frozen=True, slots=True)
class Risk:
    """A tier, and why: an input of rules like others, and never without its reasons."""

    tier: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision rests on besides the request.

    stream      None when the request is of no accused stream, whatever else its account sends.
    window      Without it nothing is done: nobody could tell what share it touches.
    """

    account: AccountFacts = field(default_factory=AccountFacts)
    stream: StreamFacts | None = None
    partner: PartnerWord | None = None
    risk: Risk | None = None
    window: WindowFacts = WindowFacts()


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer to a gateway; what prints it does not print the link to object, which may stand in its reason, too.

    decision_id     UUID; the audit record, the appeal and the customer's message name it.
    rate_per_minute Requests that a throttled stream may send; with own_per_day, all streams of its campaign together.
    reason          Words that a customer may read; they name no evidence that would teach how to evade.
    evidence_id     Campaign that it rests on; None for none.
    rule            Name of the rule that decided; None when no rule did.
    policy_version  Digest of the policy in force; empty when there is none.
    expires_at      When it ends by itself.
    appeal_url      None for what hurts nobody.
    retry_after_s   When to come again, of a throttled request that is over its rate.
    own_per_day     Requests that a throttled stream may send in any day whatever the others of its campaign send.
    """

    action: Action
    decision_id: str
    request_id: str
    reason: str = field(repr=False)
    policy_version: str
    decided_at: datetime
    expires_at: datetime
    rule: str | None = None
    evidence_id: str | None = None
    rate_per_minute: float | None = None
    retry_after_s: int | None = None
    appeal_url: str | None = field(default=None, repr=False)
    own_per_day: float | None = None

    @property
    def serves(self) -> bool:
        """Whether the request is answered at all."""
        refused = self.action is Action.THROTTLE and self.retry_after_s is not None
        return SEVERITY[self.action] < SEVERITY[Action.STEP_UP] and not refused


@dataclass(frozen=True, slots=True)
class GatewayCall:
    """An HTTP request of a gateway, as the server received it; header names in lower case, a token among them."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    source: str = ""


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """The HTTP answer it gets."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Gateway(Protocol):
    """One gateway's contract: its call to our request, our decision to its answer; it thinks nothing.

    name        One word.
    routes      Methods and paths that it is called by; ``{name}`` stands for one segment.
    """

    name: str
    routes: tuple[tuple[str, str], ...]

    def request(self, call: GatewayCall, /) -> Request:
        """What is asked.

        Raises  InvalidInput when the call is not of this gateway's form.
        """
        ...

    def answer(self, decision: Decision, call: GatewayCall, /) -> GatewayAnswer:
        """What the gateway understands."""
        ...
