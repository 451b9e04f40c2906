"""Leak before the first alarm: the search against every hour looked at, and traffic as it stood at an hour."""

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.bench.leak import HOUR_US, first_alarms, leak_curve, traffic_until
from stillwatch.simulate import simulate


def hourly(first: int, last: int) -> np.ndarray:
    """One exchange in the middle of every hour from `first` to `last`, both included."""
    return np.arange(first, last + 1) * HOUR_US + HOUR_US // 2


@given(starts=st.lists(st.integers(0, 60), min_size=1, max_size=5), data=st.data())
def test_the_search_finds_what_looking_at_every_hour_finds(starts: list[int], data: st.DataObject) -> None:
    """When alarms stay once they are there, the hour is the first, and far fewer hours are looked at."""
    times = {f"c{i}": hourly(start, start + 40) for i, start in enumerate(starts)}
    alarm = {name: data.draw(st.integers(int(t[0] // HOUR_US) + 1, 130)) for name, t in times.items()}
    looked: list[int] = []

    def alarmed(hour: int) -> frozenset[str]:
        looked.append(hour)
        return frozenset(name for name, at in alarm.items() if hour >= at)

    found, n_scans = first_alarms(times, alarmed, 120)
    assert n_scans == len(looked) == len(set(looked)) <= 1 + 7 * len(starts)
    for name, at in alarm.items():
        if at > 120:
            assert (found[name].hour, found[name].n_leaked) == (None, 41)
            assert math.isnan(found[name].hours)
        else:
            before = int(np.sum(times[name] < at * HOUR_US))
            assert found[name].n_leaked == before


def test_an_alarm_that_comes_and_goes_is_reported_where_it_was_found() -> None:
    """A gap in the alarms cannot hide one that a scan has seen."""
    found, _ = first_alarms({"a": hourly(0, 99)}, lambda h: frozenset("a" if 30 <= h < 60 or h >= 80 else ""), 100)
    assert found["a"].hour is not None
    assert 30 <= found["a"].hour <= 80
    assert found["a"].n_leaked == found["a"].hour


def test_brackets_with_next_to_nothing_in_them_are_left() -> None:
    """A month of silence after the campaign costs no scans."""
    times = {"a": hourly(0, 9)}
    _, n_scans = first_alarms(times, lambda h: frozenset("a" if h >= 600 else ""), 800)
    assert n_scans <= 8


def test_the_curve_counts_campaigns_without_an_alarm() -> None:
    """A campaign that leaked all of it never counts as alarmed."""
    shares = np.array([0.0, 0.3, 1.0, 1.0])
    assert leak_curve(shares, np.array([0.0, 0.3, 1.0])).tolist() == [0.25, 0.5, 0.5]


def test_traffic_until_an_hour_is_what_had_been_sent(tmp_path: Path) -> None:
    """Exactly the exchanges before the hour, and no account that was created after it."""
    run = simulate(tmp_path / "w", exchanges=4_000, seed=5, campaigns=())
    every = pq.read_table(run.out / "logs")
    first = int(every["time"].cast("int64").to_numpy().min())
    hour = first // HOUR_US + 40
    part = traffic_until(run.out, hour, tmp_path / "part")
    kept = pq.read_table(part / "logs")
    times = every["time"].cast("int64").to_numpy()
    assert kept.num_rows == int(np.sum(times < hour * HOUR_US)) > 0
    assert kept["time"].cast("int64").to_numpy().max() < hour * HOUR_US
    accounts = pq.read_table(part / "accounts.parquet")
    assert accounts["created_at"].cast("int64").to_numpy().max() < hour * HOUR_US
    assert not (part / "truth").exists()


@pytest.mark.parametrize("hour", [0])
def test_traffic_before_anything_is_empty(tmp_path: Path, hour: int) -> None:
    """No exchange, and still a readable folder."""
    run = simulate(tmp_path / "w", exchanges=1_000, seed=5, campaigns=())
    assert pq.read_table(traffic_until(run.out, hour, tmp_path / "part") / "logs").num_rows == 0
