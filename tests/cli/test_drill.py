"""``stillwatch drill``: the table in words and in JSON."""

import json

import pytest
from typer.testing import CliRunner

from stillwatch.cli import app

runner = CliRunner()


@pytest.fixture(scope="module")
def small() -> list[str]:
    """A forum of eight members for 28 weeks."""
    return ["drill", "--members", "8", "--weeks", "28", "--repeats", "1", "--seed", "5"]


def test_the_table_says_what_is_believed(small: list[str]) -> None:
    """A row for each strategy and share, then a sentence for each strategy, then what it does not say."""
    result = runner.invoke(app, small)
    assert result.exit_code == 0, result.output
    for strategy in ("lie", "flood", "echo"):
        assert f"{strategy}: nothing planted was believed" in result.stdout
    assert (
        sum(line.lstrip().startswith(("5%", "10%", "20%", "30%", "40%")) for line in result.stdout.splitlines()) == 20
    )
    assert "simulated" in result.stdout


def test_json_says_the_same(small: list[str]) -> None:
    """One document with the rates, the seed and the rows; the same seed gives the same bytes."""
    said = [runner.invoke(app, [*small, "--json"]).stdout for _ in range(2)]
    assert said[0] == said[1]
    found = json.loads(said[0])
    assert (found["seed"], found["rates"]["members"], len(found["rows"])) == (5, 8, 20)
    assert {"strategy", "bad_share", "n_planted", "planted_high", "last_high", "true_high", "caught_weeks"} == set(
        found["rows"][0]
    )
