"""Days scanned one after the other with a state: names stay, evidence adds up, nothing counts twice."""

import importlib
import shutil
from collections.abc import Iterator
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
from stillwatch.errors import InvalidInput
from stillwatch.model.exchange import EXCHANGE
from stillwatch.report.json import from_json, to_json
from stillwatch.state import State
from stillwatch.state.folder import StateFolder
from stillwatch.state.inputs import DAY_US

SCAN = importlib.import_module("stillwatch.scan")
SALT = b"salt of these tests"
N_DAYS = 4


@pytest.fixture(scope="module", autouse=True)
def salted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One salt for all scans."""
    file = tmp_path_factory.mktemp("salt") / "salt"
    file.write_bytes(SALT)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STILLWATCH_SALT", str(file))
        yield


def cut(exchanges: pa.Table, folder: Path, n_days: int) -> list[Path]:
    """A folder of logs for each of the first days."""
    day = exchanges["time"].cast(pa.int64()).to_numpy() // DAY_US
    parts = [exchanges.filter(pa.array(day == d)) for d in np.unique(day)[1 : n_days + 1]]
    return [write(folder / f"day-{i}", part) for i, part in enumerate(parts, 1)]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four days of three hundred people and a harvest of sixty accounts."""
    return cut(traffic.mixed(), tmp_path_factory.mktemp("days"), N_DAYS)


@pytest.fixture(scope="module")
def scans(
    logs: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[stillwatch.Findings], list[Path], list[int]]:
    """Findings of each day, copies of the state after each, and the rows that went through the sketch stage."""
    state, copies, rows = tmp_path_factory.mktemp("kept") / "state", [], []
    real, findings = SCAN.sketch_exchanges, []

    def counted(engine: Any, exchanges: Any, *rest: Any) -> Any:
        rows.append(exchanges.count())
        return real(engine, exchanges, *rest)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SCAN, "sketch_exchanges", counted)
        for i, folder in enumerate(logs):
            findings.append(stillwatch.scan(folder, state=state))
            copies.append(Path(shutil.copytree(state, state.with_name(f"after-{i}"))))
    return findings, copies, rows


def state_in(folder: Path) -> State:
    """Current state of a folder."""
    with StateFolder(folder, SALT).held() as held:
        current = held.current()
        assert current is not None
        return held.load(current)


def accused(findings: stillwatch.Findings) -> set[str]:
    """Accounts of harvests."""
    named = findings.streams.filter(pc.equal(findings.streams["verdict"], "harvest"))
    return set(named["account_id"].to_pylist())


def test_a_campaign_keeps_its_id_and_says_since_when_it_is_open(scans: Any) -> None:
    """One harvest every day, under one id; from the second day on with the time of its first exchange."""
    findings, _, _ = scans
    campaigns = [campaign for day in findings for campaign in harvests(day)]
    assert len(campaigns) == N_DAYS
    assert len({campaign.campaign_id for campaign in campaigns}) == 1
    assert campaigns[0].open_since is None
    assert {campaign.open_since for campaign in campaigns[1:]} == {campaigns[0].first_seen}
    (read,) = harvests(from_json(to_json(findings[-1])))
    assert (read.open_since, read.also_known_as) == (campaigns[0].first_seen, ())


def test_nobody_but_the_harvest_is_accused(scans: Any) -> None:
    """On no day, and all sixty in the end."""
    named = set().union(*(accused(day) for day in scans[0]))
    assert named == {f"shell-{i}" for i in range(60)}


def test_a_day_costs_a_day(scans: Any, logs: list[Path]) -> None:
    """The sketch stage sees the exchanges of the day, on every day."""
    assert scans[2] == [pq.read_table(folder / "log-0.parquet").num_rows for folder in logs]


def test_evidence_of_days_adds_up(scans: Any, logs: list[Path]) -> None:
    """The last day's score with the days before is higher than alone, and counts their exchanges."""
    (alone,), (together,) = harvests(stillwatch.scan(logs[-1])), harvests(scans[0][-1])
    assert together.bits > alone.bits
    assert together.families[0].n_exchanges > 2 * alone.families[0].n_exchanges
    assert together.n_exchanges == alone.n_exchanges


def test_the_last_day_scanned_again_gives_the_same(scans: Any, logs: list[Path], tmp_path: Path) -> None:
    """Same findings, same state to the last byte, in other files and another order of rows too."""
    findings, copies, _ = scans
    folder = Path(shutil.copytree(copies[-1], tmp_path / "state"))
    before = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    rows = pq.read_table(logs[-1] / "log-0.parquet")
    shuffled = rows.take(pa.array(np.random.default_rng(1).permutation(rows.num_rows)))
    again = stillwatch.scan(write(tmp_path / "again", shuffled, files=3), state=folder)
    same_findings(again, findings[-1])
    assert {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_scan_killed_after_its_state_was_written_may_be_run_again(
    scans: Any, logs: list[Path], tmp_path: Path
) -> None:
    """The day before the last, scanned again on its own state, leaves what the next day goes on from."""
    folder = Path(shutil.copytree(scans[1][-2], tmp_path / "state"))
    stillwatch.scan(logs[-2], state=folder)
    same_findings(stillwatch.scan(logs[-1], state=folder), scans[0][-1])
    assert state_in(folder) == state_in(scans[1][-1])


def test_an_earlier_day_is_refused(scans: Any, logs: list[Path], tmp_path: Path) -> None:
    """It counts already; so does a log that holds it and more."""
    folder = Path(shutil.copytree(scans[1][-1], tmp_path / "state"))
    with pytest.raises(InvalidInput, match="100% of these exchanges were counted already"):
        stillwatch.scan(logs[0], state=folder)
    with pytest.raises(InvalidInput, match="were counted already"):
        stillwatch.scan(logs[2:], state=folder)
    assert state_in(folder) == state_in(scans[1][-1])


def test_a_day_without_exchanges_changes_nothing(scans: Any, tmp_path: Path) -> None:
    """There is nothing to find and nothing to remember."""
    folder = Path(shutil.copytree(scans[1][-1], tmp_path / "state"))
    findings = stillwatch.scan(write(tmp_path / "none", traffic.table([]), accounts=False), state=folder)
    assert not findings.campaigns
    assert state_in(folder) == state_in(scans[1][-1])


def test_the_window_is_the_states_own(scans: Any, logs: list[Path], tmp_path: Path) -> None:
    """Another one is refused, and a window without a state means nothing."""
    folder = Path(shutil.copytree(scans[1][-1], tmp_path / "state"))
    with pytest.raises(InvalidInput, match="made for a window of 14 days, --state-days is 7"):
        stillwatch.scan(logs[-1], state=folder, state_days=7)
    with pytest.raises(InvalidInput, match="needs a --state folder"):
        stillwatch.scan(logs[-1], state_days=7)


def test_no_text_is_in_the_state(scans: Any) -> None:
    """Neither a prompt's words nor an account's name nor an address, sealed or not."""
    tables = state_in(scans[1][-1]).tables()
    texts = {
        str(value)
        for table in tables.values()
        for c in table.columns
        if pa.types.is_string(c.type)
        for value in c.to_pylist()
    }
    assert all(text == "harvest" or text.startswith("campaign-") or len(text) == 32 for text in texts)
    files = b"".join(p.read_bytes() for p in scans[1][-1].rglob("*.sealed"))
    assert not any(word in files for word in (b"tutor", b"shell-", b"person-", b"192.0."))


def next_day(rows: list[dict[str, Any]]) -> pa.Table:
    """Exchanges of the day after the last, with ids of their own."""
    start = (traffic.START_US // DAY_US + N_DAYS + 1) * DAY_US - traffic.START_US
    table = traffic.table([row | {"time": start + 3_600_000_000 + row["time"] % (DAY_US // 2)} for row in rows])
    ids = pa.array([f"next-{i}" for i in range(len(table))], pa.string())
    return table.set_column(EXCHANGE.get_field_index("exchange_id"), EXCHANGE.field("exchange_id"), ids)


@pytest.fixture(scope="module")
def quiet_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People, one of them with the harvest's client; and the first exchange of each of three replacement accounts."""
    rng = np.random.default_rng(77)
    (shell,) = traffic.harvest(rng, 1, 1)
    texts = [traffic.TEMPLATE.format(f"if {n} boats leave a harbour with {n + 3} men on board") for n in range(3)]
    fresh = [
        shell | {"account_id": f"fresh-{i}", "prompt_text": text, "client_address": f"198.51.{i}.7"}
        for i, text in enumerate(texts)
    ]
    client = {name: shell[name] for name in ("client_build", "temperature", "max_tokens")}
    people = [
        row | {"has_tools": None} | client if row["account_id"] == "person-3" else row
        for row in traffic.people(rng, 60, 8)
    ]
    return write(tmp_path_factory.mktemp("quiet") / "logs", next_day(people + fresh))


def test_a_replacement_is_named_on_its_first_exchange_and_a_bystander_is_not(
    scans: Any, quiet_day: Path, tmp_path: Path
) -> None:
    """Alone the day shows nothing; with the state the new accounts are the campaign's, who shares its client is not."""
    assert not accused(stillwatch.scan(quiet_day))
    folder = Path(shutil.copytree(scans[1][-1], tmp_path / "state"))
    findings = stillwatch.scan(quiet_day, state=folder)
    (campaign,), (before,) = harvests(findings), harvests(scans[0][-1])
    assert accused(findings) == {"fresh-0", "fresh-1", "fresh-2"}
    assert campaign.campaign_id == before.campaign_id
    assert campaign.n_exchanges == 3


def test_what_is_older_than_the_window_is_forgotten(scans: Any, quiet_day: Path, tmp_path: Path) -> None:
    """A month later three exchanges of the template are nobody's campaign."""
    folder = Path(shutil.copytree(scans[1][-1], tmp_path / "state"))
    table = pq.read_table(quiet_day / "log-0.parquet")
    later = pc.cast(pc.add(table["time"].cast(pa.int64()), 30 * DAY_US), EXCHANGE.field("time").type)
    table = table.set_column(EXCHANGE.get_field_index("time"), EXCHANGE.field("time"), later)
    findings = stillwatch.scan(write(tmp_path / "later", table.cast(EXCHANGE)), state=folder)
    assert not accused(findings)
    assert not len(state_in(folder).earlier.campaigns.campaigns)
