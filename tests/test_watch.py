"""Ticks over time find what one scan over everything finds, and count every exchange once, whatever happens."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests import traffic
from tests.scanning import harvests, same_findings, write

import stillwatch
from stillwatch import watch
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.report import read_findings
from stillwatch.sketch import hash_strings
from stillwatch.state import State
from stillwatch.state.closings import Closing, Closings
from stillwatch.state.folder import StateFolder
from stillwatch.state.keeper import Keeper
from stillwatch.watch import Tick, WatchOptions, tick

SALT = b"salt of these tests"
MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)
HALF_DAYS = WatchOptions(period_hours=12, grace_s=600)
LATE_HOUR, DOUBLE_HOUR = 5, 3
TICKS = (11.0, 12.5, 24.5)


@pytest.fixture(scope="module", autouse=True)
def salted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One salt for all scans."""
    file = tmp_path_factory.mktemp("salt") / "salt"
    file.write_bytes(SALT)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STILLWATCH_SALT", str(file))
        yield


@pytest.fixture(scope="module")
def exchanges() -> pa.Table:
    """Nine thousand exchanges of one day: a fortnight, faster."""
    table = traffic.mixed()
    us = table["time"].cast(pa.int64()).to_numpy()
    at = (us - us.min()) * 23 // 24 // 14 + int(MIDNIGHT.timestamp()) * 1_000_000
    return table.set_column(table.schema.get_field_index("time"), "time", pa.array(at).cast(table["time"].type))


def at(hour: float) -> datetime:
    """Time of the day."""
    return MIDNIGHT + timedelta(hours=hour)


def hour_of(exchanges: pa.Table, hour: int) -> pa.Table:
    """Exchanges of an hour of the day."""
    time = exchanges["time"]
    return exchanges.filter(pc.and_(pc.greater_equal(time, at(hour)), pc.less(time, at(hour + 1))))


def collect(exchanges: pa.Table, logs: Path, until: float) -> None:
    """Lay out what a collector has by then: an hour comes late, another one twice."""
    logs.mkdir(exist_ok=True)
    if not (logs / "accounts.parquet").exists():
        pq.write_table(traffic.accounts(exchanges), logs / "accounts.parquet")
    for hour in range(int(until)):
        path = logs / f"hour-{hour:02}.parquet"
        if not path.exists() and (hour != LATE_HOUR or until > 13):
            pq.write_table(hour_of(exchanges, hour), path)
    if until > 13:
        pq.write_table(hour_of(exchanges, DOUBLE_HOUR), logs / "again.parquet")


@dataclass
class Run:
    """A watch with its folders, and what each tick gave."""

    folder: Path
    ticks: list[Tick]

    def tick(self, exchanges: pa.Table, hour: float) -> Tick:
        """Collect, and look."""
        collect(exchanges, self.folder / "logs", hour)
        return tick(self.folder / "logs", self.folder / "state", self.folder / "out", HALF_DAYS, now=at(hour))

    def findings(self) -> stillwatch.Findings:
        """As they were written last."""
        return read_findings(self.folder / "out" / "findings")

    def state(self) -> State:
        """As it is now."""
        with StateFolder(self.folder / "state" / "memory", SALT).held() as held:
            current = held.current()
            assert current is not None
            return held.load(current)

    def closings(self) -> list[Closing]:
        """All of them."""
        return Closings(self.folder / "state" / "closings").all()


@pytest.fixture(scope="module")
def run(exchanges: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Ticks before the first period is over, after it, and after the second; copies of all folders in between."""
    made = Run(tmp_path_factory.mktemp("watch") / "run", [])
    made.folder.mkdir()
    for i, hour in enumerate(TICKS):
        made.ticks.append(made.tick(exchanges, hour))
        shutil.copytree(made.folder, made.folder.with_name(f"after-{i}"))
    return made


def after(run: Run, i: int, to: Path) -> Run:
    """A copy of the folders after a tick."""
    shutil.copytree(run.folder.with_name(f"after-{i}"), to, copy_function=shutil.copy2)
    return Run(to, [])


def accused(findings: stillwatch.Findings) -> set[str]:
    """Accounts of harvests."""
    named = findings.streams.filter(pc.equal(findings.streams["verdict"], "harvest"))
    return set(named["account_id"].to_pylist())


def harvested(findings: stillwatch.Findings) -> set[str]:
    """Exchanges of harvests."""
    named = pa.array([campaign.campaign_id for campaign in harvests(findings)])
    told = findings.exchanges.filter(pc.is_in(findings.exchanges["campaign_id"], value_set=named))
    return set(told["exchange_id"].to_pylist())


def test_one_tick_is_one_scan(exchanges: pa.Table, tmp_path: Path) -> None:
    """Before a period is over a tick finds what a scan of the same files finds, to the last bit."""
    logs = write(tmp_path / "logs", exchanges, files=3)
    done = tick(logs, tmp_path / "state", tmp_path / "out", now=at(23.5))
    alone = stillwatch.scan(logs)
    same_findings(read_findings(tmp_path / "out" / "findings"), alone)
    assert (done.n_exchanges, done.closed, done.n_too_late) == (exchanges.num_rows, (), 0)
    assert (done.n_campaigns, done.n_streams) == (len(alone.campaigns), alone.streams.num_rows)


def test_ticks_find_what_one_scan_finds(exchanges: pa.Table, run: Run, tmp_path: Path) -> None:
    """Every account of the harvest by the end, nobody else ever, under one name."""
    alone = stillwatch.scan(write(tmp_path / "logs", exchanges))
    found = [read_findings(run.folder.with_name(f"after-{i}") / "out" / "findings") for i in range(len(TICKS))]
    assert accused(found[-1]) == accused(alone) == {f"shell-{i}" for i in range(60)}
    assert all(accused(one) <= accused(alone) for one in found)
    assert len({campaign.campaign_id for one in found for campaign in harvests(one)}) == 1
    assert set().union(*map(harvested, found)) == harvested(alone)
    assert len(harvested(alone)) == 2_000


def test_a_campaign_keeps_the_name_that_it_was_told_by(exchanges: pa.Table, run: Run, tmp_path: Path) -> None:
    """A look calls it what the look before did, and when the state has another name for it, both names stay known."""
    mine = after(run, 0, tmp_path / "run")
    (was,) = (campaign.campaign_id for campaign in harvests(mine.findings()))
    folder = mine.folder / "out" / "findings"
    campaigns = folder / "campaigns.json"
    campaigns.write_text(campaigns.read_text().replace(was, "campaign-00000001"))
    streams = pq.read_table(folder / "streams.parquet")
    told = pc.replace_substring(streams["campaign_id"], was, "campaign-00000001")
    pq.write_table(streams.set_column(0, streams.schema.field(0), told), folder / "streams.parquet")
    mine.tick(exchanges, TICKS[1])
    assert [campaign.campaign_id for campaign in harvests(mine.findings())] == ["campaign-00000001"]
    mine.tick(exchanges, TICKS[2])
    (last,) = harvests(mine.findings())
    assert {last.campaign_id, *last.also_known_as} == {"campaign-00000001", was}


def test_the_index_says_what_the_findings_say(exchanges: pa.Table, run: Run) -> None:
    """Each exchange of the window is of the campaign that the findings name, and facts are there for its stream."""
    index, facts = IndexFolder(run.folder / "out" / "index").load()
    told = run.findings().exchanges.to_pydict()
    campaigns = dict(zip(told["exchange_id"], told["campaign_id"], strict=True))
    window = exchanges.filter(pa.array(np.isin(hash_strings(exchanges["exchange_id"]), run.closings()[-1].exchange)))
    places = np.concatenate([index.campaign_of(batch) for batch in window.to_batches()])
    found = [None if place < 0 else index.campaigns[place] for place in places]
    assert found == [campaigns.get(name) for name in window["exchange_id"].to_pylist()]
    streams = set(zip(told["campaign_id"], told["account_id"], strict=True))
    assert all(facts.get(*stream) is not None for stream in streams)


def test_the_index_says_what_the_window_shows_of_accounts(exchanges: pa.Table, run: Run) -> None:
    """Every account of the window with its exchanges and what they cost."""
    _, facts = IndexFolder(run.folder / "out" / "index").load()
    window = exchanges.filter(pa.array(np.isin(hash_strings(exchanges["exchange_id"]), run.closings()[-1].exchange)))
    told = window.group_by("account_id").aggregate([("exchange_id", "count"), ("cost_usd", "sum")])
    hashes = hash_strings(told["account_id"])
    order = np.argsort(hashes)
    assert facts.accounts["account"].to_pylist() == hashes[order].tolist()
    assert facts.accounts["n_exchanges"].to_pylist() == told["exchange_id_count"].to_numpy()[order].tolist()
    assert np.allclose(facts.accounts["cost_usd"].to_numpy(), told["cost_usd_sum"].to_numpy()[order])


def test_every_exchange_is_counted_once(exchanges: pa.Table, run: Run) -> None:
    """The late hour with the period after its own, the double one with its own alone."""
    one, two = run.closings()
    assert (
        len(one.exchange) + len(two.exchange) == exchanges.num_rows == len(set(hash_strings(exchanges["exchange_id"])))
    )
    assert set(one.exchange) | set(two.exchange) == set(hash_strings(exchanges["exchange_id"]))
    assert set(hash_strings(hour_of(exchanges, LATE_HOUR)["exchange_id"])) <= set(two.exchange)
    assert set(hash_strings(hour_of(exchanges, DOUBLE_HOUR)["exchange_id"])) <= set(one.exchange)
    assert sum(run.state().inputs.table["n"].to_pylist()) == exchanges.num_rows
    assert [done.closed for done in run.ticks] == [(), (1,), (2,)]


def test_the_window_holds_the_last_period_and_what_is_not_counted(exchanges: pa.Table, run: Run) -> None:
    """So it never is empty when a period has just been closed."""
    rows = [sum(hour_of(exchanges, h).num_rows for h in hours) for hours in (range(11), range(12), range(12, 24))]
    late = hour_of(exchanges, LATE_HOUR).num_rows
    assert [done.n_exchanges for done in run.ticks] == [rows[0] - late, rows[1] - late, rows[2] + late]


def test_nothing_new_costs_nothing(
    exchanges: pa.Table, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same files before the next closing are not read, and nothing is written."""
    copy = after(run, 1, tmp_path / "copy")
    collect(exchanges, copy.folder / "logs", 12.5)
    before = {path: path.stat().st_mtime_ns for path in copy.folder.rglob("*")}
    monkeypatch.setattr(watch, "_run", None)
    done = copy.tick(exchanges, 12.9)
    assert done.is_idle
    assert (done.n_exchanges, done.index) == (run.ticks[1].n_exchanges, run.ticks[1].index)
    assert {path: path.stat().st_mtime_ns for path in copy.folder.rglob("*")} == before


def test_tick_json_says_what_was_done(run: Run) -> None:
    """Exchanges, seconds by stage, lag; and no name of anybody."""
    text = (run.folder / "out" / "tick.json").read_text()
    content, done = json.loads(text), run.ticks[-1]
    assert (content["format_version"], content["n_exchanges"], content["closed"]) == (1, done.n_exchanges, [2])
    assert {"read", "measure families", "remember", "index streams", "write"} <= content["stage_s"].keys()
    assert content["lag_s"] > (at(24.5) - datetime.fromisoformat(content["newest"])).total_seconds() > 0
    assert "shell-" not in text
    assert "person-" not in text


class KilledError(BaseException):
    """As if the process had ended."""


STEPS = {
    "period written down": (Closings, "open", True),
    "state about to be written": (Keeper, "keep", False),
    "state written": (Keeper, "keep", True),
    "period confirmed": (Closings, "confirm", True),
    "findings written": (watch, "write_findings", True),
    "index written": (watch, "_write_tick", False),
}


@pytest.mark.parametrize("step", list(STEPS))
def test_a_restart_changes_nothing(
    exchanges: pa.Table, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Killed at any step that lasts, the next tick leaves the same state, closings and findings."""
    where, what, is_after = STEPS[step]
    copy, real = after(run, 1, tmp_path / "copy"), getattr(where, what)

    def killed(*arguments: Any) -> None:
        if is_after:
            real(*arguments)
        raise KilledError

    monkeypatch.setattr(where, what, killed)
    with pytest.raises(KilledError):
        copy.tick(exchanges, TICKS[2])
    monkeypatch.undo()
    copy.tick(exchanges, TICKS[2])
    assert copy.state() == run.state()
    assert [(c.number, c.digest, c.exchange.tolist()) for c in copy.closings()] == [
        (c.number, c.digest, c.exchange.tolist()) for c in run.closings()
    ]
    same_findings(copy.findings(), run.findings())


def test_quiet_periods_are_passed_over_and_what_is_too_late_is_left_out(
    exchanges: pa.Table, run: Run, tmp_path: Path
) -> None:
    """Days later an empty window is looked at; once there is traffic again an exchange from the day is too late."""
    copy = after(run, 2, tmp_path / "copy")
    done = copy.tick(exchanges, 24 * 10)
    assert (done.n_exchanges, done.closed, done.n_campaigns) == (0, (3,), 0)
    folders = (copy.folder / "logs", copy.folder / "state", copy.folder / "out")
    assert tick(*folders, HALF_DAYS, now=at(24 * 10 + 1)).is_idle
    assert IndexFolder(copy.folder / "out" / "index").load()[0].campaigns == ()
    for name, hour in (("fresh", 24 * 10 - 1), ("late", 7)):
        one = hour_of(exchanges, 7).slice(0, 1).set_column(0, "exchange_id", pa.array([name]))
        place = one.schema.get_field_index("time")
        moved = one.set_column(place, "time", pa.array([at(hour)]).cast(one["time"].type))
        pq.write_table(moved, copy.folder / "logs" / f"{name}.parquet")
        done = copy.tick(exchanges, 24 * 10 + 0.5)
        assert (done.n_exchanges, done.n_too_late) == (1, int(name == "late"))


def test_a_clock_that_jumps_loses_nothing(exchanges: pa.Table, run: Run, tmp_path: Path) -> None:
    """Forty days ahead for one tick, then twenty back: what comes afterwards is looked at, and nothing is too late."""
    copy = after(run, 0, tmp_path / "copy")
    collect(exchanges, copy.folder / "logs", 12.5)
    folders = (copy.folder / "logs", copy.folder / "state", copy.folder / "out")
    for days in (40, -20):
        tick(*folders, HALF_DAYS, now=at(12.5) + timedelta(days=days))
    done = copy.tick(exchanges, 24.5)
    assert done.n_too_late == 0
    assert accused(copy.findings()) == {f"shell-{i}" for i in range(60)}
    again = copy.tick(exchanges, 24.6)
    assert again.n_exchanges == done.n_exchanges
    counted = np.concatenate([closing.exchange for closing in copy.closings()])
    assert len(set(counted.tolist())) == len(counted)
    assert done.n_exchanges + len(counted) >= exchanges.num_rows


def test_no_logs_are_told_apart_from_empty_ones(tmp_path: Path) -> None:
    """No folder is an error, one without logs is nothing to do yet."""
    with pytest.raises(MissingData, match="no folder of logs"):
        tick(tmp_path / "none", tmp_path / "state", tmp_path / "out")
    (tmp_path / "logs").mkdir()
    assert tick(tmp_path / "logs", tmp_path / "state", tmp_path / "out").is_idle
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [{"period_hours": 0}, {"period_hours": 169}, {"grace_s": -1}])
def test_periods_that_mean_nothing_are_refused(options: dict[str, int]) -> None:
    """With the option and what is allowed."""
    with pytest.raises(InvalidInput, match=next(iter(options))):
        WatchOptions(**options)  # type: ignore[arg-type]  # integers all
