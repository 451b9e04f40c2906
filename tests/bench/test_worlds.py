"""Worlds: what is in them, and when they are written again."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stillwatch.bench.worlds import CAMPAIGNS, DOSE_ACCOUNTS, DOSE_PER_ACCOUNT, EVASIONS, World, doses
from stillwatch.errors import InvalidInput
from stillwatch.simulate import MARKER


def test_scenarios_follow_the_generator() -> None:
    """Only other hands than the first send ordinary content; names outside a world are left out."""
    second, third = (World.of("evasions", generator=name, seed=1, scale=0.05) for name in ("second", "third"))
    first = World.of("evasions", generator="first", seed=1, scale=0.05)
    assert second.scenarios == third.scenarios == EVASIONS
    assert set(EVASIONS) - set(first.scenarios) == {"ordinary-content"}
    some = World.of("campaigns", generator="first", seed=1, scale=0.05, only=("slow-drip", "small-ring"))
    assert some.scenarios == ("slow-drip",)
    assert World.of("innocents", generator="second", seed=1, scale=0.05).scenarios == ()
    assert len(CAMPAIGNS) == 12


def test_all_problems_are_told_at_once() -> None:
    """A wrong name, generator and scale make one message."""
    with pytest.raises(
        InvalidInput, match=r"world must .* got heaven; generator must .* got fourth; scale must .* got 2"
    ):
        World.of("heaven", generator="fourth", seed=1, scale=2)


def test_doses_cover_the_grid_under_names_of_their_own() -> None:
    """Every pair of accounts and exchanges an account is there for both kinds, and no name twice."""
    planted = doses()
    assert len({d.campaign for d in planted}) == len(planted) == 2 * len(DOSE_ACCOUNTS) * len(DOSE_PER_ACCOUNT)
    assert planted[1].campaign == "slow-drip-2"
    assert planted[1].spec == "slow-drip:accounts=20,per_account=2"


def test_a_world_is_written_once(tmp_path: Path) -> None:
    """The same world is kept; another seed takes its place; a half-written one is written again."""
    folder = tmp_path / "w"
    world = World.of("campaigns", generator="first", seed=3, scale=1 / 1000, only=("slow-drip",))
    world.build(folder)
    logs = folder / "logs" / "part-0000.parquet"
    written = logs.stat().st_mtime_ns
    world.build(folder)
    assert logs.stat().st_mtime_ns == written
    held = set(pq.read_table(folder / "truth" / "exchanges.parquet")["campaign"].to_pylist())
    assert held == {None, "slow-drip"}
    (folder / "truth" / "world.json").unlink()
    world.build(folder)
    assert logs.stat().st_mtime_ns != written
    World.of("campaigns", generator="first", seed=4, scale=1 / 1000, only=("slow-drip",)).build(folder)
    assert '"seed": 4' in (folder / "truth" / "world.json").read_text()


def test_other_files_are_spared(tmp_path: Path) -> None:
    """A folder that is no world is refused and stays as it was."""
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InvalidInput, match="other files"):
        World.of("innocents", generator="second", seed=3, scale=1 / 1000).build(tmp_path)
    assert (tmp_path / "mine.txt").exists()
    assert MARKER == ".stillwatch"


def test_innocents_hold_both_generators_and_no_attack(tmp_path: Path) -> None:
    """Nothing is planted, and kinds of both authors are there."""
    World.of("innocents", generator="second", seed=3, scale=1 / 1000).build(tmp_path / "w")
    truth = pq.read_table(tmp_path / "w" / "truth" / "exchanges.parquet")
    kinds = set(truth["population"].to_pylist())
    assert truth["campaign"].null_count == truth.num_rows
    assert "people" in kinds
    assert {name for name in kinds if name.startswith("second-")}


def test_attacks_of_the_second_generator_are_planted(tmp_path: Path) -> None:
    """The scenario asked for is there, and no other."""
    world = World.of("evasions", generator="second", seed=3, scale=1 / 1000, only=("small-ring",))
    world.build(tmp_path / "w")
    truth = pq.read_table(tmp_path / "w" / "truth" / "exchanges.parquet")
    assert set(truth["campaign"].to_pylist()) == {None, "small-ring"}
