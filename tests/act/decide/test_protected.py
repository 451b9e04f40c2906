"""The operator's list of protected accounts: read again when it changes, and the last good one holds."""

import os
from pathlib import Path

import pytest

from stillwatch.act.decide.protected import Protected, read_protected
from stillwatch.errors import InvalidInput, UnreadableSource


def test_one_id_a_line(tmp_path: Path) -> None:
    """Remarks, empty lines, spaces around, a byte order mark, line ends of other systems."""
    path = tmp_path / "list"
    path.write_bytes(b"\xef\xbb\xbf# clinics\r\n clinic-1 \r\n\r\nfire#2\n")
    assert read_protected(path) == {"clinic-1", "fire#2"}


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a" * 257, b"a\n" * (9 << 20)])
def test_what_is_no_list_is_refused(tmp_path: Path, data: bytes) -> None:
    """Other bytes than UTF-8, an endless id, a file of 18 MiB; what it holds is not told."""
    path = tmp_path / "list"
    path.write_bytes(data)
    with pytest.raises(InvalidInput) as wrong:
        read_protected(path)
    assert "aaa" not in str(wrong.value)


def test_a_list_that_is_named_must_be_there_at_the_start(tmp_path: Path) -> None:
    """A misspelt path would protect nobody."""
    with pytest.raises(UnreadableSource, match="No such file"):
        Protected(tmp_path / "missing")


def test_a_change_is_noticed_and_a_broken_file_keeps_the_last(tmp_path: Path) -> None:
    """Whoever was protected stays so while the file is gone or damaged; the problem is told and goes away."""
    path = tmp_path / "list"
    path.write_text("a-1\n")
    protected = Protected(path)
    assert protected.holds("a-1", None)
    path.write_bytes(b"\xff\xff\xff")
    protected.refresh()
    assert protected.holds("x", "a-1")
    assert protected.problem is not None
    path.unlink()
    protected.refresh()
    assert protected.holds("a-1", None)
    assert protected.problem == f"{path} is not there"
    path.write_text("a-2\n")
    protected.refresh()
    assert (protected.holds("a-1", None), protected.holds("a-2", "o"), len(protected)) == (False, True, 1)


def test_a_problem_goes_away(tmp_path: Path) -> None:
    """When the file is back, unchanged."""
    path, beside = tmp_path / "list", tmp_path / "beside"
    path.write_text("a-1\n")
    protected = Protected(path)
    path.rename(beside)
    protected.refresh()
    beside.rename(path)
    assert protected.problem
    protected.refresh()
    assert not protected.problem


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    """Same size, same time: the content that is remembered stands."""
    path = tmp_path / "list"
    path.write_text("a-1\n")
    told = path.stat()
    protected = Protected(path)
    with path.open("r+") as file:
        file.write("a-2\n")
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    protected.refresh()
    assert protected.holds("a-1", None)


def test_without_a_file_nobody_is_protected() -> None:
    """And there is nothing to read."""
    protected = Protected()
    protected.refresh()
    assert not protected.holds("a", None)


def test_ids_are_found_as_they_are_stored_too(tmp_path: Path) -> None:
    """Where ids may be secrets they are stored otherwise than the operator writes them; both are protected."""
    path = tmp_path / "list"
    path.write_text("Clinic\n")
    protected = Protected(path, str.lower)
    assert protected.holds("Clinic", None)
    assert protected.holds("x", "clinic")
    assert not protected.holds("CLINIC", None)
    path.write_text("Fire\n")
    protected.refresh()
    assert protected.holds("fire", None)
