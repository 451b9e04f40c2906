"""Files of texts: every format, odd encodings, and errors that say the line and hold no text."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.detect.windows import texts as module
from stillwatch.detect.windows.texts import read_texts
from stillwatch.errors import InvalidInput, MissingData, StillwatchError, UnreadableSource

WANTED = ["one query", "two, with a comma", "drei: größer?", '"quoted"']


def written(folder: Path, name: str, data: bytes) -> Path:
    """A file with these bytes."""
    path = folder / name
    path.write_bytes(data)
    return path


def test_plain_text_of_every_line_end(tmp_path: Path) -> None:
    """A BOM, CRLF and blank lines are not part of the queries; a line separator inside one is."""
    data = "\ufeffone query\r\n\r\n  \r\ntwo\u2028still two\nlast".encode()
    assert read_texts(written(tmp_path, "a.txt", data)) == ["one query", "two\u2028still two", "last"]


def test_the_same_queries_from_every_format(tmp_path: Path) -> None:
    """Plain, JSONL, JSON array, CSV, TSV, Parquet and compressed files give one list."""
    objects = [{"id": i, "prompt": text} for i, text in enumerate(WANTED)]
    lines = "\n".join(json.dumps(o) for o in objects)
    table = "id,prompt\r\n" + "".join(
        f'{o["id"]},"{str(o["prompt"]).replace(chr(34), chr(34) * 2)}"\r\n' for o in objects
    )
    pq.write_table(pa.table({"id": [1, 2, 3, 4], "prompt": pa.array(WANTED).dictionary_encode()}), tmp_path / "a.dat")
    files = [
        written(tmp_path, "a.txt", "\n".join(WANTED).encode()),
        written(tmp_path, "b.txt", lines.encode()),
        written(tmp_path, "c.jsonl", lines.encode()),
        written(tmp_path, "d.jsonl", "\n".join(json.dumps(text) for text in WANTED).encode()),
        written(tmp_path, "e.json", json.dumps(objects).encode()),
        written(tmp_path, "f.json", json.dumps(WANTED, indent=2).encode()),
        written(tmp_path, "g.csv", b"\xef\xbb\xbf" + table.encode()),
        written(tmp_path, "h.jsonl.gz", gzip.compress(lines.encode())),
        tmp_path / "a.dat",
    ]
    assert [read_texts(path) for path in files] == [WANTED] * len(files)


def test_a_named_column_is_taken(tmp_path: Path) -> None:
    """--column goes before the usual names."""
    path = written(tmp_path, "a.csv", b"text,asked\nno,yes\n")
    assert read_texts(path, "asked") == ["yes"]


def test_queries_that_look_like_json_stay_queries(tmp_path: Path) -> None:
    """Lines of plain text that begin with a bracket, or are JSON without a column to take, are queries."""
    lines = ['{"a": 1}', "[INST] hello", "{'Instruction': 'x'}"]
    assert read_texts(written(tmp_path, "a.txt", "\n".join(lines).encode())) == lines
    assert read_texts(written(tmp_path, "b.txt", "\n".join(lines[1:]).encode())) == lines[1:]


def test_a_field_over_several_lines_is_one_query(tmp_path: Path) -> None:
    """CSV and JSON hold queries with line ends in them."""
    path = written(tmp_path, "a.csv", b'text\n"secret\nsecond line"\nother\n')
    assert read_texts(path) == ["secret\nsecond line", "other"]


@pytest.mark.parametrize(
    ("name", "data", "kind", "told"),
    [
        ("a.txt", b"good\nsecret \xff\n", UnreadableSource, "line 2: invalid UTF-8 at byte 13"),
        ("a.txt", "secret".encode("utf-16"), UnreadableSource, "line 1: invalid UTF-8"),
        ("a.jsonl", b'{"text": "secret"}\n{"text": \n', UnreadableSource, "line 2: broken JSON at character"),
        ("a.jsonl", b'{"text": "a"}\n{"text": 5}\n', UnreadableSource, "line 2: must be text, got a JSON int"),
        ("a.jsonl", b'{"text": "a"}\n{"other": "secret"}\n', MissingData, "line 2: no field text"),
        ("a.json", b'[{"text": "secret"},\n', UnreadableSource, "line 2: broken JSON"),
        ("a.json", b'{"text": "secret"}', UnreadableSource, "must be a JSON array"),
        ("a.csv", b"text,x\nsecret\n", UnreadableSource, "line 2: 1 fields, the header has 2"),
        ("a.csv", b"when,who\n1,2\n", InvalidInput, "no column text or .* there are when, who: name one with --column"),
        ("a.csv", b"", InvalidInput, "there are none"),
        ("a.parquet", b"PAR1secret", UnreadableSource, "damaged Parquet"),
        ("a.gz", gzip.compress(b"secret" * 99, mtime=0)[:-12], UnreadableSource, "gzip stream is cut off"),
    ],
)
def test_what_cannot_be_read_says_where(
    tmp_path: Path, name: str, data: bytes, kind: type[StillwatchError], told: str
) -> None:
    """The error has the file, the line and the reason, and nothing of the text."""
    with pytest.raises(kind, match=told) as raised:
        read_texts(written(tmp_path, name, data))
    assert "secret" not in str(raised.value)
    assert name in str(raised.value)


def test_a_column_of_numbers_is_refused(tmp_path: Path) -> None:
    """A Parquet column that is no text is named with its type."""
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "a.parquet")
    with pytest.raises(UnreadableSource, match="column text must be text, got int64"):
        read_texts(tmp_path / "a.parquet")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing file is said to be missing."""
    with pytest.raises(MissingData, match=r"none\.txt does not exist"):
        read_texts(tmp_path / "none.txt")


def test_size_is_limited_after_inflating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small compressed file cannot become a large one, nor can a Parquet column."""
    monkeypatch.setattr(module, "MOST_BYTES", 1024 * 1024)
    bomb = written(tmp_path, "a.txt.gz", gzip.compress(b"x" * 4 * 1024 * 1024))
    with pytest.raises(UnreadableSource, match="over 1 MiB"):
        read_texts(bomb)
    pq.write_table(pa.table({"text": ["x" * 4 * 1024 * 1024]}), tmp_path / "a.parquet", compression="zstd")
    with pytest.raises(UnreadableSource, match="column text is over 1 MiB"):
        read_texts(tmp_path / "a.parquet")
