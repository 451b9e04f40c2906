"""``stillwatch serve`` as a process: what it says, what keeps it from starting, how it ends."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput, MissingData

COMMAND = str(Path(sys.executable).with_name("stillwatch"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, with a salt of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STILLWATCH_SALT", str(tmp_path / "salt"))
    monkeypatch.delenv("STILLWATCH_SERVICE", raising=False)
    return tmp_path


def run(*arguments: str) -> str:
    """Standard output of a command; what it raises comes through."""
    return CliRunner().invoke(app, arguments, catch_exceptions=False).stdout


def test_a_network_in_clear_is_refused_in_words_of_the_settings() -> None:
    """Nothing is made, and no option is named that the command does not have."""
    with pytest.raises(InvalidInput, match="give a certificate and its key") as told:
        run("serve", "--listen", "0.0.0.0:1")
    assert "--tls" not in str(told.value)
    with pytest.raises(MissingData):
        run("token", "list")


def test_from_an_empty_folder_to_its_end(folder: Path) -> None:
    """It says what is missing, in a command that works as it stands; two signals in a row end it in order, too."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([COMMAND, "serve", "--listen", place], stderr=log, start_new_session=True)
    try:
        with httpx.Client(base_url=f"http://{place}", trust_env=False, timeout=60) as client:
            _wait_ready(client, process)
            said = (folder / "log").read_text()
            hint = next(line for line in said.splitlines() if "stillwatch token add" in line).partition("stillwatch ")[
                2
            ]
            token = run(*hint.replace("NAME", "proxy").replace("YOU", "ada").split()).strip()
            asked = client.post("/v1/decide", json={"account_id": "a"}, headers={"x-stillwatch-token": token})
            assert asked.raise_for_status().json()["action"] == "observe"
        with pytest.raises(InvalidInput, match="another collector writes to"):
            run("serve", "--listen", "127.0.0.1:0")
    finally:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    said = (folder / "log").read_text()
    assert said.splitlines()[0] == f"stillwatch serves on {place}, in stillwatch-service"
    assert said.splitlines()[-1].startswith("stopped: all that was taken is on the disk")
    assert token not in said


def _wait_ready(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the service did not start")
