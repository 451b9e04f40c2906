"""The command line: what goes to which stream, exit codes, and that nothing heavy is imported to say the version."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import stillwatch
from stillwatch import errors
from stillwatch.cli import app, main
from stillwatch.cli.options import default_out
from stillwatch.model.findings import FINDING_EXCHANGE, STREAM, Findings, Tally
from stillwatch.model.quarantine import QUARANTINE
from stillwatch.report import read_findings, write_findings

SCAN = importlib.import_module("stillwatch.scan")
"""The module; `stillwatch.scan` is the function."""

runner = CliRunner()


def findings_of(tally: Tally) -> Findings:
    """Findings without campaigns."""
    return Findings(
        campaigns=(),
        streams=STREAM.empty_table(),
        exchanges=FINDING_EXCHANGE.empty_table(),
        quarantine=QUARANTINE.empty_table(),
        tally=tally,
        n_accounts=3,
        n_families=1,
        not_judged=("no-networks",),
        reference="default",
        is_default_reference=True,
        reference_units=100,
        bar_bits=14.0,
        stage_s={"read": 0.1},
        version=stillwatch.__version__,
    )


CLEAN = findings_of(Tally(10, 10, 0, 0, 1, {"native": 10}))
DIRTY = findings_of(Tally(10, 7, 2, 1, 1, {"native": 10}))


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> Callable[[Findings | Exception], list[dict[str, Any]]]:
    """Put something in the place of the scan; gives the list of its calls."""

    def put(outcome: Findings | Exception) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def scan(paths: list[str], **options: Any) -> Findings:
            calls.append({"paths": paths, **options})
            options["on_progress"]("read", 1, 2)
            options["on_progress"]("score families", 2, 2)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(SCAN, "scan", scan)
        return calls

    return put


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and standard error of `main` with these arguments."""
    done = subprocess.run(
        [sys.executable, "-c", "from stillwatch.cli import main; main()", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_scan_prints_and_writes(scanned: Callable[..., Any], tmp_path: Path) -> None:
    """The table and the path on standard output, a line per stage on standard error, the findings in the folder."""
    calls = scanned(CLEAN)
    done = runner.invoke(app, ["scan", str(tmp_path), "--memory", "2GB", "--threads", "2", "--content", "hashed"])
    assert done.exit_code == 0
    assert "10 rows read = 10 kept + 0 quarantined + 0 duplicates" in done.stdout
    assert f"report: {tmp_path / 'findings' / 'report.html'}" in done.stdout
    assert "calibrate on your own traffic" in done.stdout
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "reading the logs",
        "scoring families",
        "in all",
    ]
    assert read_findings(tmp_path / "findings").tally == CLEAN.tally
    (call,) = calls
    assert (call["memory"], call["threads"], call["content"]) == ("2GB", 2, "hashed")


def test_json_is_alone_on_standard_output(scanned: Callable[..., Any], tmp_path: Path) -> None:
    """With --json, standard output is one JSON document and nothing else."""
    scanned(CLEAN)
    done = runner.invoke(app, ["scan", str(tmp_path), "--json"])
    assert json.loads(done.stdout)["tally"]["rows_read"] == 10


def test_strict_refuses_after_writing(
    scanned: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bad rows give exit code 3 under --strict, and the findings are there to be looked at; without it, 0."""
    scanned(DIRTY)
    assert runner.invoke(app, ["scan", str(tmp_path)]).exit_code == 0
    monkeypatch.setattr(sys, "argv", ["stillwatch", "scan", str(tmp_path), "--strict"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 3
    assert "error: 2 rows were quarantined and 1 were duplicates" in capsys.readouterr().err
    assert read_findings(tmp_path / "findings").tally == DIRTY.tally
    scanned(CLEAN)
    assert runner.invoke(app, ["scan", str(tmp_path), "--strict"]).exit_code == 0


@pytest.mark.parametrize("name", [n for n in errors.__all__ if n != "StillwatchError"])
def test_every_failure_is_one_line_and_its_code(
    name: str,
    scanned: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever stillwatch raises on purpose: no traceback, one line, nothing a terminal obeys, the documented code."""
    kind = getattr(errors, name)
    scanned(kind("what is \x1b[31mwrong\nand where (next step)"))
    monkeypatch.setattr(sys, "argv", ["stillwatch", "scan", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == kind.exit_code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "error: what is ⟨U+001B⟩[31mwrong and where (next step)"


def test_an_interrupt_is_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends with the code that shells expect, and leaves no findings."""

    def stop(*_: Any, **__: Any) -> Findings:
        raise KeyboardInterrupt

    monkeypatch.setattr(SCAN, "scan", stop)
    assert runner.invoke(app, ["scan", str(tmp_path)]).exit_code == 130
    assert not (tmp_path / "findings").exists()


def test_a_foreign_folder_is_refused_before_the_work(scanned: Callable[..., Any], tmp_path: Path) -> None:
    """A folder that holds something else is refused at once, not after an hour."""
    calls = scanned(CLEAN)
    (tmp_path / "mine.txt").write_text("mine")
    done = runner.invoke(app, ["scan", "logs.jsonl", "--out", str(tmp_path)])
    assert isinstance(done.exception, errors.InvalidInput)
    assert calls == []


def test_findings_go_where_people_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Into the folder of logs, else below the current folder."""
    monkeypatch.chdir(tmp_path)
    assert default_out([str(tmp_path), "other"]) == tmp_path / "findings"
    assert default_out(["-"]) == Path("findings")
    assert default_out(["logs/*.gz"]) == Path("findings")


def test_explain_names_what_there_is(tmp_path: Path) -> None:
    """Without findings, and with findings that lack the campaign, the next step is said."""
    done = runner.invoke(app, ["explain", "c-1", "--in", str(tmp_path)])
    assert isinstance(done.exception, errors.MissingData)
    write_findings(replace(CLEAN), tmp_path)
    done = runner.invoke(app, ["explain", "c-1", "--in", str(tmp_path)])
    assert "these findings hold: none" in str(done.exception)


@pytest.mark.parametrize("arguments", ["scan", "scan x --threads 0", "scan x --content y", "nonsense", "demo --seed x"])
def test_wrong_usage_is_2(arguments: str) -> None:
    """What the parser refuses ends with 2."""
    assert runner.invoke(app, arguments.split()).exit_code == 2


def test_every_command_has_help_and_json() -> None:
    """Each command explains itself and can print JSON."""
    for command in (["scan"], ["explain"], ["demo"], ["simulate"], ["score"], ["reference", "build"]):
        done = runner.invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
        assert done.exit_code == 0
        assert "--json" in done.stdout, command


def test_version_is_said_without_heavy_imports() -> None:
    """--version needs neither Arrow nor numba nor DuckDB."""
    program = (
        "import sys; from stillwatch.cli import app\n"
        "try: app(['--version'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'pyarrow', 'numba', 'duckdb', 'scipy', 'numpy', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"stillwatch {stillwatch.__version__}", "[]"]


def test_the_program_fails_in_one_line(tmp_path: Path) -> None:
    """The installed entry point behaves as the tests above say."""
    code, said = run("explain", "c-1", "--in", str(tmp_path))
    assert code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def test_shell_completion_is_offered() -> None:
    """Typer's own completion is installed with the program."""
    assert "--install-completion" in runner.invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
