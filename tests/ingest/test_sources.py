"""From what is named to the files that are read."""

import gzip
import io
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.ingest import ingest
from stillwatch.ingest.sources import MARKER, expand

from .conftest import Lines, Read, Row


def names(paths: list[Path | str], spool: Path) -> list[str]:
    """Names of the files found."""
    return [Path(file.name).name for file in expand(paths, spool)]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with files on two levels, hidden ones, and two folders of our own output."""
    root = tmp_path / "logs"
    for name in ("b.json", "a/2.json", "a/1.json", ".hidden", ".git/x", "truth/t.parquet", "findings/deep/f.json"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / "truth" / MARKER).touch()
    (root / "findings" / MARKER).touch()
    return root


def test_folders_are_walked_in_order(tree: Path, tmp_path: Path) -> None:
    """All the way down, by name; hidden files and stillwatch's own output are left out."""
    assert names([tree], tmp_path) == ["1.json", "2.json", "b.json"]


def test_patterns_and_repeats(tree: Path, tmp_path: Path) -> None:
    """A pattern finds files on all levels; a file named twice is read once."""
    assert names([f"{tree}/**/*.json"], tmp_path) == ["1.json", "2.json", "b.json", "f.json"]
    assert names([tree / "b.json", tree], tmp_path) == ["b.json", "1.json", "2.json"]


def test_a_name_with_brackets_is_a_name_first(tmp_path: Path) -> None:
    """A file whose name looks like a pattern is found by its name."""
    (tmp_path / "log[1].json").write_text("x")
    assert names([tmp_path / "log[1].json"], tmp_path) == ["log[1].json"]


def test_files_of_our_own_output_can_be_named(tree: Path, tmp_path: Path) -> None:
    """The folder is refused with a reason; a file in it is read when it is named."""
    with pytest.raises(InvalidInput, match="is stillwatch's own output"):
        expand([tree / "truth"], tmp_path)
    assert names([tree / "truth" / "t.parquet"], tmp_path) == ["t.parquet"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.json", r"gone\.json does not exist"),
        ("*.gone", r"no file matches .*\*\.gone"),
        ("void", "holds no files"),
    ],
)
def test_what_is_not_there_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    """Missing files, patterns without a match and empty folders are told apart."""
    (tmp_path / "void").mkdir()
    with pytest.raises(UnreadableSource, match=message):
        expand([tmp_path / name], tmp_path)


def test_nothing_named(tmp_path: Path) -> None:
    """No path at all is the caller's mistake."""
    with pytest.raises(InvalidInput, match="no logs were named"):
        expand([], tmp_path)


def test_links_that_lead_back(tree: Path, tmp_path: Path) -> None:
    """A link to a folder above, a link to itself and a dangling one are named in the error."""
    (tree / "a" / "up").symlink_to(tree)
    with pytest.raises(UnreadableSource, match="up is a link to a folder above it"):
        expand([tree], tmp_path)
    (tree / "a" / "up").unlink()
    (tree / "self").symlink_to(tree / "self")
    with pytest.raises(UnreadableSource, match=r"self cannot be opened: Too many levels"):
        expand([tree], tmp_path)
    (tree / "self").unlink()
    (tree / "dangling").symlink_to(tree / "gone")
    with pytest.raises(UnreadableSource, match=r"dangling cannot be opened: No such file"):
        expand([tree], tmp_path)


def test_a_linked_folder_beside_is_walked(tree: Path, tmp_path: Path) -> None:
    """A link that does not lead back is followed; its files are read once."""
    (tree / "z").symlink_to(tree / "a")
    assert names([tree], tmp_path) == ["1.json", "2.json", "b.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    """A file that may not be read is an error before anything is read."""
    path = tmp_path / "x"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(UnreadableSource, match="Permission denied"):
        expand([path], tmp_path)


def test_standard_input(row: Row, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is read like a file, compressed or not, and is called ``-``."""
    data = orjson.dumps(row(1)) + b"\n" + orjson.dumps(row(2, output_tokens=-1))
    for content in (data, gzip.compress(data)):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        logs, table = read("-")
        assert table.num_rows == 1
        assert logs.quarantine["source"].to_pylist() == ["-"]


def test_a_pipe(tmp_path: Path, row: Row, read: Read) -> None:
    """A named pipe, as shells make for process substitution, is copied and read."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(orjson.dumps(row(1)),))
    writer.start()
    _, table = read(pipe)
    writer.join()
    assert table.num_rows == 1


def test_compression_is_found_by_content(tmp_path: Path, row: Row, read: Read) -> None:
    """A gzip file of two members without its usual ending is read whole; a plain file called .gz is plain."""
    members = [gzip.compress(orjson.dumps(row(i)) + b"\n") for i in range(2)]
    (tmp_path / "packed.log").write_bytes(b"".join(members))
    (tmp_path / "plain.gz").write_bytes(orjson.dumps(row(2)))
    assert read(tmp_path)[1].num_rows == 3


def test_progress_ends_at_the_total(row: Row, lines: Lines, read: Read) -> None:
    """Progress never goes back and ends with all bytes on disk done."""
    told: list[tuple[int, int]] = []
    paths = [lines(*(row(i) for i in range(n, n + 20_000)), name=f"{n}.ndjson") for n in (0, 20_000)]
    read(paths, on_progress=lambda done, total: told.append((done, total)))
    total = sum(path.stat().st_size for path in paths)
    assert told == sorted(told)
    assert len(told) > 2
    assert told[-1] == (total, total)


def test_only_accounts_are_no_logs(tmp_path: Path, read: Read) -> None:
    """A folder with nothing but a table of accounts is an error of its own."""
    (tmp_path / "accounts.csv").write_text("account_id,programme\na,research\n")
    with pytest.raises(MissingData, match="only tables of accounts"):
        read(tmp_path)


def test_results_before_reading_are_an_error() -> None:
    """Counts of a run that was not started do not exist."""
    with pytest.raises(MissingData, match="nothing was read yet"):
        _: Any = ingest("x").tally


def test_a_content_mode_that_is_none() -> None:
    """The allowed modes are named."""
    with pytest.raises(InvalidInput, match="content must be one of full, hashed, none, got some"):
        ingest("x", content="some")
