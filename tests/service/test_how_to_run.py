"""The page for operators: its settings are read, its unit is one, its alarms ask for what there is."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.house.test_docs import blocks
from tests.service.running import running, settings_in

from stillwatch.service.metrics import METRICS
from stillwatch.service.settings import read_settings

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-the-service.md"
ANALYZE = shutil.which("systemd-analyze")
EXPOSED_AT_MOST = 30
"""Of 100, as systemd counts; a unit without any hardening has 96."""


def shown(name: str) -> str:
    """The file that the page shows under this name."""
    return next(b.body for b in blocks(PAGE.read_text()) if f"save={name}" in b.orders)


def test_settings_are_read(tmp_path: Path) -> None:
    """The page's settings are settings, and its environment names them."""
    (tmp_path / "stillwatch.toml").write_text(shown("stillwatch.toml"))
    told = read_settings(tmp_path / "stillwatch.toml")
    assert told.public_url == "https://api.example.com/stillwatch"
    assert "STILLWATCH_SERVICE=/etc/stillwatch.toml" in shown("stillwatch.env").splitlines()
    assert f"STILLWATCH_SALT={told.folder}/salt" in shown("stillwatch.env").splitlines()


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd on this machine")
def test_the_unit_is_one_and_is_hardened(tmp_path: Path) -> None:
    """Each of its lines is known to systemd, and little of the machine is open to it."""
    unit = tmp_path / "stillwatch.service"
    unit.write_text(shown("stillwatch.service").replace("/opt/stillwatch/bin/stillwatch", sys.executable))
    command = [str(ANALYZE), "security", "--offline=yes", f"--threshold={EXPOSED_AT_MOST}", str(unit)]
    for arguments in ([str(ANALYZE), "verify", str(unit)], command):
        done = subprocess.run(arguments, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert unit.name + ":" not in done.stderr


def test_alarms_ask_for_what_there_is(tmp_path: Path) -> None:
    """An alarm on a metric or on a label that is none never rings: each is found among those that a service tells."""
    rules = yaml.safe_load(shown("alerts.yaml"))["groups"][0]["rules"]
    asked = {re.match(r"(stillwatch_[a-z_]+)(?:\{([^}]*)\})?", rule["expr"]) for rule in rules}
    assert len(asked) == len(rules) >= 5
    with running(settings_in(tmp_path)) as service, service.client() as client:
        told = client.get("/metrics").raise_for_status().text
    for found in asked:
        assert found is not None
        name, labels = found[1], found[2]
        assert name in METRICS
        if labels and name == "stillwatch_problems":
            assert f"{name}{{{labels}}}" in told


def test_what_it_says_to_alarm_on_beside_them() -> None:
    """Names in the text are metrics, too."""
    named = set(re.findall(r"`(stillwatch_[a-z_]+)", PAGE.read_text()))
    assert named
    assert named <= set(METRICS)
