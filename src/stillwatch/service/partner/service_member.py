"""The member's node as the service uses it: what partners say of a request, and what is taken back after an appeal.

Whoever is no member need not have the libraries of the exchange: they are imported where there is a node.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.model.decision import PartnerWord, Request
from stillwatch.service.home import Home
from stillwatch.service.partner.member import node_of
from stillwatch.service.partner.outbox import revoke_upheld
from stillwatch.service.settings import MemberSettings
from stillwatch.share.node.settings import NodeSettings

if TYPE_CHECKING:
    from stillwatch.service.partner.words import PartnerWords

__all__ = ["Member", "member_of"]


class Member:
    """Asked by any thread; one refreshes and one takes back."""

    def __init__(self, node: NodeSettings | None, words: "PartnerWords | None") -> None:
        self._node, self._words = node, words
        self._waits: str | None = None

    def word(self, request: Request) -> PartnerWord | None:
        """What partners say of a request."""
        return None if self._words is None else self._words.word(request)

    def refresh(self) -> None:
        """Read what holds now."""
        if self._words is not None:
            self._words.refresh()

    def take_back(self, home: Home, now: datetime) -> None:
        """Revoke at the forum what waits for it; what it does not take now waits for the next time."""
        done = revoke_upheld(home.engine, home.trail, self._node, now)
        waiting = [one for one in done if not one.is_done]
        self._waits = f"{len(waiting)} campaigns wait to be taken back: {waiting[0].problem}" if waiting else None

    @property
    def problem(self) -> str | None:
        """What is wrong; None without a node too."""
        return self._waits or (None if self._words is None else self._words.problem)


@contextmanager
def member_of(settings: MemberSettings, lookup: Callable[[], SingleLookup | None]) -> Iterator[Member]:
    """The member for the block.

    lookup  The newest scan's.
    Raises  As `node_of`.
    """
    node = node_of(settings)
    if node is None:
        yield Member(None, None)
        return
    from stillwatch.service.partner.bands import bands_by  # noqa: PLC0415 - as said above
    from stillwatch.service.partner.words import PartnerWords  # noqa: PLC0415

    words = PartnerWords(node.folder, bands_by(lookup))
    try:
        yield Member(node, words)
    finally:
        words.close()
