"""The command: two processes hold a key together, and what would be unsafe does not start."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.evaluator import EvaluatorPair, Peer, Purpose, new_member, published_keys
from stillwatch.share.tags import epoch_of

COMMAND = str(Path(sys.executable).with_name("stillwatch"))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, line: str) -> Iterator[httpx.Client]:
    """An evaluator in a process of its own, and a client of it."""
    folder.mkdir()
    (folder / "members").write_text(line)
    place = f"127.0.0.1:{free_port()}"
    paths = ["--db", f"sqlite:///{folder / 'db'}", "--keys", str(folder / "keys"), "--members", str(folder / "members")]
    process = subprocess.Popen([COMMAND, "evaluator", *paths, "--listen", place], stderr=subprocess.PIPE, text=True)
    try:
        with httpx.Client(base_url=f"http://{place}", timeout=30) as client:
            for _ in range(300):
                try:
                    client.get("/health").raise_for_status()
                    break
                except httpx.TransportError:
                    assert process.poll() is None, process.stderr and process.stderr.read()
                    time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        _, told = process.communicate(timeout=30)
    assert "Traceback" not in told


def test_two_evaluators_on_loopback_tag_a_member_s_values(tmp_path: Path) -> None:
    """Each with its own key file and database; the same value has the same tag twice."""
    token, line = new_member("alpha")
    epoch = epoch_of(datetime.now(UTC))
    with running(tmp_path / "one", line) as one, running(tmp_path / "two", line) as two:
        peers = []
        for name, client in (("hub", one), ("second", two)):
            bare = Peer(name, client, token, {})
            peers.append(Peer(name, client, token, published_keys(bare)[1]))
        pair = EvaluatorPair(*peers)
        first = pair.block(SignalKind.ADDRESS, ["198.51.100.7", "203.0.113.9"], Purpose.CHECK, epoch).tags()
        assert pair.block(SignalKind.ADDRESS, ["203.0.113.9"], Purpose.PUBLISH, epoch).tags() == first[1:]
        for name in ("export", "key"):
            told = one.get(f"/v1/ledger/{name}", headers={"Authorization": f"Bearer {token}"})
            (tmp_path / name).write_bytes(told.raise_for_status().content)
    assert (tmp_path / "one" / "keys").read_bytes() != (tmp_path / "two" / "keys").read_bytes()
    done = CliRunner().invoke(app, ["ledger", "verify", str(tmp_path / "export"), "--key", str(tmp_path / "key")])
    assert done.exit_code == 0
    assert "good: 2 entries" in done.output
    assert "evaluation-budget" in done.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--listen", "0.0.0.0:8461"], "in clear"),
        (["--listen", "8461"], "HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "HOST:PORT"),
        (["--tls-cert", "cert.pem"], "go together"),
    ],
)
def test_what_would_be_unsafe_does_not_start(tmp_path: Path, options: list[str], told: str) -> None:
    """Tokens beyond this machine without TLS, half a certificate, a place that is none."""
    paths = ["--db", str(tmp_path / "db"), "--keys", str(tmp_path / "keys"), "--members", str(tmp_path / "members")]
    result = CliRunner().invoke(app, ["evaluator", *paths, *options])
    assert isinstance(result.exception, InvalidInput)
    assert told in str(result.exception)
    assert not (tmp_path / "keys").exists()
