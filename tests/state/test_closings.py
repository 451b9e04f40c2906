"""Closings: which exchanges a state has counted, confirmed after a crash only if it has."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stillwatch.errors import UnreadableSource
from stillwatch.state.closings import REMEMBERED, Closing, Closings, known_hashes


def closing(number: int, digest: str | None = "d") -> Closing:
    """A period with two exchanges."""
    hashes = np.array([number, 1_000 + number], np.uint64)
    return Closing(number, number * 10, number * 10 + 10, digest, hashes, ("log.parquet 7 9",))


def told(closings: Closings) -> list[int]:
    """Numbers of those that are confirmed."""
    return [one.number for one in closings.all()]


def counted(folder: Path, n: int) -> Closings:
    """A folder with `n` closings."""
    closings = Closings(folder)
    for number in range(1, n + 1):
        closings.open(closing(number))
        closings.confirm(closing(number))
    return closings


def test_a_closing_is_read_back(tmp_path: Path) -> None:
    """With its hashes and what it says."""
    (found,) = counted(tmp_path / "new", 1).all()
    assert found.facts() == closing(1).facts()
    assert found.exchange.tolist() == [1, 1_001]


@pytest.mark.parametrize(("digest", "confirmed"), [("d", [1]), ("other", []), (None, [])])
def test_an_open_one_counts_if_the_state_says_so(tmp_path: Path, digest: str | None, confirmed: list[int]) -> None:
    """After a crash it is confirmed when the state was made from its input, else dropped."""
    closings = Closings(tmp_path)
    closings.open(closing(1))
    assert told(closings) == []
    closings.settle(digest)
    assert told(closings) == confirmed
    assert len(closings.names()) == len(confirmed)


def test_an_empty_period_that_was_not_confirmed_is_dropped(tmp_path: Path) -> None:
    """It has no input that a state could be made from."""
    closings = Closings(tmp_path)
    closings.open(closing(1, None))
    closings.settle(None)
    assert closings.names() == []


def test_old_ones_are_forgotten(tmp_path: Path) -> None:
    """The newest are kept, and all their exchanges are known."""
    closings = counted(tmp_path, REMEMBERED + 3)
    assert told(closings) == list(range(4, REMEMBERED + 4))
    assert known_hashes(closings.all()).tolist() == sorted(
        [*range(4, REMEMBERED + 4), *range(1_004, REMEMBERED + 1_004)]
    )
    assert known_hashes([]).tolist() == []


def cut(path: Path) -> None:
    """Lose half of a file."""
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    """Change a hash."""
    data = path.read_bytes()
    at = data.index((1_002).to_bytes(8, "little"))
    path.write_bytes(data[:at] + b"\x07" + data[at + 1 :])


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
def test_damage_is_told(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """A closing that is damaged or missing between others is no reason to count anything again."""
    closings = counted(tmp_path, 3)
    damage(tmp_path / "closing-000002.parquet")
    with pytest.raises(UnreadableSource, match="restore the folder"):
        closings.all()


def test_what_a_killed_write_left_is_cleared(tmp_path: Path) -> None:
    """Partial files are removed."""
    closings = counted(tmp_path, 1)
    (tmp_path / "closing-000002.open.parquet.partial").write_bytes(b"half")
    closings.settle(None)
    assert closings.names() == ["closing-000001.parquet"]
