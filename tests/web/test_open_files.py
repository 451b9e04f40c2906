"""A process takes the room for connections that it may have."""

import resource
import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
from stillwatch.web.open_files import allow_connections
soft, hard, most = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(allow_connections(most), resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "most", "wanted"), [(64, 200, 150, 150), (64, 100, 150, 100), (90, 100, 80, 90)]
)
def test_as_many_as_it_may(soft: int, hard: int, most: int, wanted: int) -> None:
    """Up to what is wanted and what the system allows; it never takes room away."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < hard:
        pytest.skip("the system allows fewer")
    command = [sys.executable, "-c", SCRIPT, str(soft), str(hard), str(most)]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert told == f"{wanted} ({wanted}, {hard})\n"
