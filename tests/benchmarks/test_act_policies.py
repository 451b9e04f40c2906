"""The table of policies counts what was taken from whom, by the truth."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.act_policies import Played, Taken, cells
from tests.act.preview.made import Told, blocks, judged, row, stream


class Noted:
    """Accused exchanges, in order of time."""

    def __init__(self, ids: list[str]) -> None:
        self._ids = ids

    def accused_ids(self) -> pa.Array:
        return pa.array(self._ids)


def played(folder: Path) -> Played:
    """A world of five exchanges: the operator's harvest and cover, a stream attributed by mistake, two others."""
    truth = {
        "exchange_id": ["e-0", "e-1", "e-2", "e-3", "e-4"],
        "campaign": pa.array(["c", None, None, None, "c"], pa.string()),
    }
    accounts = {"account_id": ["bad", "poor", "good"], "campaign": pa.array(["c", None, None], pa.string())}
    (folder / "truth").mkdir()
    pq.write_table(pa.table(truth), folder / "truth" / "exchanges.parquet")
    pq.write_table(pa.table(accounts), folder / "truth" / "accounts.parquet")
    found = object.__new__(Played)
    found.folder, found._streams = folder, Noted(["e-0", "e-1", "e-2"])  # type: ignore[assignment]
    return found


def test_what_is_taken_is_counted_by_the_truth(tmp_path: Path) -> None:
    """A harvest that was missed counts as harvest; cover of the operator's accounts touches no person."""
    told = Told(streams=stream("bad") | stream("poor"))
    rows = [row("bad", 0, 0), row("bad", 1, 0), row("poor", 2, 0), row("good", 3), row("bad", 4)]
    world = played(tmp_path)
    assert world.taken(judged(rows, told, blocks())) == Taken(2, 1, 1, 0, 3, 1, 1, 2, 1)
    assert world.taken(judged(rows, told, blocks(then="degrade"))) == Taken(2, 1, 0, 1, 3, 1, 0, 2, 1)
    assert world.taken(judged(rows, told, blocks("stream.bits > 1000.0"))) == Taken(2, 1, 0, 0, 3, 0, 0, 2, 0)


def test_worlds_are_added_before_shares_are_made() -> None:
    """A small world weighs what it has; without harvest there is no share of it."""
    both = Taken(100, 90, 80, 0, 1000, 1, 0, 10, 1) + Taken(300, 300, 0, 30, 0, 0, 0, 0, 0)
    assert cells("w", "p", both)[2:6] == ["400", "97.5%", "20.0%", "7.5%"]
    assert cells("w", "p", Taken(legitimate=4, hurt=1))[2:8] == ["0", "", "", "", "4", "1 (25.000%)"]
