"""The rehearsal runs whole, nothing leaks, and its parts do what they say."""

import json
import socket
import threading
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.rehearsal.leaks import planted_values_in
from stillwatch.rehearsal.recorder import Recorder
from stillwatch.rehearsal.world import CARRIER, SHARES, make_world

EXCHANGES = 20_000


def test_the_whole_rehearsal_runs_and_nothing_leaks(tmp_path: Path) -> None:
    """Told by one, seen by another that has it in its traffic, a mistake withdrawn everywhere, no value found."""
    out = tmp_path / "rehearsal"
    done = CliRunner().invoke(app, ["rehearse", "--out", str(out), "--exchanges", str(EXCHANGES), "--json"])
    assert done.exit_code == 0, done.output[-2000:]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["leaked"] == 0
    assert told["searched"][0] > 1_000
    assert set(told["latency_s"]) == set(SHARES) - {"alpha"}
    what = [(step["who"], step["what"]) for step in told["steps"]]
    assert any(who == "beta" and text.startswith("seen") for who, text in what)
    assert any("withdrawn everywhere" in text for _, text in what)
    page = (out / "rehearsal.html").read_text()
    assert all(step["what"].split(":")[0] in page for step in told["steps"] if "'" not in step["what"])


def test_accounts_are_dealt_once_and_the_operation_is_everywhere(tmp_path: Path) -> None:
    """No account is at two providers, no exchange is lost, the carrier's address is everywhere."""
    world = make_world(tmp_path, 10_000, 3)
    logs = {name: pq.read_table(provider.logs / "log.parquet") for name, provider in world.items()}
    assert sum(map(len, logs.values())) == 10_000
    seen = [set(pc.unique(table["account_id"]).to_pylist()) for table in logs.values()]
    assert sum(map(len, seen)) == len(set.union(*seen))
    assert all(provider.n_harvest_accounts > 10 for provider in world.values())
    assert all(CARRIER in provider.planted for provider in world.values())


def test_a_value_that_crossed_is_found(tmp_path: Path) -> None:
    """The search would tell: a planted value in a file, and one that is not."""
    (tmp_path / "a.bin").write_bytes(b"\x00\x01acct-0001\xff")
    (tmp_path / "b.bin").write_bytes(b"nothing")
    found = planted_values_in([tmp_path / "a.bin", tmp_path / "b.bin"], ["acct-0001", "acct-0002"])
    assert found == (1, 12 + 7)


def test_a_recorder_passes_everything_on_and_keeps_a_copy(tmp_path: Path) -> None:
    """Both directions."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"heard " + connection.recv(100))

        thread = threading.Thread(target=answer)
        thread.start()
        with Recorder(server.getsockname()[1], tmp_path / "all.bin") as recorder:
            with socket.create_connection(("127.0.0.1", recorder.port), 10) as client:
                client.sendall(b"a secret")
                assert client.recv(100) == b"heard a secret"
            thread.join(10)
    kept = (tmp_path / "all.bin").read_bytes()
    assert b"a secret" in kept
    assert b"heard a secret" in kept


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """The rehearsal writes much; it asks for a folder of its own."""
    (tmp_path / "mine.txt").write_text("mine")
    done = CliRunner().invoke(app, ["rehearse", "--out", str(tmp_path)])
    assert done.exit_code != 0
    assert "empty folder" in str(done.exception)


@pytest.mark.parametrize("exchanges", ["10", "x"])
def test_too_little_traffic_is_wrong_usage(exchanges: str) -> None:
    """There must be something to find."""
    assert CliRunner().invoke(app, ["rehearse", "--exchanges", exchanges]).exit_code == 2
