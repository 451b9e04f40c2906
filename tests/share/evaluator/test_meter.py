"""Budgets are exact, whoever asks at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from tests.databases import database_url

from stillwatch.errors import InvalidInput
from stillwatch.share.evaluator import BUDGETS, METER_TABLES, Meter, Purpose
from stillwatch.store.database import open_database


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database of a file."""
    found = open_database(tmp_path / "spent.db", METER_TABLES)
    yield found
    found.dispose()


@given(asks=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(Purpose), st.integers(0, 1), st.integers(1, 60))))
def test_spending_is_what_a_dictionary_says(asks: list[tuple[str, Purpose, int, int]]) -> None:
    """All or nothing, per member, purpose and epoch."""
    engine = open_database("sqlite://", METER_TABLES)
    meter = Meter(engine, dict.fromkeys(Purpose, 100))
    left: dict[tuple[str, Purpose, int], int] = {}
    for member, purpose, epoch, n in asks:
        key = (member, purpose, epoch)
        fits = left.get(key, 100) >= n
        if fits:
            left[key] = left.get(key, 100) - n
        assert meter.spend(member, purpose, epoch, n) == (left[key] if fits else None)
        assert meter.left(member, purpose, epoch) == left.get(key, 100)
    engine.dispose()


def test_many_at_once_spend_the_budget_and_no_more(engine: Engine) -> None:
    """Eight threads, each with a meter of its own, as processes would have."""

    def spend(_: int) -> bool:
        return Meter(engine, {Purpose.CHECK: 100}).spend("a", Purpose.CHECK, 1, 3) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(60))) == 33
    assert Meter(engine, {Purpose.CHECK: 100}).left("a", Purpose.CHECK, 1) == 1


def test_a_purpose_without_a_budget_has_none(engine: Engine) -> None:
    """And nothing, or less, cannot be spent."""
    meter = Meter(engine, {})
    assert meter.spend("a", Purpose.PUBLISH, 1, 1) is None
    for n in (0, -5):
        with pytest.raises(InvalidInput, match="at least one"):
            meter.spend("a", Purpose.CHECK, 1, n)


def test_what_was_counted_for_keys_that_are_gone_is_forgotten(engine: Engine) -> None:
    """Epochs before, not those that are alive; members' names are values, not SQL."""
    meter = Meter(engine)
    for epoch in (1, 2, 3):
        meter.spend("'; DROP TABLE evaluator_spent; --", Purpose.CHECK, epoch, 1)
    assert meter.forget(3) == 2
    assert meter.left("'; DROP TABLE evaluator_spent; --", Purpose.CHECK, 3) == BUDGETS[Purpose.CHECK] - 1


def test_budgets_keep_the_address_space_out_of_reach() -> None:
    """All purposes together need more than a thousand epochs for the 2^32 addresses of IPv4."""
    assert set(BUDGETS) == set(Purpose)
    assert 2**32 / sum(BUDGETS.values()) > 1_000


def test_postgresql_counts_as_exactly(tmp_path: Path) -> None:
    """The same statements on a server."""
    with database_url("postgresql", tmp_path) as url:
        engine = open_database(url, METER_TABLES)
        meter = Meter(engine, {Purpose.CHECK: 10})
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: meter.spend("a", Purpose.CHECK, 1, 3), range(8)))
        assert sum(n is not None for n in found) == 3
        engine.dispose()
