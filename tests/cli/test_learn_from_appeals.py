"""From upheld appeals to the next reference, by the commands of the how-to: what changes, and what stays cleared."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests import traffic
from tests.act.desk import NOW, Office, notice
from tests.act.desk import office as desk
from tests.scanning import harvests, write
from typer.testing import CliRunner

import stillwatch
from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import Outcome
from stillwatch.act.appeals.standing import cleared_streams
from stillwatch.act.cases.opening import update_cases
from stillwatch.act.decide.stream import Stream
from stillwatch.cli import app
from stillwatch.model.findings import Findings
from stillwatch.report import write_findings
from stillwatch.service.home import open_home
from stillwatch.service.settings import read_settings

WHY = "The school has shown us its timetable and its pupils."


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People who are verified by nobody, and pupils of a school who all send one worksheet."""
    return write(tmp_path_factory.mktemp("logs"), traffic.mixed())


@pytest.fixture(scope="module")
def found(logs: Path) -> Findings:
    """What a scan makes of them: it accuses the school."""
    return stillwatch.scan([logs])


def run(*arguments: str) -> Any:
    """What a command prints as JSON."""
    told = CliRunner().invoke(app, [*arguments, "--json"])
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def uphold(made: Office, findings: Findings) -> str:
    """A person upholds an appeal of each account of the harvest; its id."""
    (accused,) = harvests(findings)
    streams = findings.streams.to_pylist()
    accounts = sorted(row["account_id"] for row in streams if row["campaign_id"] == accused.campaign_id)
    with made.engine.begin() as connection:
        update_cases(connection, made.trail, [accused], NOW)
    for n, account_id in enumerate(accounts, 1):
        filed = made.file(notice(n, accused.campaign_id, account_id))
        with made.engine.begin() as connection:
            answer(connection, made.trail, filed.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), NOW)
    return accused.campaign_id


def test_the_next_reference_knows_them_and_the_next_tick_lets_them_be(
    logs: Path, found: Findings, tmp_path: Path
) -> None:
    """Nobody is verified, so that nothing is learnt but what people vouched for; and the stream stays cleared."""
    write_findings(found, tmp_path / "findings")
    (tmp_path / "service.toml").write_text('folder = "service"\n')
    with open_home(read_settings(tmp_path / "service.toml"), is_first=True):
        pass
    with desk(tmp_path / "service") as made:
        campaign_id = uphold(made, found)
        labels = ["--out", str(tmp_path / "labels"), "--findings", str(tmp_path / "findings")]
        told = run("appeal", "labels", *labels, "--settings", str(tmp_path / "service.toml"))
        lines = [json.loads(line) for line in (tmp_path / "labels" / "legitimate.jsonl").read_text().splitlines()]
        assert told["accounts"] == len(lines) > 50
        assert all(line["exchanges"] for line in lines)
        out, common = tmp_path / "ours.parquet", ["--lag-days", "3", "--exclude", str(tmp_path / "findings")]
        without = run("calibrate", str(logs), "--out", str(out), *common)["calibration"]
        vouched = ["--vouched", str(tmp_path / "labels" / "vouched.txt")]
        learnt = run("calibrate", str(logs), "--out", str(out), *common, *vouched)["calibration"]
        assert (without["n_own"], without["exchanges"]["excluded"] > 1_000) == (0, True)
        assert (learnt["n_own"] > 0, learnt["exchanges"]["excluded"]) == (True, 0)
        (again,) = (one for one in stillwatch.scan([logs], reference=out).campaigns if one.campaign_id == campaign_id)
        (before,) = harvests(found)
        assert again.bits < before.bits
        with made.engine.begin() as connection:
            update_cases(connection, made.trail, [again], NOW)
            cleared = cleared_streams(connection)
    assert {Stream(campaign_id, line["account_id"]) for line in lines} <= cleared
