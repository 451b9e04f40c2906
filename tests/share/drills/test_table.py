"""Simulated drills: what is planted is believed by strategies that the rules cannot see through, and by no others."""

from dataclasses import replace

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SourceGrade
from stillwatch.share.drills.society import Rates, Society, Strategy, simulate
from stillwatch.share.drills.table import drill_table, first_bad_share

RATES = Rates(members=12, weeks=32, campaigns=6, audited=0.8)


@pytest.fixture(scope="module")
def societies() -> dict[Strategy, Society]:
    """One society of each strategy; four members of twelve are bad."""
    return {strategy: simulate(strategy, 4, 3, RATES) for strategy in Strategy}


@pytest.mark.parametrize("strategy", [Strategy.LIE, Strategy.FLOOD, Strategy.ECHO])
def test_liars_floods_and_echoes_are_never_believed(societies: dict[Strategy, Society], strategy: Strategy) -> None:
    """A third of the members is bad, with a record of half a year: nothing planted reaches high confidence."""
    planted = [signal for signal in societies[strategy].signals if signal.is_planted]
    assert len(planted) >= 4 * (RATES.weeks - RATES.sleep)
    assert not any(signal.is_high for signal in planted)


def test_colluders_are_believed_until_audits_catch_them(societies: dict[Strategy, Society]) -> None:
    """What several invent together beforehand looks like knowledge: it is high at first, and not for long."""
    planted = [signal for signal in societies[Strategy.COLLUDE].signals if signal.is_planted]
    high = [signal.week - RATES.sleep for signal in planted if signal.is_high]
    assert high
    assert max(high) <= 3


def test_a_flood_is_found_out_sooner_than_a_lie_now_and_then(societies: dict[Strategy, Society]) -> None:
    """Everybody who floods is graded D or E within weeks."""
    flood = societies[Strategy.FLOOD]
    assert set(flood.caught) == set(range(4))
    assert max(flood.caught.values()) - RATES.sleep <= 4
    assert len(societies[Strategy.LIE].caught) <= 4


def test_true_campaigns_are_believed_and_honest_members_keep_their_grade(societies: dict[Strategy, Society]) -> None:
    """Trust is not bought by believing nobody."""
    for society in societies.values():
        true = [one for one in society.signals if one.is_true and one.week >= RATES.sleep and one.member >= 4]
        assert sum(one.is_high for one in true) > len(true) / 3
        assert all(grade in {SourceGrade.A, SourceGrade.B, SourceGrade.C} for grade in society.grades()[4:])


def test_new_members_that_collude_are_not_believed() -> None:
    """Without a record, three strangers that agree are three strangers."""
    society = simulate(Strategy.COLLUDE, 3, 1, replace(RATES, sleep=0, weeks=4))
    assert not any(signal.is_high for signal in society.signals if signal.is_planted)


def test_a_seed_gives_the_same_again() -> None:
    """And another gives another."""
    small = replace(RATES, weeks=28)
    rows = [drill_table(seed, small, shares=(0.25,), repeats=1) for seed in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]
    assert [row.strategy for row in rows[0]] == [*Strategy]
    assert first_bad_share(rows[0], Strategy.FLOOD) is None
    believed = [replace(row, planted_high=0.5) for row in rows[0]]
    assert first_bad_share(believed, Strategy.FLOOD) == 0.25


@pytest.mark.parametrize("shares", [(0.0,), (1.0,)])
def test_nonsense_is_refused(shares: tuple[float, ...]) -> None:
    """Nobody bad, nobody honest, fewer weeks than the bad ones sleep."""
    with pytest.raises(InvalidInput, match="shares in"):
        drill_table(1, RATES, shares=shares)
    with pytest.raises(InvalidInput, match="more than 26 weeks"):
        drill_table(1, replace(RATES, weeks=26))
