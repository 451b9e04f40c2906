"""A console over one scan: what it is opened on must be there."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.report.examples import example_findings

from stillwatch.console.assembling import console_over
from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.report import write_findings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Findings of a scan."""
    write_findings(example_findings(), tmp_path / "findings")
    return tmp_path / "findings"


def test_the_link_opens_it_and_nothing_else_does(folder: Path) -> None:
    """Once; what is done is kept beside the findings, and a second start finds it."""
    with console_over(folder) as opened:
        client = TestClient(opened.app)
        assert "printed" in client.get("/console").text
        assert "What needs a person" in client.get(f"/console/enter?key={opened.entry.text}").text
        assert TestClient(opened.app).get(f"/console/enter?key={opened.entry.text}").status_code == 403
    with console_over(folder) as again:
        assert again.entry.text != opened.entry.text
    assert (folder / "console" / "service.db").is_file()


def test_a_folder_without_findings(tmp_path: Path) -> None:
    """It says what to do first."""
    with pytest.raises(MissingData, match="run 'stillwatch scan' first"), console_over(tmp_path):
        pass


@pytest.mark.parametrize(("logs", "error"), [("nowhere", UnreadableSource), ("-", InvalidInput)])
def test_logs_that_are_not_there(folder: Path, logs: str, error: type[Exception]) -> None:
    """They are refused at the start, not when somebody wants to look."""
    with pytest.raises(error), console_over(folder, [logs]):
        pass
