"""Ticks of the watch before, while and after files become one: the same findings, every exchange counted once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests import traffic
from tests.scanning import same_findings

from stillwatch.model.exchange import EXCHANGE
from stillwatch.report import read_findings
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.compaction import Compactor
from stillwatch.service.collect.disk import PosixDisk
from stillwatch.service.collect.places import HOUR_S, Places
from stillwatch.service.collect.segment import conformed
from stillwatch.state.closings import Closings
from stillwatch.watch import Tick, WatchOptions, tick

START = datetime(2026, 6, 1, tzinfo=UTC)
HOURS, PARTS = 8, 6
OPTIONS = WatchOptions(period_hours=4, grace_s=600)


@pytest.fixture(autouse=True)
def salted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A salt of its own."""
    monkeypatch.setenv("STILLWATCH_SALT", str(tmp_path / "salt"))


def lay_out(places: Places) -> int:
    """Traffic of eight hours as a collector writes it, six files an hour; how many exchanges that is."""
    table = traffic.mixed()
    us = table["time"].cast(pa.int64()).to_numpy()
    first = int(START.timestamp())
    at = (us - us.min()) * HOURS // 24 // 14 + first * 1_000_000
    table = table.set_column(table.schema.get_field_index("time"), "time", pa.array(at).cast(table["time"].type))
    cell = (at // 1_000_000 - first) * PARTS // HOUR_S
    for number in np.unique(cell):
        path = places.exchanges_of(f"{number:010d}-{number:08x}", first // HOUR_S + int(number) // PARTS)
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(conformed(table.filter(pa.array(cell == number)), EXCHANGE), path)
    places.segments.mkdir(parents=True)
    return len(at)


def counted(state: Path) -> list[int]:
    """Hashes of the exchanges of all closings."""
    return [one for closing in Closings(state / "closings").all() for one in closing.exchange.tolist()]


def test_ticks_in_between(tmp_path: Path) -> None:
    """With whole and parts side by side, and with the whole alone, a tick sees what it saw before; closings too."""
    places, out, state = Places(tmp_path), tmp_path / "watch", tmp_path / "state"
    n = lay_out(places)
    compactor = Compactor(PosixDisk(), places, Bounds(linger_s=0.0))
    now = START + timedelta(hours=HOURS)

    def ticked(hours: float) -> Tick:
        return tick(places.traffic, state, out, OPTIONS, now=now + timedelta(hours=hours))

    def files() -> int:
        return sum(1 for _ in places.traffic.rglob("*.parquet"))

    first = ticked(0.1)
    findings, many = read_findings(out / "findings"), files()
    half = counted(state)
    assert (first.closed, first.n_exchanges) == ((1,), n)
    compactor.step(now.timestamp() + 2 * HOUR_S, 1 << 40)
    assert files() == many + 1
    again = ticked(0.11)
    assert not again.is_idle
    assert (again.n_exchanges, again.closed, again.n_campaigns) == (n, (), first.n_campaigns)
    same_findings(read_findings(out / "findings"), findings)
    while compactor.step(now.timestamp() + 2 * HOUR_S, 1 << 40):
        pass
    assert files() == HOURS
    last = ticked(0.2)
    assert last.closed == (2,)
    assert len(counted(state)) == len(set(counted(state))) == n > len(half) > 0
    assert last.n_too_late == 0
