"""``stillwatch simulate`` on the command line: sizes, scales and campaigns with options."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.cli.simulate import part_of_one, planted
from stillwatch.errors import InvalidInput
from stillwatch.simulate import CAMPAIGNS, EVASIONS

runner = CliRunner()


def simulated(out: Path, *arguments: str) -> dict[str, Any]:
    """What ``simulate --json`` says of a run without corpora."""
    done = runner.invoke(app, ["simulate", "--out", str(out), "--json", *arguments], env={"STILLWATCH_CORPORA": None})
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def refused(out: Path, *arguments: str) -> str:
    """What is said when a run is refused; nothing is written."""
    done = runner.invoke(app, ["simulate", "--out", str(out), *arguments], env={"STILLWATCH_CORPORA": None})
    assert isinstance(done.exception, InvalidInput)
    assert not out.exists()
    return str(done.exception)


def test_a_scale(tmp_path: Path) -> None:
    """A scale as a fraction: all campaigns by default, fewer by name."""
    made = simulated(tmp_path / "run", "--scale", "1/1000", "--days", "2", "--campaigns", "evasions")
    assert set(made["exchanges_by_campaign"]) == set(EVASIONS)
    assert made["scale"] == 0.001


def test_campaigns_with_options(tmp_path: Path) -> None:
    """Options reach the campaign and stand in the manifest; plain names may stand beside them."""
    made = simulated(
        tmp_path / "run",
        *("--exchanges", "5000", "--campaigns", "slow-drip"),
        *("--campaign", "slow-drip:accounts=60,per_account=3", "--campaign", "small-ring:policy=idle,payment_group=3"),
    )
    assert list(made["campaigns"]) == ["slow-drip", "slow-drip-2", "small-ring"]
    assert made["exchanges_by_campaign"]["slow-drip-2"] == 180
    assert made["accounts_by_campaign"]["slow-drip-2"] == 60
    assert made["campaigns"]["slow-drip-2"]["options"] == {"accounts": 60, "per_account": 3.0}
    assert made["campaigns"]["small-ring"]["operations"][0]["policy"] == "idle"


def test_bad_options_are_listed_at_once(tmp_path: Path) -> None:
    """Every problem of every campaign in one message."""
    said = refused(tmp_path / "run", "--campaign", "slow-drip:cover=99,speed=2", "--campaign", "nobody")
    assert all(words in said for words in ("cover must be a number from 0 to 30", "'speed' must be", "'nobody'"))


@pytest.mark.parametrize("scale", ["2", "1/2000", "0", "-1/20", "nan"])
def test_scales_out_of_range(tmp_path: Path, scale: str) -> None:
    """A scale must be within a thousandth and the whole."""
    assert "scale must be in [1/1000, 1]" in refused(tmp_path / "run", "--scale", scale)


def test_one_size_only(tmp_path: Path) -> None:
    """Exchanges and scale together are refused."""
    assert "exactly one of exchanges and scale" in refused(tmp_path / "run", "--scale", "1/100", "--exchanges", "5000")


@pytest.mark.parametrize("text", ["", "1/", "1/0", "one", "1/2/3"])
def test_no_part_of_one(text: str) -> None:
    """What is no number is refused with an example."""
    with pytest.raises(InvalidInput, match="fraction such as 1/20"):
        part_of_one(text)


def test_groups_of_campaigns() -> None:
    """Groups stand for their members, beside names and options."""
    assert planted("all") == tuple(campaign.name for campaign in CAMPAIGNS)
    assert planted("evasions, slow-drip", ["big-summer:accounts=30"]) == (
        *EVASIONS,
        "slow-drip",
        "big-summer:accounts=30",
    )
