"""A folder of findings is written whole or not at all, and read back."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData, UnreadableSource
from stillwatch.report import write
from stillwatch.report.json import to_json
from stillwatch.report.write import MARKER, check_folder, read_findings, write_findings

from .examples import empty_findings, example_findings

FILES = {
    MARKER,
    "report.html",
    "campaigns.json",
    "run.json",
    "streams.parquet",
    "exchanges.parquet",
    "campaigns.parquet",
    "quarantine.parquet",
}


def names(folder: Path) -> set[str]:
    """Names of what a folder holds."""
    return {path.name for path in folder.iterdir()}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """All files are there, nothing else is, and the findings come back."""
    findings = example_findings()
    report = write_findings(findings, tmp_path / "a" / "out")
    back = read_findings(tmp_path / "a" / "out")
    assert names(report.parent) == FILES
    assert names(tmp_path / "a") == {"out"}
    assert to_json(back) == to_json(findings)
    assert back.stage_s == findings.stage_s
    assert back.streams.equals(findings.streams)
    assert back.quarantine.schema.equals(findings.quarantine.schema)


def test_earlier_findings_are_replaced(tmp_path: Path) -> None:
    """A second scan into the same folder leaves only its own findings, and a reader's notes beside them."""
    write_findings(example_findings(), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    write_findings(empty_findings(), tmp_path)
    assert read_findings(tmp_path).campaigns == ()
    assert names(tmp_path) == FILES | {"notes.txt"}


def test_logs_are_never_overwritten(tmp_path: Path) -> None:
    """A folder that holds something else is refused before anything is written."""
    (tmp_path / "exchanges.parquet").write_text("logs")
    with pytest.raises(InvalidInput, match="holds other files"):
        write_findings(example_findings(), tmp_path)
    assert (tmp_path / "exchanges.parquet").read_text() == "logs"
    with pytest.raises(InvalidInput, match="is a file"):
        check_folder(tmp_path / "exchanges.parquet")


def test_a_crash_while_writing_leaves_the_old_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half written is seen, and nothing is left over."""

    def crash(_: object) -> str:
        msg = "no space"
        raise OSError(28, msg)

    write_findings(empty_findings(), tmp_path / "out")
    monkeypatch.setattr(write, "to_json", crash)
    with pytest.raises(UnreadableSource, match="no space"):
        write_findings(example_findings(), tmp_path / "out")
    assert read_findings(tmp_path / "out").campaigns == ()
    assert names(tmp_path) == {"out"}


def test_a_crash_while_moving_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old and new files are never read together."""
    write_findings(example_findings(), tmp_path / "out")
    monkeypatch.setattr(write, "_FILES", ("report.html", "gone.parquet"))
    with pytest.raises(UnreadableSource):
        write_findings(empty_findings(), tmp_path / "out")
    with pytest.raises(IncompatibleVersion, match="incomplete"):
        read_findings(tmp_path / "out")


def test_reading_says_what_is_wrong(tmp_path: Path) -> None:
    """No findings, a damaged table and a table of another layout are three different errors."""
    with pytest.raises(MissingData, match="stillwatch scan"):
        read_findings(tmp_path)
    write_findings(example_findings(), tmp_path)
    (tmp_path / "streams.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(UnreadableSource, match=r"streams\.parquet"):
        read_findings(tmp_path)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "streams.parquet")
    with pytest.raises(IncompatibleVersion, match="other columns"):
        read_findings(tmp_path)


def test_lone_surrogates_do_not_stop_the_report(tmp_path: Path) -> None:
    """Text that no encoding can hold is replaced in the page and kept in the JSON."""
    findings = example_findings()
    odd = replace(findings, reference="a\ud800b")
    write_findings(odd, tmp_path)
    assert read_findings(tmp_path).reference == "a\ud800b"
