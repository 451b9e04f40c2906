"""``stillwatch calibrate``: options reach the function, and the words and JSON say what was made."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stillwatch import calibrate as module
from stillwatch.cli import app
from stillwatch.detect.reference import ReferenceFile

runner = CliRunner()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Put the default reference in the place of a calibration; gives the calls."""
    seen: list[dict[str, Any]] = []

    def learn(paths: list[str], out: Path, **options: Any) -> ReferenceFile:
        seen.append({"paths": paths, "out": out, **options})
        options["on_progress"]("read", 1, 2)
        return ReferenceFile.load()

    monkeypatch.setattr(module, "calibrate", learn)
    return seen


def test_options_become_rules(calls: list[dict[str, Any]], tmp_path: Path) -> None:
    """Every flag is passed on."""
    flags = "--lag-days 7 --min-verified-level 1 --min-age-days 30 --exclude a --exclude b --exclude-accounts bad"
    result = runner.invoke(
        app, ["calibrate", "logs", "--out", str(tmp_path / "o"), *flags.split(), "--vouched", "good"]
    )
    assert result.exit_code == 0, result.output
    rules = calls[0]["rules"]
    assert (rules.lag_days, rules.min_verified_level, rules.min_age_days) == (7.0, 1, 30.0)
    assert (rules.exclude, rules.exclude_accounts, rules.vouched) == ((Path("a"), Path("b")), Path("bad"), Path("good"))


def test_words_say_bars_and_what_is_next(calls: list[dict[str, Any]], tmp_path: Path) -> None:
    """One line a bar, where it was written, and the command that uses it."""
    out = tmp_path / "o.parquet"
    result = runner.invoke(app, ["calibrate", "logs", "--out", str(out)])
    assert calls
    assert result.output.count("Bar for ") == 2
    assert f"next: stillwatch scan LOGS --reference {out}" in result.output


def test_json_says_the_same(calls: list[dict[str, Any]], tmp_path: Path) -> None:
    """Name, bars and provenance."""
    result = runner.invoke(app, ["calibrate", "logs", "--out", str(tmp_path / "o"), "--json"])
    told = json.loads(result.stdout)
    assert calls
    assert told["bar_bits"] == ReferenceFile.load().bar_bits
    assert [bar["low"] for bar in told["bars"]] == [10, 20]


def test_rules_that_mean_nothing_end_before_any_work(calls: list[dict[str, Any]], tmp_path: Path) -> None:
    """A negative lag is refused."""
    result = runner.invoke(app, ["calibrate", "logs", "--out", str(tmp_path / "o"), "--lag-days", "-1"])
    assert result.exit_code != 0
    assert not calls
