"""A stream index on disk: read back as it was, whole at any time, and refused when it is damaged."""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.detect.stream_index.made import ACCOUNTS, VALUES, batch_of, everything, request_of

from stillwatch.detect.stream_index import folder as module
from stillwatch.detect.stream_index.arrays import arrays_of, facts_of, index_of
from stillwatch.detect.stream_index.facts import STREAM_FACTS, FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.detect.stream_index.window import WINDOW_ACCOUNT
from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData, UnreadableSource

TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)


def facts() -> FactsBook:
    """Facts of one stream."""
    row = {"campaign_id": "campaign-0", "account_id": ACCOUNTS[0], "verdict": "harvest", "bits": 40.5, "bar_bits": 9.0}
    row |= {"attribution_bits": 12.0, "share_of_account": 0.5, "n_exchanges": 8, "n_accounts": 3}
    return FactsBook(pa.Table.from_pylist([row | {"first_seen": TIME, "last_seen": TIME}], schema=STREAM_FACTS))


@pytest.fixture(scope="module")
def index() -> StreamIndex:
    """An index in which every view holds something."""
    return everything()


@pytest.fixture
def folder(index: StreamIndex, tmp_path: Path) -> IndexFolder:
    """It on disk."""
    written = IndexFolder(tmp_path / "index")
    written.write(index, facts())
    return written


def rows(n: int = 300) -> list[dict[str, Any]]:
    """Rows that are of all campaigns."""
    rng = np.random.default_rng(2)
    return [{name: values[rng.integers(len(values))] for name, values in VALUES.items()} for _ in range(n)]


def same_arrays(one: StreamIndex, other: StreamIndex) -> None:
    """Check all arrays and facts."""
    mine, theirs = arrays_of(one), arrays_of(other)
    assert mine.keys() == theirs.keys()
    assert all(np.array_equal(mine[name], theirs[name]) and mine[name].dtype == theirs[name].dtype for name in mine)
    assert facts_of(one) == facts_of(other)


def test_it_is_read_back_as_it_was(index: StreamIndex, folder: IndexFolder) -> None:
    """Every array, every pool and every answer, alone and in a batch."""
    read, known = folder.load()
    same_arrays(read, index)
    assert read.campaign_of(batch_of(rows())).tolist() == index.campaign_of(batch_of(rows())).tolist()
    single = SingleLookup(read)
    assert [single.campaign_of(request_of(row)) for row in rows()] == index.campaign_of(batch_of(rows())).tolist()
    assert known.table.equals(facts().table)


def test_an_index_that_accuses_nobody_is_read_back(tmp_path: Path) -> None:
    """Arrays without a row too."""
    folder = IndexFolder(tmp_path / "new" / "index")
    folder.write(StreamIndex.empty(), FactsBook.empty())
    read, known = folder.load()
    same_arrays(read, StreamIndex.empty())
    assert known.table.num_rows == 0


def test_counts_are_mapped_and_stay_as_they_are_on_disk(folder: IndexFolder) -> None:
    """The counts are not read into memory, and writing to them changes no file."""
    read, _ = folder.load()
    base: Any = read.counts.cells
    while not isinstance(base, np.memmap):
        base = base.base
    read.counts.cells[:] = 0
    again, _ = folder.load()
    assert again.counts.cells.any()


def test_only_this_user_may_read_it(folder: IndexFolder) -> None:
    """Files and folders are for nobody else."""
    (generation,) = folder.path.glob("index-*")
    assert all(path.stat().st_mode & 0o077 == 0 for path in (generation, *generation.iterdir()))


def test_a_new_generation_takes_over_and_the_one_before_stays(index: StreamIndex, folder: IndexFolder) -> None:
    """The line changes with every write; two generations at most are kept."""
    lines = [folder.current(), folder.write(StreamIndex.empty(), FactsBook.empty()), folder.write(index, facts())]
    assert len(set(lines)) == 3
    assert folder.current() == lines[-1]
    assert sorted(path.name for path in folder.path.iterdir()) == ["CURRENT", "index-000002", "index-000003"]
    same_arrays(folder.load()[0], index)


def test_a_write_that_is_cut_short_changes_nothing(
    index: StreamIndex, folder: IndexFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stops, the generation before is read; the next write clears what is left."""
    line, real = folder.current(), module._flushed
    n_files = len(arrays_of(index)) + 4
    for stop in range(n_files):
        left = [stop]

        def flushed(path: Path, data: Any, left: list[int] = left) -> dict[str, Any]:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "No space left on device")
            return real(path, data)

        monkeypatch.setattr(module, "_flushed", flushed)
        with pytest.raises(UnreadableSource, match="cannot be written"):
            folder.write(StreamIndex.empty() if stop < 5 else index, facts())
        assert folder.current() == line
    monkeypatch.undo()
    same_arrays(folder.load()[0], index)
    folder.write(index, facts())
    assert not list(folder.path.glob("*.partial"))
    assert len(list(folder.path.glob("index-*"))) == 2


def cut(path: Path) -> None:
    """Lose the end of a file."""
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
@pytest.mark.parametrize("name", ["cells.npy", "family.npy", "facts.parquet", "manifest.json", "pool-1-cells.npy"])
def test_damage_is_told(folder: IndexFolder, damage: Callable[[Path], None], name: str) -> None:
    """Whatever file it hits, by its name."""
    damage(folder.path / "index-000001" / name)
    with pytest.raises(UnreadableSource, match="index-000001"):
        folder.load()


@pytest.mark.parametrize("line", ["", "elsewhere 00", "../index-000001 00", "index-000009 00"])
def test_a_damaged_pointer_is_told(folder: IndexFolder, line: str) -> None:
    """CURRENT that names no generation is refused."""
    (folder.path / "CURRENT").write_text(line + "\n")
    with pytest.raises(UnreadableSource):
        folder.load()


def rewritten(folder: IndexFolder, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest, with a CURRENT that agrees."""
    path = folder.path / "index-000001" / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder.path / "CURRENT").write_text(f"index-000001 {digest}\n")


def test_another_version_is_told(folder: IndexFolder) -> None:
    """With both versions."""
    rewritten(folder, lambda content: content.update(format_version=99))
    with pytest.raises(IncompatibleVersion, match="99, this version reads 1"):
        folder.load()


def test_a_manifest_that_leaves_something_out_is_told(folder: IndexFolder) -> None:
    """A missing array, and campaigns that streams name."""
    rewritten(folder, lambda content: content["files"].pop("family.npy"))
    with pytest.raises(UnreadableSource, match="KeyError"):
        folder.load()
    rewritten(folder, lambda content: content.update(campaigns=[]))
    with pytest.raises(UnreadableSource):
        folder.load()


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("family", np.zeros(1, np.uint64)),
        ("cells", np.zeros(17, np.uint32)),
        ("words", np.zeros(4, np.uint32)),
        ("campaign", None),
        ("minhashes", np.zeros((0, 3), np.uint32)),
        ("talks", np.zeros(0, np.int64)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(index: StreamIndex, name: str, array: Any) -> None:
    """Kernels trust lengths and types, so these are looked at first."""
    arrays = arrays_of(index)
    with pytest.raises(InvalidInput, match=name):
        index_of(arrays | {name: arrays[name] + np.int32(99) if array is None else array}, facts_of(index))


def test_nothing_there_is_told(tmp_path: Path) -> None:
    """A folder without an index, and one that holds something else."""
    with pytest.raises(MissingData, match="no stream index"):
        IndexFolder(tmp_path / "none").load()
    assert IndexFolder(tmp_path / "none").current() is None
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InvalidInput, match="other files"):
        IndexFolder(tmp_path).write(StreamIndex.empty(), FactsBook.empty())
    with pytest.raises(InvalidInput, match="is a file"):
        IndexFolder(tmp_path / "letter.txt").write(StreamIndex.empty(), FactsBook.empty())


def test_a_reader_that_is_overtaken_reads_again(
    index: StreamIndex, folder: IndexFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer may remove a generation between a reader's look at CURRENT and at the files."""
    stale, real = [folder.current()], IndexFolder.current
    folder.write(index, facts())
    folder.write(index, facts())
    monkeypatch.setattr(IndexFolder, "current", lambda self: stale.pop() if stale else real(self))
    same_arrays(folder.load()[0], index)
    assert not stale


def test_files_are_flushed_before_they_are_pointed_to(
    index: StreamIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file and folder is synchronised before CURRENT is replaced."""
    seen: list[str] = []

    def told(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def step(*arguments: Any) -> Any:
            seen.append(name)
            return real(*arguments)

        return step

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, told(name))
    IndexFolder(tmp_path / "index").write(index, facts())
    n_files = len(arrays_of(index)) + 4
    assert seen == ["fsync"] * (n_files + 2) + ["replace", "fsync"]


def test_figures_of_accounts_come_back(tmp_path: Path) -> None:
    """As they were written; an index from before there were any has none."""
    accounts = pa.table([[1, 5], [3, 4], [None, 0.5], [7, None]], schema=WINDOW_ACCOUNT)
    folder = IndexFolder(tmp_path / "index")
    folder.write(everything(), FactsBook(facts().table, accounts))
    assert folder.load()[1].accounts.equals(accounts)
    line = folder.current()
    assert line is not None
    generation = tmp_path / "index" / line.split(" ")[0]
    (generation / "accounts.parquet").unlink()
    manifest = json.loads((generation / "manifest.json").read_text())
    del manifest["files"]["accounts.parquet"]
    text = json.dumps(manifest).encode()
    (generation / "manifest.json").write_bytes(text)
    (tmp_path / "index" / "CURRENT").write_text(f"{generation.name} {hashlib.sha256(text).hexdigest()}\n")
    assert folder.load()[1].accounts.equals(WINDOW_ACCOUNT.empty_table())
