"""A collector that is killed a hundred times: whoever was answered finds his exchanges, once."""

import json
import subprocess
import sys
from pathlib import Path

from tests.service.collect.rows import n_aside, stored

from stillwatch.service.collect.places import Places

KILLS = 100
SCRIPT = Path(__file__).with_name("killed_collector.py")


def test_killed_at_random_points(tmp_path: Path) -> None:
    """Killed at random points, bodies repeated until answered: each exchange once, counts add up, nothing left over."""
    command = [sys.executable, str(SCRIPT), str(tmp_path), str(KILLS), "7"]
    result = subprocess.run(command, capture_output=True, check=False, text=True, timeout=540)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["killed"], told["end"]) == (KILLS, 0), result.stderr
    names = stored(tmp_path)
    assert sorted(names) == sorted(told["names"])
    assert told["accepted"] + told["duplicate"] + told["quarantined"] == told["received"]
    assert told["accepted"] + told["duplicate"] == len(names)
    assert 0 < told["accepted"] <= len(names)
    assert n_aside(tmp_path) >= told["quarantined"] > 0
    assert not list(Places(tmp_path).segments.iterdir())
