"""Trust end to end: three nodes over a real forum; who knew it first counts, who copied it does not."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.share.exchange import Exchange, House, exchanging

from stillwatch.model.indicator import InformationGrade, SourceGrade
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.node import findings_in
from stillwatch.share.trust.credibility import HIGH

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
        assert all(
            f["word"] == found[0]["word"] | {k: f["word"][k] for k in ("match_bits", "tag_kinds", "behaviour")}
            for f in found
        )
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
