"""A state on disk is whole or refused: killed at any step, damaged in any byte, of any other version."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.state.examples import example

from stillwatch.errors import IncompatibleVersion, InvalidInput, StillwatchError, UnreadableSource
from stillwatch.state import State, folder
from stillwatch.state.folder import StateFolder
from stillwatch.state.sealed import sealed, unsealed

SALT = b"0123456789abcdef"


def written(path: Path, *states: State) -> Path:
    """Folder with these states, each made from the one before."""
    for number, state in enumerate(states):
        with StateFolder(path, SALT).held() as held:
            held.write(state, held.current(), f"input {number}")
    return path


def loaded(path: Path, salt: bytes = SALT) -> State:
    """Current state."""
    with StateFolder(path, salt).held() as held:
        current = held.current()
        assert current is not None
        return held.load(current)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """The last state, and the one before it; older ones are gone."""
    one, two, three = (example(seed) for seed in (1, 2, 3))
    path = written(tmp_path / "state", one, two, three)
    assert loaded(path) == three
    with StateFolder(path, SALT).held() as held:
        current = held.current()
        assert current is not None
        before = held.parent(current)
        assert before is not None
        assert held.load(before) == two
    assert sorted(p.name for p in path.glob("generation-*")) == ["generation-000002", "generation-000003"]


def test_writing_the_same_again_changes_no_file(tmp_path: Path) -> None:
    """A scan that is run again leaves the folder as it is, byte by byte."""
    path = written(tmp_path / "state", example(1), example(2))
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    with StateFolder(path, SALT).held() as held:
        current = held.current()
        assert current is not None
        held.write(example(2), held.parent(current), "input 1")
    assert {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before


def test_writing_the_same_again_mends_what_is_damaged(tmp_path: Path) -> None:
    """Logs that are scanned again leave a whole state, also where a file of it had been changed on disk."""
    path = written(tmp_path / "state", example(1), example(2))
    (path / "generation-000002" / "families.sealed").write_bytes(b"nothing")
    with StateFolder(path, SALT).held() as held:
        current = held.current()
        assert current is not None
        held.write(example(2), held.parent(current), "input 1")
    assert loaded(path) == example(2)
    assert sorted(p.name for p in path.glob("generation-*")) == ["generation-000001", "generation-000003"]


class Killed(BaseException):
    """Stands for the end of the process."""


def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Let the process end at the `at`-th step that touches the disk."""
    left = at

    def step(real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*args, **options)

        return counted

    monkeypatch.setattr(os, "fsync", step(os.fsync))
    monkeypatch.setattr(os, "replace", step(os.replace))
    monkeypatch.setattr(Path, "rename", step(Path.rename))
    monkeypatch.setattr(Path, "mkdir", step(Path.mkdir))
    monkeypatch.setattr(Path, "open", step(Path.open))
    monkeypatch.setattr(shutil, "rmtree", step(shutil.rmtree))


def test_a_scan_killed_at_any_step_and_run_again_leaves_the_same_state(tmp_path: Path) -> None:
    """At every step there is the old state or the new one, never another; run again it is the new one."""
    one, two = example(1), example(2)
    written(tmp_path / "ready", one)
    for at in range(200):
        path = tmp_path / f"state-{at}"
        shutil.copytree(tmp_path / "ready", path)
        with pytest.MonkeyPatch.context() as patched:
            dying(patched, at)
            try:
                written_again(path, two)
            except Killed:
                pass
            else:
                break
        assert loaded(path) in (one, two)
        written_again(path, two)
        assert loaded(path) == two
        assert not list(path.glob("*.partial"))
        assert len(list(path.glob("generation-*"))) == 2
        shutil.rmtree(path)
    assert 40 < at < 199


def written_again(path: Path, state: State) -> None:
    """What a scan does: an input that made the current state is judged with the one before."""
    with StateFolder(path, SALT).held() as held:
        current = held.current()
        again = current is not None and current.digest == "input 1"
        held.write(state, held.parent(current) if current is not None and again else current, "input 1")


def test_no_file_may_differ_by_a_byte(tmp_path: Path) -> None:
    """Every file of the current generation, and the pointer; first, middle and last byte; cut short or longer."""
    path = written(tmp_path / "state", example(1), example(2))
    files = [*(path / "generation-000002").iterdir(), path / "CURRENT"]
    assert len(files) > 15
    for file in files:
        whole = file.read_bytes()
        changed = [bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]]) for at in (0, len(whole) // 2, len(whole) - 1)]
        for data in (*changed[: 2 if file.name == "CURRENT" else 3], whole[:-7], whole + b"x"):
            file.write_bytes(data)
            with pytest.raises((UnreadableSource, IncompatibleVersion), match=r"state.*(to go back|another --state)"):
                loaded(path)
        file.unlink()
        if file.name != "CURRENT" or file.parent != path:
            with pytest.raises(UnreadableSource, match=r"missing|damaged"):
                loaded(path)
        file.write_bytes(whole)
    assert loaded(path) == example(2)


def test_the_message_says_how_to_go_back_and_that_works(tmp_path: Path) -> None:
    """Copying the older generation's line over CURRENT gives the older state."""
    path = written(tmp_path / "state", example(1), example(2))
    (path / "generation-000002" / "firsts.sealed").write_bytes(b"")
    with pytest.raises(UnreadableSource, match=r"copy .*generation-000001/CURRENT over .*CURRENT, or give another"):
        loaded(path)
    shutil.copy(path / "generation-000001" / "CURRENT", path / "CURRENT")
    assert loaded(path) == example(1)


@pytest.mark.parametrize("version", [0, 2])
def test_other_versions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    """Older and newer ones, with what to do."""
    monkeypatch.setattr(folder, "STATE_VERSION", version)
    path = written(tmp_path / "state", example(1))
    monkeypatch.undo()
    with pytest.raises(IncompatibleVersion, match=rf"format {version}, this version reads 1; scan with the version"):
        loaded(path)


def test_another_salt_is_refused_and_reads_nothing(tmp_path: Path) -> None:
    """Whoever has the folder alone finds neither names nor hashes in it."""
    path = written(tmp_path / "state", example(1))
    with pytest.raises(IncompatibleVersion, match="another salt"):
        loaded(path, b"fedcba9876543210")
    data = (path / "generation-000001" / "campaigns.sealed").read_bytes()
    assert b"campaign" not in data
    assert unsealed(data, "campaigns", b"fedcba9876543210") is None
    assert unsealed(data, "firsts", SALT) is None
    assert b"campaign" in (unsealed(data, "campaigns", SALT) or b"")


def test_equal_content_is_sealed_equally_and_long_content_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces as well; two names give two streams."""
    monkeypatch.setattr("stillwatch.state.sealed._CHUNK", 64)
    data = bytes(range(256)) * 5
    assert sealed(data, "a", SALT) == sealed(data, "a", SALT)
    assert unsealed(sealed(data, "a", SALT), "a", SALT) == data
    assert sealed(data, "a", SALT)[32:] != sealed(data, "b", SALT)[32:]


def test_two_scans_at_once_are_refused(tmp_path: Path) -> None:
    """The second is told to wait; afterwards it may."""
    path = tmp_path / "state"
    with StateFolder(path, SALT).held(), pytest.raises(InvalidInput, match="another scan is using"):
        loaded(path)
    assert written(path, example(1)) == path


def test_folders_of_something_else_are_refused(tmp_path: Path) -> None:
    """A file, a folder with other files, and a folder of findings are left alone."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "log.ndjson").write_text("{}")
    (tmp_path / "findings").mkdir()
    (tmp_path / "findings" / ".stillwatch").write_text("{}")
    for name in ("file", "logs", "findings"):
        with pytest.raises(InvalidInput, match="--state must be"):
            loaded(tmp_path / name)
    assert not (tmp_path / "logs" / "lock").exists()


def test_what_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves the old state."""
    path = written(tmp_path / "state", example(1))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnreadableSource, match="No space left"):
        written(path, example(2))
    monkeypatch.undo()
    assert loaded(path) == example(1)


def test_size_limits_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file larger than any state is not read into memory."""
    path = written(tmp_path / "state", example(1))
    monkeypatch.setattr(folder, "MOST_BYTES", 100)
    with pytest.raises(UnreadableSource, match="larger than 100 bytes"):
        loaded(path)


def test_a_manifest_is_readable(tmp_path: Path) -> None:
    """Sizes, checksums, window and version are plain JSON."""
    path = written(tmp_path / "state", example(1))
    manifest = json.loads((path / "generation-000001" / "manifest.json").read_text())
    assert (manifest["kind"], manifest["format_version"], manifest["window_days"]) == ("state", 1, 14)
    files = {p.name.removesuffix(".sealed"): p.stat().st_size for p in path.rglob("*.sealed")}
    assert {name: known["bytes"] for name, known in manifest["files"].items()} == files
    assert issubclass(IncompatibleVersion, StillwatchError)
