"""Question pools from files: every way of writing them, and what is refused without a word of the text."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.ingest import pool_files
from stillwatch.ingest.pool_files import TEXT_COLUMNS, read_pool

TEXTS = ["Why is the sky blue?", "Quel âge a le roi?", "为什么天空是蓝色的"]


def test_text_one_question_a_line(tmp_path: Path) -> None:
    """A byte-order mark, Windows line ends, blank lines and repeats change nothing."""
    path = tmp_path / "pool.txt"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*TEXTS, "", "  ", TEXTS[0]]).encode())
    assert read_pool(path).to_pylist() == TEXTS


@pytest.mark.parametrize("name", TEXT_COLUMNS)
def test_json_lines_and_parquet(tmp_path: Path, name: str) -> None:
    """Both give the same texts under every known name."""
    lines, table = tmp_path / "pool.jsonl", tmp_path / "pool.parquet"
    lines.write_text("\n".join(json.dumps({"id": 1, name: text}) for text in TEXTS) + "\n")
    pq.write_table(pa.table({"id": [1, 2, 3, 4], name: [*TEXTS, None]}), table)
    assert read_pool(lines).to_pylist() == read_pool(table).to_pylist() == TEXTS


REFUSED = {
    "empty": (b"", InvalidInput),
    "blank": (b"\n \n", InvalidInput),
    "no UTF-8": (b"secret\xff", UnreadableSource),
    "no JSON": (b'{"text": "secret"}\n{"text": secret', UnreadableSource),
    "no text": (b'{"body": "secret"}', InvalidInput),
    "number": (b'{"text": 7}', InvalidInput),
    "list in JSON lines": (b'{"text": "a"}\n["secret"]', InvalidInput),
    "deep": (b'{"text": "a"}\n' + b"[" * 100_000, UnreadableSource),
    "cut Parquet": (b"PAR1secret", UnreadableSource),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_files_are_refused_without_their_text(tmp_path: Path, name: str) -> None:
    """The message names the file and never what is in it."""
    content, error = REFUSED[name]
    path = tmp_path / "pool"
    path.write_bytes(content)
    with pytest.raises(error, match="pool") as caught:
        read_pool(path)
    assert "secret" not in str(caught.value)


def test_what_is_missing_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file, too many bytes, too many items, in lines and in Parquet."""
    with pytest.raises(MissingData):
        read_pool(tmp_path / "none")
    path, table = tmp_path / "pool.txt", tmp_path / "pool.parquet"
    path.write_text("\n".join(f"question {i}" for i in range(12)))
    pq.write_table(pa.table({"text": [f"question {i}" for i in range(12)]}), table)
    monkeypatch.setattr(pool_files, "MAX_POOL_ITEMS", 11)
    for large in (path, table):
        with pytest.raises(InvalidInput, match="11"):
            read_pool(large)
    monkeypatch.setattr(pool_files, "MAX_POOL_BYTES", 50)
    with pytest.raises(InvalidInput, match="50 bytes"):
        read_pool(path)


def test_parquet_without_text_is_refused(tmp_path: Path) -> None:
    """The columns that would do are named."""
    pq.write_table(pa.table({"body": TEXTS}), tmp_path / "pool")
    with pytest.raises(InvalidInput, match="prompt_text"):
        read_pool(tmp_path / "pool")
