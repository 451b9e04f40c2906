"""The command of a collector in front, in the process and as one of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.service.collect.redis_server import BINARY, NAME, Server, running, until
from tests.service.collect.rows import exchange, ndjson
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput, UnreadableSource

COMMAND = str(Path(sys.executable).with_name("stillwatch"))
needs_redis = pytest.mark.skipif(BINARY is None, reason="there is no redis-server on this machine")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and a salt of its own."""
    monkeypatch.setenv("STILLWATCH_SALT", str(tmp_path / "salt"))
    (tmp_path / "front.toml").write_text('folder = "front"\n')
    monkeypatch.setenv("STILLWATCH_SERVICE", str(tmp_path / "front.toml"))
    return tmp_path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Redis that flushes."""
    with running(tmp_path / "redis") as here:
        yield here


@pytest.mark.usefixtures("place")
def test_what_keeps_it_from_starting() -> None:
    """Without a Redis it says where one is named, and one that is not there is told without its password."""

    def run(*arguments: str) -> None:
        CliRunner().invoke(app, ["collect", *arguments], catch_exceptions=False)

    with pytest.raises(InvalidInput, match=r"give --redis URL, or collect\.redis"):
        run()
    with pytest.raises(UnreadableSource, match="Redis does not answer") as gone:
        run("--redis", "redis://:hidden@127.0.0.1:1/0")
    assert "hidden" not in str(gone.value)
    with pytest.raises(InvalidInput, match="tokens must not cross a network in clear"):
        run("--redis", "redis://127.0.0.1:1/0", "--listen", "0.0.0.0:1")


@needs_redis
def test_takes_and_ends(place: Path, server: Server) -> None:
    """With a token it takes an exchange; told to end, it exits with 0 and the exchange is in Redis."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"127.0.0.1:{free.getsockname()[1]}"
    with (place / "log").open("wb") as log:
        process = subprocess.Popen([COMMAND, "collect", "--redis", server.url, "--listen", url], stderr=log)
    try:
        with httpx.Client(base_url=f"http://{url}", trust_env=False, timeout=60) as client:

            def lives() -> bool:
                assert process.poll() is None, (place / "log").read_text()
                try:
                    return client.get("/health/ready").status_code == 200
                except httpx.TransportError:
                    return False

            until(lives)
            body = ndjson([exchange("a")])
            assert client.post("/v1/exchanges", content=body).status_code == 401
            made = [COMMAND, "token", "add", "gateway", "--scope", "collect", "--by", "ann"]
            token = subprocess.run(made, capture_output=True, check=True, text=True, env=os.environ).stdout.strip()
            told = client.post("/v1/exchanges", content=body, headers={"Authorization": f"Bearer {token}"})
            assert (told.status_code, told.json()["durable"]) == (200, True)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert server.client.xlen(NAME.stream) == 1
    log_text = (place / "log").read_text()
    assert "stopped: all that was answered is in Redis" in log_text
    assert token not in log_text
