"""Trust end to end: three nodes over a real forum; who knew it first counts, who copied it does not."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.share.trust_exchange import Exchange, House, exchanging

from stillwatch.model.indicator import InformationGrade, SourceGrade
from stillwatch.share.commitments.tables import COMMITMENTS
from stillwatch.share.feed.client import Event
from stillwatch.share.node import service
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.node import findings_in
from stillwatch.share.node.tables import KEYS
from stillwatch.share.node.trust_tables import GRADES
from stillwatch.share.trust.credibility import HIGH
from stillwatch.signing.keys import SigningKey

WELL_KNOWN = 9
"""Audited operations that make a spotless source grade B."""


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    """A forum that answers."""
    with exchanging(tmp_path / "forum.db") as running:
        yield running


class Three:
    """Alpha and beta each have a part of one harvest; gamma has beta's traffic and accuses nobody in it."""

    def __init__(self, exchange: Exchange, indexes: dict[str, LocalIndex], folder: Path) -> None:
        self.exchange = exchange
        acts = {name: {**act, "verdict": "unclear"} for name, act in indexes["beta"].acts.items()}
        quiet = dataclasses.replace(indexes["beta"], acts=acts)
        self.alpha = House.of(exchange, indexes["alpha"], folder / "alpha")
        self.beta = House.of(exchange, indexes["beta"], folder / "beta")
        self.gamma = House.of(exchange, quiet, folder / "gamma")

    def word(self, indicator_id: str) -> dict[str, Any]:
        """What gamma has of an indicator after it has read and graded everything."""
        self.gamma.read()
        self.gamma.service.trust.grade_again()
        found = [f for f in findings_in(self.gamma.service.node.engine) if f["indicator_id"] == indicator_id]
        assert found
        assert len({(str(f["word"]["confidence"]), f["word"]["origins"]) for f in found}) == 1
        return dict(found[0]["word"])

    def information(self, indicator_id: str) -> InformationGrade:
        """Gamma's grade of what is said."""
        return InformationGrade(self.word(indicator_id)["confidence"]["information"])


@pytest.fixture
def three(exchange: Exchange, indexes: dict[str, LocalIndex], tmp_path: Path) -> Iterator[Three]:
    """Three nodes whose members' records are good."""
    found = Three(exchange, indexes, tmp_path)
    for house in (found.alpha, found.beta, found.gamma):
        exchange.audited(house.member_id, WELL_KNOWN)
    yield found
    for house in (found.alpha, found.beta, found.gamma):
        house.close()


def test_alone_is_not_high(three: Three) -> None:
    """However good the source's record is: one origin is one."""
    three.alpha.commit()
    identifier = three.alpha.publish()
    word = three.word(identifier)
    assert word["confidence"]["source"] == SourceGrade.B
    assert word["origins"] == 1
    assert InformationGrade(word["confidence"]["information"]) not in HIGH


def test_who_committed_before_makes_it_high(three: Three) -> None:
    """Beta had committed before alpha published, tells of it too and reveals what both have: two origins, proved."""
    three.beta.commit()
    identifier = three.alpha.publish()
    assert three.information(identifier) not in HIGH
    three.beta.read()
    other = three.beta.publish()
    word = three.word(identifier)
    assert word["origins"] == 2
    assert InformationGrade(word["confidence"]["information"]) in HIGH
    assert three.information(other) in HIGH


def test_a_ledger_under_another_key_proves_nothing(three: Three) -> None:
    """The forum's key is pinned at first sight; and a partner that takes its word back is a partner no more."""
    three.beta.commit()
    identifier = three.alpha.publish()
    three.beta.read()
    other = three.beta.publish()
    assert three.word(identifier)["origins"] == 2
    engine = three.gamma.service.node.engine
    with engine.begin() as connection:
        mine = KEYS.c.member_id == "forum"
        pinned = connection.execute(select(KEYS).where(mine)).one()
        foreign = SigningKey.generate().verify_key
        connection.execute(update(KEYS).where(mine).values(key_id=foreign.key_id, jwk=foreign.jwk()))
    assert three.word(identifier)["origins"] == 1
    with engine.begin() as connection:
        connection.execute(update(KEYS).where(mine).values(key_id=pinned.key_id, jwk=pinned.jwk))
    assert three.word(identifier)["origins"] == 2
    three.beta.service.take_back(other)
    assert three.word(identifier)["origins"] == 1


def test_a_node_commits_before_it_reads_and_grades_by_itself(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the feed is opened the commitment is in the ledger; what is checked then is graded without being told to."""
    seen: list[int] = []

    async def follow(*_: object) -> AsyncIterator[Event]:
        with three.exchange.engine.begin() as connection:
            seen.append(len(connection.execute(select(COMMITMENTS)).all()))
        nothing: list[Event] = []
        for event in nothing:
            yield event

    monkeypatch.setattr(service, "follow", follow)
    asyncio.run(three.gamma.service.watch(three.gamma.memory, lambda _: None))
    assert seen == [1]
    identifier = three.alpha.publish()
    three.gamma.read()
    asyncio.run(kept(three, identifier))
    found = [f["word"]["confidence"] for f in findings_in(three.gamma.service.node.engine)]
    assert {word["source"] for word in found} == {"B"}


async def kept(three: Three, identifier: str) -> None:
    """Have gamma's node keep its grades until there is one."""
    asked: asyncio.Queue[str] = asyncio.Queue()
    asked.put_nowait(identifier)
    keeping = asyncio.create_task(three.gamma.service.trust.keep(asked))
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(graded, three):  # noqa: ASYNC110 - another task's work in a database
            await asyncio.sleep(0.05)
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping


def graded(three: Three) -> bool:
    """Whether gamma's node has a grade."""
    with three.gamma.service.node.engine.begin() as connection:
        return connection.execute(select(GRADES)).first() is not None


def test_an_echo_is_not_high(three: Three) -> None:
    """Beta reads first, commits then, publishes and reveals: nothing is worth more for it, neither word."""
    identifier = three.alpha.publish()
    three.beta.read()
    three.beta.commit()
    other = three.beta.publish()
    assert three.word(identifier)["origins"] == three.word(other)["origins"] == 1
    assert three.information(identifier) not in HIGH
    assert three.information(other) not in HIGH


def test_unknown_sources_are_not_high_even_together(
    exchange: Exchange, indexes: dict[str, LocalIndex], tmp_path: Path
) -> None:
    """Two members without a record corroborate one another and nobody who is known."""
    three = Three(exchange, indexes, tmp_path)
    three.beta.commit()
    identifier = three.alpha.publish()
    three.beta.read()
    three.beta.publish()
    word = three.word(identifier)
    assert (word["confidence"]["source"], word["origins"]) == (SourceGrade.F, 2)
    assert InformationGrade(word["confidence"]["information"]) not in HIGH
    for house in (three.alpha, three.beta, three.gamma):
        house.close()
