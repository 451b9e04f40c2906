"""What a tick found counts for decisions once its cases are up to date, and with them what people have cleared.

A campaign that turns out to be part of another goes on under a new name, and what was cleared under the old one is
carried over with the cases. Were the index looked into before that, or although it failed, customers whose appeal was
upheld would be refused again.
"""

import logging
from datetime import UTC, datetime
from typing import Final

from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.service.cases import note_findings
from stillwatch.service.home import Home
from stillwatch.service.partner.service_member import Member
from stillwatch.watch import Tick

__all__ = ["TakingUp", "take_up"]

_LOG: Final = logging.getLogger("stillwatch.service")


def take_up(home: Home, member: Member, tick: Tick) -> None:
    """Bring cases, and what the forum was told, up to date with what a tick found."""
    TakingUp(home, member)(tick)


class TakingUp:
    """Takes up what ticks find, and knows which index may be looked into since."""

    def __init__(self, home: Home, member: Member) -> None:
        self._home, self._member = home, member
        self._line: str | None = None

    def begin(self, now: datetime) -> None:
        """Take up what was found before a restart: whoever ran then may have died before. What fails waits for a tick.

        now     Time that stands in the records.
        """
        try:
            line = IndexFolder(self._home.index).current()
            if line is not None:
                note_findings(self._home.engine, self._home.trail, self._home.findings, now)
                self._line = line
        except Exception as error:  # noqa: BLE001 - until the first tick nobody is accused then
            _LOG.warning("what was found before the start cannot be taken up: %s", type(error).__name__)

    def __call__(self, tick: Tick) -> None:
        """Take up what a tick found.

        Raises  As `note_findings`; the index that was looked into before stays in use then.
        """
        at = datetime.fromisoformat(tick.at).astimezone(UTC)
        note_findings(self._home.engine, self._home.trail, self._home.findings, at)
        self._line = tick.index
        self._member.take_back(self._home, at)

    def has_taken(self, line: str) -> bool:
        """Whether the index of that line may be looked into."""
        return line == self._line
