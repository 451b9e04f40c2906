"""A harvest rule: which prompts, which requests, from how many on; its hash says whether somebody changed it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785

from stillwatch.errors import InvalidInput
from stillwatch.share.guard.admit import Admitted, admit
from stillwatch.share.guard.table import schema_hash
from stillwatch.share.stix.ids import read_time, time_text

__all__ = ["HarvestRule", "counts_towards_consensus", "read_rule", "rule_document", "rule_hash"]


@dataclass(frozen=True, slots=True)
class HarvestRule:
    """A portable detector. An exchange matches when all that is given matches it.

    rule_id         Random UUID.
    author          Pseudonym: ``member`` and four digits.
    segments        Wordings, any of which a prompt must hold; empty: any prompt.
    elicitation     Classes all of which a prompt must ask for.
    request         Buckets of parameters: temperature, top_p, max_tokens, logprobs.
    exchanges       Matching exchanges of an account from which on it is flagged, at least 10.
    share           Least share of the account's exchanges that match, 0.05 to 1 in steps of 0.05.
    """

    rule_id: str
    author: str
    created: datetime
    valid_until: datetime
    segments: tuple[str, ...]
    elicitation: tuple[str, ...]
    request: Mapping[str, str | bool]
    exchanges: int
    share: float


def rule_document(rule: HarvestRule) -> dict[str, Any]:
    """Rule as the JSON that crosses.

    Raises  InvalidInput for times finer than milliseconds.
    """
    return {
        "type": "harvest-rule",
        "schema": schema_hash(),
        "version": 1,
        "id": rule.rule_id,
        "author": rule.author,
        "created": time_text(rule.created),
        "valid_until": time_text(rule.valid_until),
        "segments": list(rule.segments),
        "elicitation": list(rule.elicitation),
        "request": dict(rule.request),
        "thresholds": {"exchanges": rule.exchanges, "share": rule.share},
    }


def rule_hash(rule: HarvestRule) -> str:
    """SHA-256 of the rule as canonical JSON (RFC 8785), whatever version of the table it passed.

    A rule of which a single word was changed has another hash.
    """
    told = {name: value for name, value in rule_document(rule).items() if name != "schema"}
    return hashlib.sha256(rfc8785.dumps(told)).hexdigest()


def read_rule(admitted: Admitted) -> HarvestRule:
    """Rule of a message that the guard admitted.

    Raises  InvalidInput when the message is no rule, or neither wording, class nor parameter is given.
    """
    told = admitted.document()
    if told["type"] != "harvest-rule":
        message = "a rule must be a message of type harvest-rule"
        raise InvalidInput(message)
    created, end = read_time(told["created"]), read_time(told["valid_until"])
    if created is None or end is None or not (told["segments"] or told["elicitation"] or told["request"]):
        message = "a rule must say something of prompts or requests: else it matches everything"
        raise InvalidInput(message)
    return HarvestRule(
        rule_id=told["id"],
        author=told["author"],
        created=created,
        valid_until=end,
        segments=tuple(told["segments"]),
        elicitation=tuple(told["elicitation"]),
        request=told["request"],
        exchanges=told["thresholds"]["exchanges"],
        share=float(told["thresholds"]["share"]),
    )


def counts_towards_consensus(
    rule: HarvestRule, published_hash: str, verify: Callable[[dict[str, Any]], bool], now: datetime
) -> bool:
    """Whether answers to this rule may be added to others': it is what was published, signed, and still valid.

    published_hash  Hash under which the rule is known to the members.
    verify          Whether the document bears its author's signature.
    Raises          NotAdmitted when the rule may not cross at all.
    """
    if rule_hash(rule) != published_hash or not rule.created <= now < rule.valid_until:
        return False
    return verify(admit(rule_document(rule)).document())
