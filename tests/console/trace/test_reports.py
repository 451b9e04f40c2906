"""Reports on suspects: the list, one of them, what is behind its pictures, and what is not shown."""

import io
import json
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from tests.console.conftest import Rig
from tests.console.trace.trace_room import leave_report, with_trace
from tests.report.traced.sample import HOSTILE, report, with_subject

from stillwatch.console.trace.listing import brief_of
from stillwatch.console.trace.tables import TABLES
from stillwatch.model.trace_report import Finding
from stillwatch.signing.keys import SigningKey

ONE = "/console/trace/reports/one"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one report and its bundle."""
    leave_report(tmp_path / "reports" / "one", report(), SigningKey.generate())
    return tmp_path / "reports"


def test_the_list_says_what_was_found(rig: Rig, folder: Path) -> None:
    """Suspect, finding, p-value for all tests, how many are named; every role may look."""
    text = with_trace(rig, folder).as_("vera").get("/console/trace").text
    assert f'href="{ONE}"' in text
    assert all(told in text for told in ("suspect.jsonl", "a data set", ">Found<", "5.8e-131", "25,000"))
    brief = brief_of(report())
    assert (brief.n_named, brief.n_tests) == (1, 25_000)


def test_what_cannot_be_read_is_a_row_that_says_so(rig: Rig, folder: Path) -> None:
    """Damaged, foreign, later, too large, a link, a name that no address takes: the rest of the list stands."""
    told = {"broken": b"{", "foreign": b'{"a": "<script>alert(1)</script>"}', "later": b""}
    told["later"] = json.dumps({"format": "stillwatch-trace-report", "format_version": 9}).encode()
    for name, data in told.items():
        (folder / name).mkdir()
        (folder / name / "report.json").write_bytes(data)
    (folder / "huge").mkdir()
    with (folder / "huge" / "report.json").open("wb") as file:
        file.truncate(1 << 30)
    (folder / "linked").mkdir()
    (folder / "linked" / "report.json").symlink_to("/etc/passwd")
    leave_report(folder / "a\u202eb", report())
    (folder / os.fsdecode(b"\xff")).mkdir()
    (folder / os.fsdecode(b"\xff") / "report.json").write_text("{}")
    browser = with_trace(rig, folder).as_("vera")
    answer = browser.get("/console/trace")
    assert answer.status_code == 200
    assert answer.text.count("not shown") == 7
    reasons = ("no JSON", "no report of stillwatch", "another version", "larger than 16 MiB", "no plain file")
    assert all(reason in answer.text for reason in reasons)
    assert answer.text.count("give the folder another one") == 2
    assert f'href="{ONE}"' in answer.text
    assert "<script>alert" not in answer.text
    for name in ("broken", "foreign", "later", "huge", "linked"):
        for path in ("", "/report.json", "/bundle.zip", "/tables/ranks?as=csv"):
            assert browser.get(f"/console/trace/reports/{name}{path}").status_code == 422


def test_a_report_that_changes_is_read_again(rig: Rig, folder: Path) -> None:
    """What the list remembers is of one state of the file."""
    browser = with_trace(rig, folder).as_("vera")
    assert "suspect.jsonl" in browser.get("/console/trace").text
    (folder / "one" / "report.json").unlink()
    (folder / "one" / "bundle.zip").unlink()
    (folder / "one").rmdir()
    leave_report(folder / "one", replace(report(), subject="another.jsonl"))
    assert "another.jsonl" in browser.get("/console/trace").text


def test_a_report_is_drawn_with_tables_and_downloads(rig: Rig, folder: Path) -> None:
    """Pictures as the page of the command has them, each with its numbers behind it."""
    answer = with_trace(rig, folder).as_("vera").get(ONE)
    text = answer.text
    assert answer.status_code == 200
    assert text.count("<svg") >= 3
    assert all(css in text for css in ("chance-band", 'class="found"', "needle"))
    assert all(f"/tables/{name}?as=csv" in text for name in TABLES)
    assert "Table of p-values by rank" in text
    assert "The bundle holds:" in text
    assert "A key holder can forge." in text
    assert not re.search(r'\sstyle="|<script(?! src)|\son[a-z]+="', text)


def test_downloads_hold_what_is_drawn(rig: Rig, folder: Path) -> None:
    """JSON and bundle byte by byte; tables as CSV and Parquet."""
    browser = with_trace(rig, folder).as_("vera")
    told = browser.get(f"{ONE}/report.json")
    assert told.content == (folder / "one" / "report.json").read_bytes()
    assert 'attachment; filename="report.json"' in told.headers["content-disposition"]
    bundle = browser.get(f"{ONE}/bundle.zip")
    assert bundle.content == (folder / "one" / "bundle.zip").read_bytes()
    assert bundle.headers["x-content-type-options"] == "nosniff"
    ranks = pq.read_table(io.BytesIO(browser.get(f"{ONE}/tables/ranks?as=parquet").content))
    assert ranks["rank"].to_pylist() == [one.rank for one in report().ranked]
    assert ranks["p_value"][0].as_py() == "2.3e-135"
    decoys = pacsv.read_csv(io.BytesIO(browser.get(f"{ONE}/tables/decoys?as=csv").content))
    assert (len(decoys), sum(decoys["is_real_key"].to_pylist())) == (1000, 1)
    tests = pq.read_table(io.BytesIO(browser.get(f"{ONE}/tables/tests?as=parquet").content))
    assert tests["about"].to_pylist() == [one.about for one in report().tests]
    estimates = pq.read_table(io.BytesIO(browser.get(f"{ONE}/tables/estimates?as=parquet").content))
    assert estimates["value"].to_pylist() == [0.42]
    assert browser.get(f"{ONE}/tables/keys?as=csv").status_code == 404
    assert browser.get(f"{ONE}/tables/ranks?as=xml").status_code == 404


def test_every_table_is_one_of_an_empty_report_too() -> None:
    """Columns without rows."""
    empty = replace(report(), tests=(), ranked=(), n_tests=0, null_runs=(), intervals=())
    assert {name: len(make(empty)) for name, make in TABLES.items()} == dict.fromkeys(TABLES, 0)


def test_a_report_of_too_little_is_shown(rig: Rig, folder: Path) -> None:
    """Without tests, pictures, keys and bundle."""
    empty = replace(report(), finding=Finding.TOO_LITTLE, tests=(), ranked=(), n_tests=0, null_runs=())
    leave_report(folder / "empty", replace(empty, intervals=(), keys=(), inputs=(), counts=(), limits=(), apart=()))
    text = with_trace(rig, folder).as_("vera").get("/console/trace/reports/empty").text
    assert "Too little to tell" in text
    assert "Nothing could be tested" in text
    assert "no bundle beside this report" in text
    assert "/bundle.zip" not in text
    assert with_trace(rig, folder).as_("vera").get("/console/trace/reports/empty/bundle.zip").status_code == 404


def test_hostile_names_are_text(rig: Rig, folder: Path) -> None:
    """In the list, on the page and in its title."""
    leave_report(folder / "hostile", with_subject(HOSTILE))
    browser = with_trace(rig, folder).as_("vera")
    for path in ("/console/trace", "/console/trace/reports/hostile"):
        text = browser.get(path).text
        assert "<script>alert" not in text
        assert not {"\u202e", "\x1b"} & set(text)
        assert "49" not in re.sub(r"\d{3,}|[\d.]+%|=\"[^\"]*\"", "", text.split("bold")[1][:40])


def test_a_bundle_that_does_not_hold_is_warned_of(rig: Rig, folder: Path) -> None:
    """Changed, of another report, or no bundle at all: the page says not to rely on it, and shows the report."""
    data = (folder / "one" / "bundle.zip").read_bytes()
    browser = with_trace(rig, folder).as_("vera")
    at = data.index(b"suspect.jsonl")
    changed = data[:at] + b"S" + data[at + 1 :]
    leave_report(folder / "other", replace(report(), subject="other"), SigningKey.generate())
    other = (folder / "other" / "bundle.zip").read_bytes()
    foreign = io.BytesIO()
    with zipfile.ZipFile(foreign, "w") as file:
        file.writestr("a", "b")
    for wrong, why in ((changed, "was changed"), (other, "of another report"), (foreign.getvalue(), ""), (b"x", "")):
        (folder / "one" / "bundle.zip").write_bytes(wrong)
        answer = browser.get(ONE)
        assert answer.status_code == 200
        assert "Do not rely on the bundle" in answer.text
        assert why in answer.text


def test_nothing_outside_the_folder_is_reached(rig: Rig, folder: Path) -> None:
    """However the name is spelt, and though a report lies there."""
    leave_report(folder.parent / "outside", report())
    (folder / "linked").symlink_to(folder.parent / "outside")
    browser = with_trace(rig, folder).as_("vera")
    for name in (
        "%2e%2e",
        "..%2foutside",
        "%2e%2e%2foutside",
        "linked",
        "one%00",
        "..%5coutside",
        "one%2f..%2fone",
    ):
        for part in ("", "/report.json", "/bundle.zip"):
            assert browser.get(f"/console/trace/reports/{name}{part}").status_code == 404


def test_reports_come_page_by_page(rig: Rig, folder: Path) -> None:
    """Fifty a page, the last one changed first."""
    for n in range(55):
        (folder / f"r{n:02}").mkdir()
        (folder / f"r{n:02}" / "report.json").write_text("{")
    browser = with_trace(rig, folder).as_("vera")
    first, second = browser.get("/console/trace").text, browser.get("/console/trace?page=2").text
    assert (first.count("not shown") + first.count(">Found<"), second.count("not shown") + second.count(">Found<")) == (
        50,
        6,
    )
    assert "51 to 56 of 56 reports" in second
    assert "No report on this page" in browser.get("/console/trace?page=9").text


def test_without_settings_the_page_says_which_to_add(rig: Rig, tmp_path: Path) -> None:
    """Nothing set; a folder that is not there; one that is empty; and a console of one scan."""
    text = rig.as_("vera").get("/console/trace").text
    assert "reports = " in text
    assert "trace = " in text
    assert rig.as_("vera").get(ONE).status_code == 404
    missing = with_trace(rig, tmp_path / "none").as_("vera").get("/console/trace")
    assert missing.status_code == 200
    assert "cannot look into" in missing.text
    (tmp_path / "empty").mkdir()
    assert "No report yet" in with_trace(rig, tmp_path / "empty").as_("vera").get("/console/trace").text
