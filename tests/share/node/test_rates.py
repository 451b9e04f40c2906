"""The rate that a node tells: with noise, the same all epoch long, and within a budget that its database keeps."""

from pathlib import Path

import numpy as np
import pytest
from tests.share.answers.test_index import Row, local_of
from tests.share.signals import indicator, tag

from stillwatch.model.indicator import SignalKind
from stillwatch.share.answers.innocents import Innocents
from stillwatch.share.node.rates import told_rate
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.store.database import open_database

BEHIND, ALL = 2_000, 40_000
ADDRESS, BAND = SignalKind.ADDRESS, SignalKind.BAND


def innocents(n: int = ALL) -> Innocents:
    """One account in twenty carries the address."""
    rows: list[Row] = [(1, ADDRESS, 0, account, False) for account in range(BEHIND)]
    return Innocents.of(local_of(rows), np.arange(n, dtype=np.uint64), 1)


def test_a_rate_is_near_the_truth_and_the_same_after_a_restart(tmp_path: Path) -> None:
    """Asked twice it is no new noise, in this process or the next."""
    told = []
    for _ in range(2):
        engine = open_database(tmp_path / "node.db", NODE_TABLES)
        with engine.begin() as connection:
            told += [told_rate(connection, indicator(tags=(tag(1),)), innocents()) for _ in range(2)]
        engine.dispose()
    assert len(set(told)) == 1
    assert told[0] == pytest.approx(BEHIND / ALL, rel=0.5)


@pytest.mark.parametrize("tags", [(), (tag(1, BAND),), (tag(1, epoch=2),)])
def test_nothing_is_told_of_what_nobody_has_by_chance(tags: tuple[object, ...]) -> None:
    """No tags, bands only, another epoch: no rate and nothing spent."""
    with open_database("sqlite://", NODE_TABLES).begin() as connection:
        assert told_rate(connection, indicator(tags=tags), innocents()) is None
        assert connection.exec_driver_sql("SELECT count(*) FROM benign_answers").scalar() == 0


def test_who_has_few_ordinary_accounts_tells_nothing() -> None:
    """The noise would hide everything; nor does a node whose index knows of none."""
    with open_database("sqlite://", NODE_TABLES).begin() as connection:
        assert told_rate(connection, indicator(tags=(tag(1),)), innocents(5_000)) is None
        assert told_rate(connection, indicator(tags=(tag(1),)), None) is None


def test_a_spent_budget_is_silence() -> None:
    """A thousand questions an epoch, the number of accounts among them."""
    with open_database("sqlite://", NODE_TABLES).begin() as connection:
        rates = [told_rate(connection, indicator(tags=(tag(n),)), innocents()) for n in range(1, 1_003)]
    assert rates[0] is not None
    assert rates[-1] is None
