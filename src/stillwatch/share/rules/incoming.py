"""Rules and answers as they come: who made one is proved by its maker's key, whoever carries it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from stillwatch.errors import InvalidInput
from stillwatch.share.guard.admit import admit_bytes
from stillwatch.share.rules.rule import read_rule, rule_hash
from stillwatch.signing.keys import Keys
from stillwatch.signing.signature import verify_signed

__all__ = ["RULE_MESSAGES", "RuleMessage", "name_of", "read_message"]

RULE_MESSAGES: Final = frozenset({"harvest-rule", "shadow-answer"})


@dataclass(frozen=True, slots=True)
class RuleMessage:
    """What a forum has to know of a message.

    kind        ``harvest-rule`` or ``shadow-answer``.
    rule        Content hash of the rule that it is, or is an answer to.
    created     As the message writes it.
    body        Canonical JSON.
    """

    kind: str
    rule: str
    created: str
    body: bytes


def read_message(body: bytes, member_id: str, keys: Keys, now: datetime) -> RuleMessage:
    """Message of bytes that a member sent.

    keys        Of the member.
    Raises      InvalidInput when it may not cross, is another kind of message, or a rule under another's name;
                FailedProof when none of the keys signed it.
    """
    message = admit_bytes(body, now=now)
    told: dict[str, Any] = message.document()
    if told["type"] not in RULE_MESSAGES:
        text = f"type must be one of {', '.join(sorted(RULE_MESSAGES))}"
        raise InvalidInput(text)
    verify_signed(told, keys)
    if told["type"] == "shadow-answer":
        return RuleMessage(told["type"], told["rule"], told["created"], message.body)
    rule = read_rule(message)
    if rule.author != name_of(member_id):
        text = f"author must be {name_of(member_id)}, who publishes it"
        raise InvalidInput(text)
    return RuleMessage(told["type"], rule_hash(rule), told["created"], message.body)


def name_of(member_id: str) -> str:
    """Name under which a member writes rules: the first digits of its pseudonym.

    >>> name_of("7f3a0f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b")
    'member 7f3a'
    """
    return f"member {member_id[:4]}"
