"""Words that a customer reads: what was done, the grounds to object on, and times."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from stillwatch.act.appeals.appeal import Grounds
from stillwatch.model.decision import Action

__all__ = ["ACTIONS", "GROUNDS", "shown_account", "when"]

ACTIONS: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.ALLOW: "They are answered as usual.",
        Action.OBSERVE: "They are answered as usual, and looked at more closely.",
        Action.MARK: "They are answered, and the answers carry a mark that shows where they came from.",
        Action.THROTTLE: "They are answered more slowly than usual: only so many in a minute.",
        Action.WITHHOLD_REASONING: "They are answered without the model’s reasoning.",
        Action.DEGRADE: "They are answered in a reduced form.",
        Action.STEP_UP: "They are answered again once the account has been verified.",
        Action.BLOCK: "They are not answered.",
        Action.SUSPEND_STREAM: "They are not answered.",
    }
)
"""What happens to the requests that a decision is about."""

GROUNDS: Final[Mapping[Grounds, tuple[str, str]]] = MappingProxyType(
    {
        Grounds.OWN_PRODUCT: (
            "They come from our own product or service",
            "Tell us what it does, who uses it, and why its requests resemble each other.",
        ),
        Grounds.RESEARCH: (
            "They are research or teaching",
            "Tell us the institution, the project and who is responsible for it.",
        ),
        Grounds.EVALUATION: (
            "We test or compare models",
            "Tell us what is tested and how long it will go on.",
        ),
        Grounds.PERMITTED: (
            "Our agreement permits this use",
            "Tell us which agreement, and the person at our company who knows of it.",
        ),
        Grounds.NOT_OURS: (
            "We did not send them",
            "Tell us what you know, and replace the account’s keys now: somebody may be using them.",
        ),
        Grounds.OTHER: ("Something else", "Tell us what we have overlooked."),
    }
)
"""Label of each ground, and what to send with it."""


def when(time: datetime) -> str:
    """A time as people write it.

    >>> when(datetime(2026, 12, 4, 9, 5, tzinfo=UTC))
    'Friday 4 December 2026, 09:05 UTC'
    """
    told = time.astimezone(UTC)
    return f"{told:%A} {told.day} {told:%B %Y, %H:%M} UTC"


def shown_account(account_id: str) -> str:
    """Enough of an account's id for its owner to know it by, and not enough for anybody else to use.

    >>> shown_account("acct-7f3a9c21"), shown_account("acme")
    ('acct-…21', 'a…')
    """
    if len(account_id) < 10:
        return f"{account_id[:1]}…"
    return f"{account_id[:5]}…{account_id[-2:]}"
