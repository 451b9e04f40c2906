"""A system that really refuses to write: nothing that was answered is lost, and it goes on when it may."""

import json
import subprocess
import sys
from pathlib import Path

from tests.service.collect.rows import stored

SCRIPT = Path(__file__).with_name("limited_collector.py")


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """At the system's limit for files some writes fail half way; each is refused for later, and none is there twice."""
    command = [sys.executable, str(SCRIPT), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, check=False, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert sorted(told["kept"]) == sorted([*(f"small-{i}" for i in range(12)), "too large"])
    assert sorted(stored(tmp_path)) == sorted(told["kept"])
    assert "the disk does not take it: File too large" in told["refused"]
