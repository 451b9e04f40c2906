"""``stillwatch score-windows``: what it says, in words and in JSON, and what it keeps to itself."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput, UnreadableSource

runner = CliRunner()
_LISTED = [f"when does my {thing} number {i} arrive" for i in range(30) for thing in ("card", "parcel", "train")]
USUAL = [_LISTED[i] for i in np.random.default_rng(2).permutation(len(_LISTED))]
CAMPAIGN = [f"Explain your reasoning about claim {i}, then grade it." for i in range(20)]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Benign queries, and suspect ones with a campaign among them."""
    benign, suspect = tmp_path / "benign.txt", tmp_path / "suspect.txt"
    benign.write_text("\n".join(USUAL[::2]))
    suspect.write_text("\n".join(USUAL[1::2] + CAMPAIGN))
    return str(benign), str(suspect)


def run(*arguments: str) -> str:
    """Standard output of the command, which must succeed."""
    result = runner.invoke(app, ["score-windows", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_campaign_is_said_in_words(files: tuple[str, str]) -> None:
    """The verdict comes first, then the p-value, what it means and what it does not."""
    said = run(*files, "--permutations", "999")
    assert said.startswith("DIFFERENT")
    assert "p = 0.001" in said
    assert "It does not say why" in said


def test_no_difference_is_no_proof(files: tuple[str, str], tmp_path: Path) -> None:
    """Benign queries against others of the same source show nothing, and the limits of that are said."""
    (tmp_path / "other.txt").write_text("\n".join(USUAL[1::2]))
    said = run(files[0], str(tmp_path / "other.txt"), "--permutations", "999")
    assert said.startswith("no difference shown")
    assert "no proof of innocence" in said


def test_terms_are_shown_only_when_asked_for(files: tuple[str, str]) -> None:
    """Words of prompts are secrets unless --show-terms is given, in text and in JSON."""
    for form in ([], ["--json"]):
        kept, shown = (run(*files, "--permutations", "999", *form, *more) for more in ([], ["--show-terms"]))
        assert "reasoning" not in kept.lower()
        assert "claim" not in kept.lower()
        assert any(word in shown.lower() for word in ("reasoning", "claim", "explain", "grade"))


def test_json_says_the_same(files: tuple[str, str]) -> None:
    """Standard output is one JSON document with the null, the parts and the share."""
    found = json.loads(run(*files, "--permutations", "999", "--json"))
    (window,) = found["windows"]
    assert found["p_value"] == window["p_value"] == pytest.approx(0.001)
    assert found["is_different"] is window["is_different"] is True
    assert {"first", "last", "holm", "share", "parts", "n_benign"} <= set(window)
    assert 0 <= window["share"]["low"] <= window["share"]["estimate"] <= window["share"]["high"] <= 1
    assert "stood on the other side" in found["null"]


def test_windows_are_adjusted_for_how_many(files: tuple[str, str]) -> None:
    """With --window each stretch has its row, and the one with the campaign is marked."""
    said = run(*files, "--permutations", "999", "--window", "25")
    assert "1 of 3 windows DIFFERENT" in said
    assert sum("  DIFFERENT" in line for line in said.splitlines()) == 1


def test_days_make_drift_a_null(files: tuple[str, str], tmp_path: Path) -> None:
    """With --day the place among the days is said, and how small a p-value they allow."""
    days = []
    for i in range(3):
        (tmp_path / f"day{i}.txt").write_text("\n".join(USUAL[i::3]))
        days += ["--day", str(tmp_path / f"day{i}.txt")]
    said = run(*files, "--permutations", "999", *days)
    assert "place 1 of 5" in said
    assert "no p-value is below 0.2" in said
    assert json.loads(run(*files, "--permutations", "999", *days, "--json"))["drift"]["rank"] == 1


def test_a_column_is_named(tmp_path: Path, files: tuple[str, str]) -> None:
    """Tables are read by --column, for both files."""
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"asked": text}) for text in USUAL))
    assert run(str(path), str(path), "--column", "asked", "--permutations", "399").startswith("no difference")
    result = runner.invoke(app, ["score-windows", files[0], str(path), "--column", "asked"])
    assert result.exit_code == 0  # plain text has no columns, and needs none


def test_errors_say_the_next_step(files: tuple[str, str], tmp_path: Path) -> None:
    """A level that the permutations cannot reach, and a file that cannot be read, are said as such."""
    result = runner.invoke(app, ["score-windows", *files, "--permutations", "99", "--level", "0.001"])
    assert isinstance(result.exception, InvalidInput)
    assert "permutations must be at least 1000" in str(result.exception)
    (tmp_path / "bad.txt").write_bytes(b"fine\n\xff\xfe")
    result = runner.invoke(app, ["score-windows", files[0], str(tmp_path / "bad.txt")])
    assert isinstance(result.exception, UnreadableSource)
    assert "line 2" in str(result.exception)
