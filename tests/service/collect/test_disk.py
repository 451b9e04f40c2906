"""The real disk: what is done, and in which order."""

import os
from pathlib import Path

import pytest

from stillwatch.service.collect.disk import PosixDisk


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of calls to the system, in their order."""
    done: list[str] = []
    for name in ("fsync", "fdatasync", "write"):
        real = getattr(os, name)

        def call(*given: object, name: str = name, real: object = real) -> object:
            done.append(name)
            return real(*given)  # type: ignore[operator]

        monkeypatch.setattr(os, name, call)
    replace = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        done.append("replace")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    return done


def test_install_flushes_before_it_renames(tmp_path: Path, calls: list[str]) -> None:
    """Bytes are flushed, then the name is put in place, then the folder is flushed."""
    PosixDisk().install(tmp_path / "x", b"whole")
    assert calls == ["write", "fdatasync", "replace", "fsync"]
    assert (tmp_path / "x").read_bytes() == b"whole"
    assert PosixDisk().names(tmp_path) == ["x"]


def test_new_folders_are_flushed(tmp_path: Path, calls: list[str]) -> None:
    """Each new folder's name is flushed in the folder above it."""
    PosixDisk().install(tmp_path / "a" / "b" / "x", b"")
    assert calls == ["fsync", "fsync", "fdatasync", "replace", "fsync"]


def test_log_file(tmp_path: Path, calls: list[str]) -> None:
    """A file is made with its name flushed; what is appended is at its end, also after it was cut."""
    file = PosixDisk().create(tmp_path / "x")
    file.append(b"12345")
    file.truncate(2)
    file.append(b"67")
    file.sync()
    file.close()
    file.close()
    assert (tmp_path / "x").read_bytes() == b"1267"
    assert calls == ["fsync", "write", "write", "fdatasync"]
    assert (tmp_path / "x").stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        PosixDisk().create(tmp_path / "x")


def test_short_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that takes three bytes at a time gets them all."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data)[:3]))
    PosixDisk().install(tmp_path / "x", b"0123456789")
    assert (tmp_path / "x").read_bytes() == b"0123456789"


def test_a_failed_install_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When bytes cannot be flushed the file before is still there and the half one is not."""
    disk = PosixDisk()
    disk.install(tmp_path / "x", b"before")

    def full(_fd: int) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(OSError, match="full"):
        disk.install(tmp_path / "x", b"after")
    assert (tmp_path / "x").read_bytes() == b"before"
    assert disk.names(tmp_path) == ["x"]


def test_the_rest(tmp_path: Path) -> None:
    """Sizes, names, removal and free space; a folder that is not there or not empty is no error."""
    disk = PosixDisk()
    disk.install(tmp_path / "a" / "x", b"123")
    assert disk.size(tmp_path / "a" / "x") == 3
    assert disk.names(tmp_path / "none") == []
    disk.remove_folder(tmp_path / "a")
    disk.remove(tmp_path / "a" / "x")
    disk.remove_folder(tmp_path / "a")
    assert disk.names(tmp_path) == []
    assert disk.free_bytes(tmp_path) > 0
