"""Advice not to act visibly before a time: shown to an analyst, read by nothing else, and nobody says what they do.

Two members that chase one operation can spoil each other's work; the advice lets one ask for a little time. It is
bounded, so that nobody can keep the others from acting, and it binds nobody: no function that decides takes it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from stillwatch.model.indicator import Indicator

__all__ = ["LONGEST_QUIET", "QuietAdvice", "quiet_advice"]

LONGEST_QUIET: Final = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class QuietAdvice:
    """What is shown: until when the originator asks for quiet, never later than 72 hours after it spoke first."""

    indicator_id: str
    until: datetime

    @property
    def sentence(self) -> str:
        """The advice in words, which say that it binds nobody."""
        return (
            f"Its originator asks not to act visibly before {self.until:%Y-%m-%d %H:%M} UTC. "
            "This is advice: it binds nobody, and you need not say what you do."
        )


def quiet_advice(indicator: Indicator, now: datetime) -> QuietAdvice | None:
    """Advice that still holds; None when there is none, it is over, or it asks for more than 72 hours."""
    until = indicator.quiet_until
    if until is None or until <= now or until > indicator.created + LONGEST_QUIET or indicator.created > now:
        return None
    return QuietAdvice(indicator.indicator_id, until)
