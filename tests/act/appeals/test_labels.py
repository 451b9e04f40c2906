"""What calibration takes: the accounts of upheld appeals, and their exchanges."""

import json
from pathlib import Path

import pytest
from tests.act.desk import NOW, Office, notice

from stillwatch.act.appeals.answering import Ruling, answer
from stillwatch.act.appeals.appeal import Grounds, Outcome
from stillwatch.act.appeals.labels import labels, write_labels
from stillwatch.calibrate import read_ids
from stillwatch.errors import UnreadableSource

WHY = "The school has shown us its timetable and its pupils."


def test_written_as_calibrate_reads_them(opened: Office, tmp_path: Path) -> None:
    """Upheld accounts stand in vouched.txt, denied ones do not; the other file names their exchanges."""
    good, bad = opened.file(notice(1)), opened.file(notice(2, account_id="acct-bad"))
    with opened.engine.begin() as connection:
        answer(connection, opened.trail, good.appeal_id, Ruling(Outcome.UPHELD, WHY, "bea"), NOW)
        answer(connection, opened.trail, bad.appeal_id, Ruling(Outcome.DENIED, WHY, "bea"), NOW)
        found = labels(connection)
    assert [(one.stream, one.grounds) for one in found] == [(notice().stream, Grounds.RESEARCH)]
    assert write_labels(found, {notice().stream: ["x2", "x1"]}, tmp_path / "out") == 1
    assert read_ids(tmp_path / "out" / "vouched.txt") == [notice().stream.account_id]
    (line,) = (tmp_path / "out" / "legitimate.jsonl").read_text().splitlines()
    assert json.loads(line)["exchanges"] == ["x1", "x2"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file in the way of the folder is told as what it is."""
    (tmp_path / "out").write_text("")
    with pytest.raises(UnreadableSource, match="cannot write"):
        write_labels([], {}, tmp_path / "out")
