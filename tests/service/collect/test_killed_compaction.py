"""Compaction killed at each of its steps, on a real disk: everything can be read then, and stands once in the end."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
from tests.service.collect.killed_compaction import FILES, compact
from tests.service.collect.rows import SALT, stored

from stillwatch.ingest import ingest
from stillwatch.service.collect.places import Places

ROOT = Path(__file__).parents[3]
ALL = sorted(f"{i}{x}" for i in range(FILES) for x in "ab")


def read(folder: Path) -> list[str]:
    """Ids as a scan of the traffic reads them, where twice is once."""
    table = pa.Table.from_batches(list(ingest(folder / "traffic", salt=SALT).batches()))
    return sorted(table["exchange_id"].to_pylist())


def test_killed_at_each_step(tmp_path: Path) -> None:
    """Whatever the step: a scan sees every exchange once, and the next start leaves one file of them."""
    command = [sys.executable, "-m", "tests.service.collect.killed_compaction", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, check=False, text=True, timeout=540, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    folders = sorted(tmp_path.iterdir())
    assert len(folders) == int(result.stdout) > 3 * 2 + 2 * FILES
    counts = set()
    for folder in folders:
        assert read(folder) == ALL
        counts.add(len(stored(folder)))
        compact(Places(folder), 0)
        assert sorted(stored(folder)) == ALL
        assert not list(Places(folder).plans.glob("*.json"))
    assert {len(ALL), 2 * len(ALL)} < counts
