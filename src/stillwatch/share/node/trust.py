"""A node's part in trust: it commits before it reads, reveals what both have told, and grades what others say."""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import orjson
from sqlalchemy import select

from stillwatch.errors import Declined, InvalidInput, UnreadableSource
from stillwatch.model.indicator import SightingAnswer, Tag
from stillwatch.share.node.commit import Holdings
from stillwatch.share.node.grading import Grading
from stillwatch.share.node.node import Node
from stillwatch.share.node.post import Post
from stillwatch.share.node.tables import ANSWERS, OBJECTS
from stillwatch.share.trust.places import objects_of, tags_in

__all__ = ["Trust"]

_LATER: Final = (UnreadableSource, Declined, InvalidInput)
"""What the forum cannot or will not do now is tried again later, and stops nothing else."""
_AGAIN_S: Final = 120.0
_PAUSE_S: Final = 0.1
"""Between two indicators: grading asks some questions for each, and must leave the member's quota to its answers."""
_MOST: Final = 200


class Trust:
    """Everything that a node does about trust, beside checking and answering."""

    def __init__(self, node: Node, post: Post) -> None:
        self._node = node
        self._holdings = Holdings(node.member_id, node.engine, post.put)
        self._grading = Grading(node.member_id, node.engine, post.find)

    def commit(self, tags: Iterable[Tag], now: datetime) -> int | None:
        """Commit to what is held; place of a new commitment, None when there is no need or the forum will not take it.

        Without a commitment the node can work as well as with one: it is only no origin of what others tell now.
        """
        with contextlib.suppress(Declined, InvalidInput):
            return self._holdings.commit(tags, now)
        return None

    def reveal(self, now: datetime) -> int:
        """Reveal what the node itself and somebody else tell and it had committed to; how many tags are new."""
        own = [tag for indicator, _ in self._node.own(now) for tag in indicator.tags]
        with contextlib.suppress(*_LATER):
            return self._holdings.reveal(own, self._seen() if own else (), now)
        return 0

    def grade(self, indicator_id: str) -> None:
        """Grade an indicator, and those that point where it points."""
        for one in self._grading.beside(indicator_id):
            self._grading.grade(one)

    def grade_again(self) -> None:
        """Grade all that findings rest on; what the forum will not tell now keeps its grade."""
        for one in self._grading.due(_MOST):
            self._grading.grade(one)

    async def keep(self, checked: "asyncio.Queue[str]") -> None:
        """Reveal and grade whatever is checked, and all again every two minutes, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(_AGAIN_S):
                    indicator_id = await checked.get()
            except TimeoutError:
                await self._tried(None)
                continue
            await self._tried(indicator_id)
            await asyncio.sleep(_PAUSE_S)

    async def _tried(self, indicator_id: str | None) -> None:
        with contextlib.suppress(*_LATER):
            await asyncio.to_thread(self.reveal, datetime.now(UTC))
            if indicator_id is None:
                await asyncio.to_thread(self.grade_again)
            else:
                await asyncio.to_thread(self.grade, indicator_id)

    def _seen(self) -> list[Tag]:
        """Tags of others' indicators that the node has seen in its own traffic, as far as they stand."""
        seen = select(ANSWERS.c.indicator_id).where(ANSWERS.c.answer == SightingAnswer.SEEN.value).distinct()
        with self._node.engine.begin() as connection:
            ids = [name for one in connection.execute(seen).scalars() for name in objects_of(one)]
            found: list[Tag] = []
            for start in range(0, len(ids), _MOST):
                here = OBJECTS.c.object_id.in_(ids[start : start + _MOST])
                rows = connection.execute(select(OBJECTS.c.body).where(here, OBJECTS.c.revoked.is_(False)))
                found += [tag for body in rows.scalars() for tag in tags_in(orjson.loads(body))]
        return found
