"""Where facts come from, and what people have said: both are given to a decider, which asks them at each request."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from stillwatch.act.decide.protected import Protected
from stillwatch.model.decision import Decision, Facts, Request

__all__ = ["FactsSource", "People"]


class FactsSource(Protocol):
    """Tables that were computed beside the hot path."""

    def facts(self, request: Request, /) -> Facts:
        """All that is known; what is not known has its neutral value."""
        ...


def _nobody() -> Collection[tuple[str, str]]:
    return ()


def _no_link(_decision: Decision) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class People:
    """What people have said, and how they are reached.

    cleared     Streams of upheld appeals, (campaign, account); asked again about every second.
    overdue     Streams with an appeal that nobody answered in time, likewise.
    appeal_url  Link to object to a decision; its reason and its link are not there yet.
    """

    protected: Protected = field(default_factory=Protected)
    cleared: Callable[[], Collection[tuple[str, str]]] = _nobody
    overdue: Callable[[], Collection[tuple[str, str]]] = _nobody
    appeal_url: Callable[[Decision], str | None] = _no_link
