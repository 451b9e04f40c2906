"""A node commits once to what it holds, sends again what was lost, and reveals nothing but what both have told."""

import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.share import made
from tests.share.node.members import BETA, EPOCH, harvest_of, lists, tagged, told

from stillwatch.errors import Declined, UnreadableSource
from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.commitments.held import read_commitment, read_reveal, tag_of
from stillwatch.share.commitments.holding import HoldingCommitment, check_reveal
from stillwatch.share.guard.admit import Admitted
from stillwatch.share.node.commit import Holdings, held_tags
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.node.trust_tables import HOLDINGS
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def tags(numbers: Iterable[int]) -> list[Tag]:
    """Tags of these numbers."""
    return [Tag(SignalKind.PAYMENT, EPOCH, made.digest(n)) for n in numbers]


class Forum:
    """Takes commitments and reveals, and remembers them; loses answers when it is told to."""

    def __init__(self) -> None:
        self.commitments: list[HoldingCommitment] = []
        self.revealed: list[tuple[int, list[Tag]]] = []
        self.wrong: Exception | None = None

    def post(self, path: str, message: Admitted) -> dict[str, Any]:
        """Answer to a message; the proofs of a reveal are checked."""
        document = message.document()
        if path == "/commitments/":
            self.commitments.append(read_commitment(document, BETA))
        else:
            index, reveals = read_reveal(document)
            for one in reveals:
                check_reveal(self.commitments[index], one)
            self.revealed.append((index, [tag_of(one.item) for one in reveals]))
        if self.wrong is not None:
            wrong, self.wrong = self.wrong, None
            raise wrong
        return {"index": len(self.commitments) - 1}


@pytest.fixture
def engine() -> Engine:
    """An empty database of a node."""
    return open_database("sqlite://", NODE_TABLES)


def test_what_is_held_is_what_would_be_told(indexes: dict[str, LocalIndex]) -> None:
    """The tags of the harvest as they stand in its indicator; of a campaign that is none, none."""
    index = indexes["beta"]
    assert held_tags(index, tagged, lists(), NOW) == set(told(index).tags)
    acts = {harvest_of(index): {**index.acts[harvest_of(index)], "verdict": "tool"}}
    assert held_tags(dataclasses.replace(index, acts=acts), tagged, lists(), NOW) == frozenset()


def test_the_same_holding_is_committed_to_once(engine: Engine) -> None:
    """In whatever order, and by a node that was started again; something new makes a new commitment."""
    forum = Forum()
    assert Holdings(BETA, engine, forum.post).commit(tags(range(5)), NOW) == 0
    assert Holdings(BETA, engine, forum.post).commit(reversed(tags(range(5))), NOW) is None
    assert Holdings(BETA, engine, forum.post).commit(tags(range(6)), NOW) == 1
    assert len({one.root for one in forum.commitments}) == 2


def test_nothing_is_committed_to_as_well(engine: Engine) -> None:
    """So that a commitment does not tell that there is something, nor roughly how much up to 64 tags."""
    forum = Forum()
    Holdings(BETA, engine, forum.post).commit([], NOW)
    Holdings(BETA, engine, forum.post).commit(tags(range(64)), NOW)
    assert [one.size for one in forum.commitments] == [64, 64]


@pytest.mark.parametrize("wrong", [UnreadableSource("lost"), Declined("later")])
def test_a_commitment_whose_answer_was_lost_is_sent_again_as_it_is(engine: Engine, wrong: Exception) -> None:
    """The secret is in the database before the commitment leaves."""
    forum = Forum()
    forum.wrong = wrong
    holdings = Holdings(BETA, engine, forum.post)
    with pytest.raises(type(wrong)):
        holdings.commit(tags(range(5)), NOW)
    holdings.commit(tags(range(5)), NOW)
    assert len({one.root for one in forum.commitments}) == 1
    with engine.begin() as connection:
        assert list(connection.execute(select(HOLDINGS.c.place)).scalars()) == [1]


def test_exactly_the_overlap_is_revealed_and_once(engine: Engine) -> None:
    """Of the first commitment that it is in; what only one of the two tells, or nobody committed to, stays."""
    forum = Forum()
    holdings = Holdings(BETA, engine, forum.post)
    holdings.commit(tags(range(5)), NOW)
    holdings.commit(tags(range(10)), NOW)
    own, others = tags(range(3, 12)), tags(range(7))
    assert holdings.reveal(own, others, NOW) == 4
    assert {index: set(found) for index, found in forum.revealed} == {0: set(tags([3, 4])), 1: set(tags([5, 6]))}
    assert holdings.reveal(own, others, NOW) == 0
    assert holdings.reveal(own, tags(range(11)), NOW) == 3
    assert {tag for _, found in forum.revealed for tag in found} == set(tags(range(3, 10)))


def test_a_reveal_that_did_not_arrive_is_made_again(engine: Engine) -> None:
    """Only what the forum has taken counts as shown."""
    forum = Forum()
    holdings = Holdings(BETA, engine, forum.post)
    holdings.commit(tags(range(5)), NOW)
    forum.wrong = UnreadableSource("lost")
    with pytest.raises(UnreadableSource):
        holdings.reveal(tags(range(5)), tags(range(5)), NOW)
    assert holdings.reveal(tags(range(5)), tags(range(5)), NOW) == 5


def test_one_reveal_shows_256_tags_at_most(engine: Engine) -> None:
    """A proof needs a handful; the guard holds the bound too."""
    forum = Forum()
    holdings = Holdings(BETA, engine, forum.post)
    holdings.commit(tags(range(300)), NOW)
    assert holdings.reveal(tags(range(300)), tags(range(300)), NOW) == 256
