"""Every kind of bad input: it goes to quarantine with its place and reason, the rest is kept, the counts add up."""

import gzip
import hashlib
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import UnknownFormat
from stillwatch.ingest import Ingest, Limits
from stillwatch.model.exchange import EXCHANGE

from .conftest import Lines, Read, Row


def only(logs: Ingest) -> dict[str, Any]:
    """The one quarantined row."""
    rows: list[dict[str, Any]] = logs.quarantine.to_pylist()
    assert len(rows) == 1
    return rows[0]


def zstd(data: bytes) -> bytes:
    """Compress in frames of several blocks."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


def noise(i: int) -> str:
    """Text that does not compress."""
    return hashlib.sha512(str(i).encode()).hexdigest()


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"output_tokens": -5}, "output_tokens", "output_tokens is -5, allowed 0 to 2,147,483,647"),
        ({"input_tokens": 2**31}, "input_tokens", "input_tokens is 2,147,483,648, allowed 0 to 2,147,483,647"),
        ({"input_tokens": 2**80}, "input_tokens", "input_tokens is 1,208,925,819,614,629,174,706,176, allowed"),
        ({"input_tokens": 1.5}, "input_tokens", "input_tokens is a number, expected a whole number"),
        ({"output_tokens": "many"}, "output_tokens", "output_tokens is text of 4 characters, expected a whole number"),
        ({"output_tokens": True}, "output_tokens", "output_tokens is a boolean, expected a whole number"),
        ({"prompt_text": ["a"]}, "prompt_text", "prompt_text is an array, expected text"),
        ({"prompt_text": {"a": 1}}, "prompt_text", "prompt_text is an object, expected text"),
        ({"prompt_text": 5}, "prompt_text", "prompt_text is a whole number, expected text"),
        ({"has_tools": "maybe"}, "has_tools", "has_tools is text of 5 characters, expected true or false"),
        ({"temperature": 101}, "temperature", "temperature is 101, allowed 0 to 100"),
        ({"temperature": -0.1}, "temperature", "temperature is -0.1, allowed 0 to 100"),
        ({"top_p": 1.01}, "top_p", "top_p is 1.01, allowed 0 to 1"),
        ({"cost_usd": -1.0}, "cost_usd", "cost_usd is -1, allowed 0 to 1,000,000,000.0"),
        ({"status_code": 99}, "status_code", "status_code is 99, allowed 100 to 599"),
        ({"status_code": 600}, "status_code", "status_code is 600, allowed 100 to 599"),
        ({"time": None}, "time", "time is missing"),
        ({"time": ""}, "time", "time is missing"),
        ({"time": "yesterday"}, "time", "time is text of 9 characters, expected RFC 3339 or a number since 1970"),
        ({"time": "2026-13-01T00:00:00Z"}, "time", "time is text of 20 characters, expected RFC 3339"),
        ({"time": "1999-01-01T00:00:00Z"}, "time", "time is 1999-01-01T00:00:00, allowed 2015-01-01 to"),
        ({"time": "9999-01-01T00:00:00Z"}, "time", "time is 9999-01-01T00:00:00, allowed 2015-01-01 to"),
        ({"time": 0}, "time", "time is 1970-01-01T00:00:00, allowed"),
        ({"time": True}, "time", "time is a boolean, expected RFC 3339"),
        ({"time": 2**70}, "time", "time is 39381-06-16T"),
        ({"account_id": None}, "account_id", "account_id is missing"),
        ({"account_id": ""}, "account_id", "account_id is empty"),
        ({"exchange_id": None}, "exchange_id", "exchange_id is missing"),
        ({"exchange_id": ""}, "exchange_id", "exchange_id is empty"),
        ({"exchange_id": "a\0b"}, "exchange_id", "exchange_id holds a NUL character"),
        ({"account_id": "a\0b"}, "account_id", "account_id holds a NUL character"),
        ({"session_id": "\0"}, "session_id", "session_id holds a NUL character"),
        ({"user_agent": "x" * 16_385}, "user_agent", "user_agent is 16,385 bytes, allowed 16,384"),
    ],
)
def test_a_bad_value_puts_its_row_aside(
    row: Row, lines: Lines, read: Read, changed: dict[str, Any], field: str, reason: str
) -> None:
    """One bad value: its row is quarantined with line, field and reason; its neighbours are kept."""
    path = lines(row(1), row(2, **changed), row(3))
    logs, table = read(path)
    bad = only(logs)
    assert table["exchange_id"].to_pylist() == ["ex-1", "ex-3"]
    assert (bad["source"], bad["row"], bad["unit"], bad["field"]) == (str(path), 2, "line", field)
    assert bad["reason"].startswith(reason)
    assert bad["exchange_id"] == (None if field == "exchange_id" else "ex-2")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"exchange_id": "x", ', "broken JSON at character"),
        (b'{"exchange_id": "\xff"}', "invalid UTF-8 at byte 18"),
        (b'{"exchange_id": "x", "prompt_text": "\\ud800"}', "broken JSON at character"),
        (b"[1, 2]", "JSON array, expected an object"),
        (b"null", "JSON null, expected an object"),
        (b"\0\0\0", "broken JSON at character 1"),
        (b"{" * 5000, "broken JSON at character"),
        (b'{"exchange_id": NaN}', "broken JSON at character 17"),
    ],
)
def test_a_broken_line_is_one_row(row: Row, lines: Lines, read: Read, broken: bytes, reason: str) -> None:
    """A line that is no JSON object is quarantined as a whole."""
    logs, table = read(lines(row(1), broken, row(3)))
    bad = only(logs)
    assert table.num_rows == 2
    assert (bad["row"], bad["field"]) == (2, None)
    assert bad["reason"].startswith(reason)


def test_a_prompt_of_50_mb(row: Row, lines: Lines, read: Read) -> None:
    """A prompt over the limit is quarantined with its size and the limit, not with its text."""
    logs, table = read(lines(row(1), row(2, prompt_text="x" * 52_428_800), row(3)))
    assert only(logs)["reason"] == "prompt_text is 52,428,800 bytes, allowed 4,194,304"
    assert table.num_rows == 2


def test_the_text_limit_can_be_set(row: Row, lines: Lines, read: Read) -> None:
    """The limit counts bytes of UTF-8, and a text of exactly the limit passes."""
    logs, table = read(lines(row(1, prompt_text="é" * 5), row(2, prompt_text="é" * 6)), limits=Limits(text_bytes=10))
    assert only(logs)["reason"] == "prompt_text is 12 bytes, allowed 10"
    assert table.num_rows == 1


def test_nul_characters_stay_in_texts(row: Row, lines: Lines, read: Read) -> None:
    """Prompts may hold NULs: the row is good and the text is unchanged."""
    _, table = read(lines(row(1, prompt_text="a\0b")))
    assert table["prompt_text"].to_pylist() == ["a\0b"]


def test_an_address_that_is_none_is_unknown(row: Row, lines: Lines, read: Read) -> None:
    """A host name instead of an address does not cost the row; spellings become one."""
    addresses = ["unknown", "2001:DB8::0001", "::ffff:203.0.113.9", "203.0.113.7:443", "203.0.113.8", ""]
    _, table = read(lines(*(row(i, client_address=a) for i, a in enumerate(addresses))))
    expected = [None, "2001:db8::1", "203.0.113.9", "203.0.113.7", "203.0.113.8", None]
    assert table["client_address"].to_pylist() == expected


def test_empty_labels_are_unknown(row: Row, lines: Lines, read: Read) -> None:
    """An empty fingerprint must not look like one that accounts share; an empty prompt is a prompt."""
    _, table = read(lines(row(1, tls_fingerprint="", organisation_id="", prompt_text="")))
    assert table.select(["tls_fingerprint", "organisation_id", "prompt_text"]).to_pylist() == [
        {"tls_fingerprint": None, "organisation_id": None, "prompt_text": ""}
    ]


def test_duplicates_are_counted_across_files(row: Row, lines: Lines, read: Read) -> None:
    """The first of two rows with one id is kept, the others are counted."""
    first = lines(row(1, prompt_text="first"), row(1), row(2), name="a.ndjson")
    second = lines(row(2), row(1), row(3), name="b.ndjson")
    logs, table = read([first, second])
    assert table["exchange_id"].to_pylist() == ["ex-1", "ex-2", "ex-3"]
    assert table["prompt_text"][0].as_py() == "first"
    assert logs.tally.rows_duplicate == 3


def test_a_quarantined_row_does_not_make_a_duplicate(row: Row, lines: Lines, read: Read) -> None:
    """A good row after a bad one with the same id is kept."""
    logs, table = read(lines(row(1, output_tokens=-1), row(1)))
    assert table.num_rows == 1
    assert logs.tally.rows_duplicate == 0


@pytest.mark.parametrize("cut", [0.3, 0.7, 0.999])
@pytest.mark.parametrize(("compress", "name"), [(gzip.compress, "gzip"), (zstd, "zstd")])
def test_a_truncated_file_gives_the_rows_before_the_damage(
    tmp_path: Path, row: Row, read: Read, cut: float, compress: Any, name: str
) -> None:
    """Rows before the cut are kept; the cut is one row, with its offset in the file."""
    whole = b"".join(orjson.dumps(row(i, prompt_text=noise(i))) + b"\n" for i in range(20_000))
    packed = compress(whole)
    path = tmp_path / "log"
    path.write_bytes(packed[: int(len(packed) * cut)])
    logs, table = read(path)
    bad = only(logs)
    assert (bad["unit"], bad["field"], bad["reason"]) == ("byte", None, f"{name} stream is cut off")
    assert 0 < bad["row"] <= path.stat().st_size
    assert table.num_rows > 20_000 * cut * 0.7
    assert table["exchange_id"].to_pylist() == [f"ex-{i}" for i in range(table.num_rows)]


def test_gzip_with_a_flipped_bit(tmp_path: Path, row: Row, read: Read) -> None:
    """Damage in the middle: nothing is invented after it, nothing before it is lost."""
    packed = bytearray(gzip.compress(b"".join(orjson.dumps(row(i, prompt_text=noise(i))) + b"\n" for i in range(5000))))
    packed[len(packed) // 2] ^= 0x55
    path = tmp_path / "log.gz"
    path.write_bytes(packed)
    logs, table = read(path)
    assert logs.tally.rows_quarantined >= 1
    assert logs.quarantine["reason"].to_pylist()[-1] == "gzip stream is damaged"
    assert table.num_rows > 1500


def test_rubbish_after_gzip(tmp_path: Path, row: Row, read: Read) -> None:
    """Zero padding after the last member is nothing, other bytes are damage."""
    path = tmp_path / "log.gz"
    packed = gzip.compress(orjson.dumps(row(1)) + b"\n")
    path.write_bytes(packed + bytes(512))
    assert read(path)[0].tally.rows_quarantined == 0
    path.write_bytes(packed + b"rubbish")
    bad = only(read(path)[0])
    assert (bad["row"], bad["reason"]) == (len(packed), "bytes after the gzip stream are not gzip")


def parquet(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    """Write rows as Parquet, types as Arrow infers them."""
    pq.write_table(pa.Table.from_pylist(rows), path, **options)
    return path


def test_parquet_without_its_footer(tmp_path: Path, row: Row, read: Read) -> None:
    """Parquet that was cut off cannot be read: one row, the rest of the folder is."""
    whole = parquet(tmp_path / "a.parquet", [row(1)]).read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[:-9])
    parquet(tmp_path / "b.parquet", [row(2)])
    logs, table = read(tmp_path)
    bad = only(logs)
    assert (bad["unit"], bad["reason"]) == ("byte", "Parquet footer is broken")
    assert table["exchange_id"].to_pylist() == ["ex-2"]


def test_parquet_with_a_damaged_row_group(tmp_path: Path, row: Row, read: Read) -> None:
    """The damaged row group is one row that says how many are lost; the others are read."""
    path = parquet(
        tmp_path / "a.parquet",
        [row(i, prompt_text=noise(i)) for i in range(300)],
        row_group_size=100,
        compression="zstd",
        use_dictionary=False,
    )
    column = pq.ParquetFile(path).metadata.row_group(1).column(3)
    data = bytearray(path.read_bytes())
    start = column.data_page_offset
    data[start : start + column.total_compressed_size] = bytes(column.total_compressed_size)
    path.write_bytes(data)
    logs, table = read(path)
    bad = only(logs)
    assert (bad["row"], bad["unit"]) == (101, "record")
    assert bad["reason"] == "row group 1 is damaged, 100 rows of it cannot be read"
    assert table.num_rows == 200


def test_bad_values_in_parquet(tmp_path: Path, read: Read) -> None:
    """The vectorised path finds the same faults as the path of rows, and numbers records from 1."""
    n = 6
    strings = pa.array([b"ok", b"\xff\xfe", b"ok", b"ok", b"ok", b"ok"]).view(pa.string())
    table = pa.table(
        {
            "exchange_id": pa.array([f"ex-{i}" for i in range(n)]),
            "time": pa.array([1767225600] * 4 + [-1, 1767225600]),
            "account_id": pa.array(["a", "a", None, "a\0", "a", "a"]),
            "prompt_text": strings,
            "output_tokens": pa.array([1, 1, 1, 1, 1, -1], pa.int64()),
        }
    )
    path = tmp_path / "x.parquet"
    pq.write_table(table, path)
    logs, kept = read(path)
    assert kept["exchange_id"].to_pylist() == ["ex-0"]
    assert [(r["row"], r["field"]) for r in logs.quarantine.to_pylist()] == [
        (2, "prompt_text"),
        (3, "account_id"),
        (4, "account_id"),
        (5, "time"),
        (6, "output_tokens"),
    ]


def test_a_file_of_unknown_format_is_one_row(tmp_path: Path, lines: Lines, row: Row, read: Read) -> None:
    """Beside a good file, an unknown and an empty one are one quarantined row each."""
    lines(row(1))
    (tmp_path / "notes.txt").write_text("nothing to see")
    (tmp_path / "empty.log").touch()
    logs, table = read(tmp_path)
    assert table.num_rows == 1
    assert [(Path(r["source"]).name, r["field"], r["reason"]) for r in logs.quarantine.to_pylist()] == [
        ("empty.log", None, "file is empty"),
        ("notes.txt", None, "unknown format"),
    ]


def test_nothing_but_unknown_formats_is_an_error(tmp_path: Path, read: Read) -> None:
    """When no file can be read the caller is told which and why."""
    (tmp_path / "notes.txt").write_text("nothing to see")
    (tmp_path / "bad.gz").write_bytes(b"\x1f\x8b\x08\0")
    with pytest.raises(UnknownFormat, match=r"bad\.gz \(gzip stream is cut off\), .*notes\.txt \(unknown format\)"):
        read(tmp_path)


def test_reasons_never_hold_the_value(row: Row, lines: Lines, read: Read) -> None:
    """Whatever text stands in a column of another kind, it is not repeated."""
    private = "somebody wrote this"
    bad = [
        row(i, **{name: private})
        for i, name in enumerate(EXCHANGE.names)
        if not pa.types.is_string(EXCHANGE.field(name).type)
    ]
    logs, _ = read(lines(*bad))
    assert logs.tally.rows_quarantined == len(bad)
    assert not [r for r in logs.quarantine["reason"].to_pylist() if private in r]
