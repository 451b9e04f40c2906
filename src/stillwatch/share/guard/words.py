"""Words that have no place on the wire: it carries signals, never what somebody did, nor business figures."""

import re
from typing import Final

__all__ = ["ENFORCEMENT_WORDS", "enforcement_word"]

ENFORCEMENT_WORDS: Final = (
    "ban",
    "banlist",
    "banned",
    "banning",
    "bans",
    "billing",
    "blacklist",
    "blocked",
    "blocker",
    "blocking",
    "blocklist",
    "block",
    "blocks",
    "cost",
    "costs",
    "customer",
    "customers",
    "denied",
    "deny",
    "denylist",
    "discount",
    "enforce",
    "enforcement",
    "expel",
    "invoice",
    "price",
    "priced",
    "prices",
    "pricing",
    "quota",
    "refuse",
    "refused",
    "revenue",
    "suspend",
    "suspended",
    "suspending",
    "suspension",
    "terminate",
    "terminated",
    "termination",
    "throttle",
    "throttled",
    "throttling",
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def enforcement_word(text: str) -> bool:
    """Whether such a word is in a text or a name, however it is joined: ``auto_block``, ``blockUser``.

    >>> enforcement_word("blockUser"), enforcement_word("PRICE"), enforcement_word("urban-blockage")
    (True, True, False)
    """
    return any(word.lower() in _WORDS for word in _WORD.findall(text))


_WORDS: Final = frozenset(ENFORCEMENT_WORDS)
