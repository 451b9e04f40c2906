"""Foreign logs through a mapping: CSV, JSON lines, Parquet; and every problem of a mapping at once."""

import csv
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import InvalidInput, UnknownFormat
from stillwatch.ingest.mapping import parse_mapping

from .conftest import Read

MAPPING = """
[columns]
exchange_id = "request.id"
time = { column = "ts", unit = "ms" }
account_id = { column = "key", hash = true }
provider = { value = "acme" }
prompt_text = "messages.-1.content"
output_tokens = "usage"
client_address = "forwarded"
"""

OBJECTS = [
    {
        "request": {"id": f"r{i}"},
        "ts": 1767225600000 + i,
        "key": "topsecret" if i else "other",
        "messages": [{"content": "first"}, {"content": f"last {i}"}],
        "usage": i,
        "forwarded": "203.0.113.7, 10.0.0.1",
    }
    for i in range(3)
]


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """The mapping above as a file."""
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return path


def write_json(path: Path, objects: list[dict[str, Any]]) -> None:
    """Objects as lines."""
    path.write_bytes(b"\n".join(map(orjson.dumps, objects)))


def write_parquet(path: Path, objects: list[dict[str, Any]]) -> None:
    """Objects as rows of structs."""
    pq.write_table(pa.Table.from_pylist(objects), path)


@pytest.mark.parametrize("write", [write_json, write_parquet])
def test_nested_logs(tmp_path: Path, mapping: Path, read: Read, write: Any) -> None:
    """Dotted paths, list items, units, constants and hashes, the same from JSON and from Parquet."""
    write(tmp_path / "foreign", OBJECTS)
    logs, table = read(tmp_path / "foreign", mapping=mapping, salt=b"s")
    assert logs.tally.formats == {"mapping": 3}
    assert table["exchange_id"].to_pylist() == ["r0", "r1", "r2"]
    assert table["time"].cast(pa.int64()).to_pylist() == [1767225600000000 + 1000 * i for i in range(3)]
    assert table["provider"].to_pylist() == ["acme"] * 3
    assert table["prompt_text"].to_pylist() == ["last 0", "last 1", "last 2"]
    assert table["output_tokens"].to_pylist() == [0, 1, 2]
    assert table["client_address"].to_pylist() == ["203.0.113.7"] * 3
    keys = table["account_id"].to_pylist()
    assert keys[0] != keys[1] == keys[2]
    assert all(key.startswith("key-") and len(key) == 36 for key in keys)


def test_csv(tmp_path: Path, read: Read) -> None:
    """Quoted line ends, another delimiter, a byte order mark, a named time format; bad rows with their line."""
    (tmp_path / "m.toml").write_text(
        '[columns]\nexchange_id = "id"\naccount_id = "who"\nprompt_text = "the prompt"\n'
        'has_tools = "tools"\n[columns.time]\ncolumn = "at"\nformat = "%d/%b/%Y:%H:%M:%S %z"\n'
    )
    with (tmp_path / "log.csv").open("w", newline="", encoding="utf-8-sig") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["id", "at", "who", "the prompt", "tools"])
        out.writerow(["1", "01/Jan/2026:01:00:00 +0100", "a", "two\nlines; one row", "true"])
        out.writerow(["2", "1 January", "a", "x", "false"])
        out.writerow(["3", "01/Jan/2026:00:00:01 +0000", "a", "", ""])
        out.writerow(["4", "too", "few"])
    logs, table = read(tmp_path / "log.csv", mapping=tmp_path / "m.toml")
    assert table.select(["exchange_id", "prompt_text", "has_tools"]).to_pylist() == [
        {"exchange_id": "1", "prompt_text": "two\nlines; one row", "has_tools": True},
        {"exchange_id": "3", "prompt_text": None, "has_tools": None},
    ]
    assert table["time"][0].as_py().isoformat() == "2026-01-01T00:00:00+00:00"
    assert [(r["row"], r["field"], r["reason"]) for r in logs.quarantine.to_pylist()] == [
        (4, "time", "time does not follow the format %d/%b/%Y:%H:%M:%S %z"),
        (6, None, "3 fields, the header has 5"),
    ]


def test_csv_with_invalid_utf8(tmp_path: Path, mapping: Path, read: Read) -> None:
    """The row is put aside, its neighbours are kept."""
    mapping.write_text('[columns]\nexchange_id = "id"\ntime = "t"\naccount_id = "a"\nprompt_text = "p"')
    (tmp_path / "x.csv").write_bytes(b"id,t,a,p\n1,1767225600,a,x\n2,1767225600,a,\xff\n3,1767225600,a,x\n")
    logs, table = read(tmp_path / "x.csv", mapping=mapping)
    assert table.num_rows == 2
    assert logs.quarantine.select(["row", "field", "reason"]).to_pylist() == [
        {"row": 3, "field": "p", "reason": "p is invalid UTF-8"}
    ]


def test_a_time_that_is_no_number(tmp_path: Path, mapping: Path, read: Read) -> None:
    """With a unit, the time must be a number that a calendar can hold."""
    write_json(tmp_path / "x", [{**OBJECTS[0], "ts": ts} for ts in (OBJECTS[0]["ts"], "noon", 1e300, None)])
    logs, _ = read(tmp_path / "x", mapping=mapping)
    assert logs.quarantine["reason"].to_pylist() == [
        "time is no number of ms since 1970",
        "time is no number of ms since 1970",
        "time is missing",
    ]


def test_other_files_are_read_by_their_readers(tmp_path: Path, mapping: Path, read: Read, row: Any) -> None:
    """A mapping is for the files that have its columns; others are read as always, or say what they lack."""
    write_json(tmp_path / "a.foreign", OBJECTS)
    write_json(tmp_path / "b.native", [row(1)])
    (tmp_path / "c.txt").write_text("nothing")
    mapping.rename(tmp_path / ".mapping")
    logs, table = read(tmp_path, mapping=tmp_path / ".mapping")
    assert table.num_rows == 4
    assert logs.tally.formats == {"mapping": 3, "ndjson": 1, "unknown": 1}
    reason = logs.quarantine["reason"].to_pylist()[0]
    assert reason == "unknown format, and the mapping's columns are not in it: request.id, ts, key"


def test_a_file_without_the_required_columns(tmp_path: Path, mapping: Path, read: Read) -> None:
    """The error names the columns that were looked for."""
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UnknownFormat, match=r"columns are not in it: request\.id, ts, key"):
        read(tmp_path / "x.csv", mapping=mapping)


def test_a_table_without_an_optional_column(tmp_path: Path, mapping: Path, read: Read) -> None:
    """A misspelt column of a table would be silently empty: it is an error with its line."""
    mapping.write_text('[columns]\nexchange_id = "id"\ntime = "t"\naccount_id = "a"\nmodel = "modle"')
    (tmp_path / "x.csv").write_text("id,t,a,model\n1,1767225600,a,m\n")
    with pytest.raises(InvalidInput, match=r"x\.csv has no column modle \(.*mapping\.toml:5\)"):
        read(tmp_path / "x.csv", mapping=mapping)


def test_all_problems_are_told_at_once() -> None:
    """One message with every problem and its line."""
    text = """\
[columns]
exchange_id = { value = "same" }
time = { column = "t", unit = "minutes" }
promt_text = "p"
output_tokens = { column = "n", hash = true }
status_code = { value = "ok" }
model = { colum = "m" }
client_asn = { column = "asn", format = "%Y" }
has_tools = 7
[columns.top_p]
column = ""
[source]
delimiter = "::"
quote = "x"
[more]
"""
    with pytest.raises(InvalidInput) as caught:
        parse_mapping(text, "m.toml")
    assert set(str(caught.value).splitlines()) == {
        "exchange_id: value would make every row a duplicate of the first (m.toml:2)",
        "time: unit must be one of s, ms, us, ns (m.toml:3)",
        "promt_text is no column of the record, prompt_text is (m.toml:4)",
        "output_tokens: hash is for columns of text only (m.toml:5)",
        "status_code: value: status_code is text of 2 characters, expected a whole number (m.toml:6)",
        "model: colum is unknown, column, value, unit, format, hash are the keys (m.toml:7)",
        "model: needs either column or value (m.toml:7)",
        "client_asn: format is for times only (m.toml:8)",
        "has_tools must be a column name or a table, got int (m.toml:9)",
        "top_p: column must be a name (m.toml:10)",
        "delimiter must be one character that is no quote and no line end (m.toml:13)",
        "quote is unknown, delimiter is the only key of source (m.toml:14)",
        "more is unknown, columns and source are the sections (m.toml:15)",
        "account_id is required and not mapped (m.toml)",
    }


def test_what_is_no_toml(tmp_path: Path, read: Read) -> None:
    """The parser's line is in the message; a file that is not there is named."""
    with pytest.raises(InvalidInput, match=r"not TOML: .*line 2.*m\.toml"):
        parse_mapping("[columns]\n= 1", "m.toml")
    with pytest.raises(InvalidInput, match=r"gone\.toml cannot be read: No such file"):
        read(tmp_path, mapping=tmp_path / "gone.toml")
