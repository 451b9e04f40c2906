"""Evaluators under a node: one that cheats stops it, and a budget stops who enumerates, before a tag is told."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from tests.share.evaluator.test_client import cheat, swapped
from tests.share.evaluator.worlds import EPOCH, World
from tests.share.hostile.exchange import Exchange, Member, local_index
from tests.share.hostile.test_messages import ADDRESS

from stillwatch.errors import Declined, FailedProof
from stillwatch.share.evaluator import EvaluatorPair, Purpose
from stillwatch.share.node.service import Service

WANTED = 300


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is to be closed."""
    with ExitStack() as opened:
        yield opened


def guesser(exchange: Exchange) -> Member:
    """A member whose logs hold many addresses, or that says so."""
    rows = [(ADDRESS, f"41.3.{n // 250}.{n % 250 + 1}", n + 1, 0) for n in range(WANTED)]
    return exchange.member(local_index(rows, [(5, 7)], 0, 25_000))


def under(member: Member, pair: EvaluatorPair) -> Service:
    """The member's service with these evaluators."""
    return replace(member.service, pair=pair, epoch=EPOCH)


def test_the_node_tags_its_traffic_with_both(exchange: Exchange, tmp_path: Path, stack: ExitStack) -> None:
    """Else the tests below would show nothing."""
    worlds = [World(tmp_path / name, stack) for name in ("north", "south")]
    memory = under(guesser(exchange), EvaluatorPair(worlds[0].peer("north"), worlds[1].peer("south"))).memory()
    assert len(memory.index.kind) == WANTED


@pytest.mark.parametrize("change", [cheat, swapped])
def test_a_node_stops_at_an_evaluator_that_cheats(
    exchange: Exchange, tmp_path: Path, stack: ExitStack, change: object
) -> None:
    """It is named, and nothing that it answered is used or sent."""
    worlds = [World(tmp_path / name, stack) for name in ("north", "south")]
    south = worlds[1].peer("south", change=change)  # type: ignore[arg-type]
    before = exchange.n_records()
    with pytest.raises(FailedProof, match="evaluator south"):
        under(guesser(exchange), EvaluatorPair(worlds[0].peer("north"), south)).memory()
    assert exchange.n_records() == before


def test_who_enumerates_is_stopped_by_either_evaluator(exchange: Exchange, tmp_path: Path, stack: ExitStack) -> None:
    """One that counts is enough, whatever the other lets pass; it counts before it answers."""
    mean = World(tmp_path / "mean", stack, dict.fromkeys(Purpose, 64))
    lax = World(tmp_path / "lax", stack, dict.fromkeys(Purpose, 10**9))
    for first, second in ((mean, lax), (lax, mean)):
        with pytest.raises(Declined, match="budget is spent"):
            under(guesser(exchange), EvaluatorPair(first.peer("one"), second.peer("two"))).memory()
    assert mean.told == []
