"""A front, a writer and a Redis that are killed again and again: whoever was answered finds his exchanges, once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.service.collect.redis_server import BINARY
from tests.service.collect.rows import n_aside, stored

KILLS = 24
ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(BINARY is None, reason="there is no redis-server on this machine")
def test_killed_one_after_the_other(tmp_path: Path) -> None:
    """Killed at random moments, bodies repeated until answered: each exchange is in the journal once, none is lost."""
    command = [sys.executable, "-m", "tests.service.collect.killed_redis", str(tmp_path), str(KILLS), "11"]
    result = subprocess.run(command, capture_output=True, check=False, text=True, timeout=560, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["killed"] == {"front": KILLS // 3, "writer": KILLS // 3, "redis": KILLS // 3}
    assert (told["end"], told["open"]) == (0, 0), result.stderr
    names = stored(tmp_path / "service")
    assert sorted(names) == sorted(told["names"])
    assert len(names) == told["rows"] * told["received"] // (told["rows"] + 1) > 0
    assert n_aside(tmp_path / "service") >= told["quarantined"] > 0
