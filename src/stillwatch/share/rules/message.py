"""Rules and answers as a member sends them: through the guard, and signed."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stillwatch.errors import InvalidInput
from stillwatch.share.guard.admit import Admitted, admit
from stillwatch.share.rules.incoming import name_of
from stillwatch.share.rules.rule import HarvestRule, rule_document
from stillwatch.share.rules.shadow import ShadowAnswer, shadow_document
from stillwatch.signing.keys import SigningKey
from stillwatch.signing.signature import signed

__all__ = ["signed_answer", "signed_rule"]


def signed_rule(rule: HarvestRule, member_id: str, key: SigningKey, now: datetime) -> Admitted:
    """Rule as it may cross.

    Raises  InvalidInput when it names another author; Refused when it may not cross now: expired, from the future.
    """
    if rule.author != name_of(member_id):
        message = f"a member publishes its own rules: author must be {name_of(member_id)}"
        raise InvalidInput(message)
    return _signed(rule_document(rule), key, now)


def signed_answer(answer: ShadowAnswer, key: SigningKey, now: datetime) -> Admitted:
    """Answer as it may cross, under a new random id.

    Raises  InvalidInput when it tells nothing: of too few accounts nothing crosses, not even that they were few.
    """
    if answer.tells_nothing:
        message = "of too few accounts nothing is told: there is no answer to send"
        raise InvalidInput(message)
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return _signed(shadow_document(answer, str(uuid.uuid4()), at), key, now)


def _signed(document: Mapping[str, Any], key: SigningKey, now: datetime) -> Admitted:
    return admit(signed(admit(document, now=now).document(), key), now=now)
