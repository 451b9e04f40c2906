"""Records of any file: formats by content, bad rows with their places, and counts that add up."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import UnreadableSource
from stillwatch.ingest.sources import expand
from stillwatch.trace.leak.records import Record, Tally, records_of


def read(path: Path, text_field: str | None = None) -> tuple[list[Record], Tally]:
    """Records of one file."""
    tally = Tally()
    found = list(records_of(expand([path], path.parent), tally, text_field))
    assert tally.read == len(found) + tally.n_quarantined
    return found, tally


def test_json_lines_with_bad_ones_between(tmp_path: Path) -> None:
    """Good texts by id or row; broken, textless and wrongly typed rows are put aside with row and reason."""
    path = tmp_path / "a.jsonl"
    rows = ['{"id": "x", "text": "one"}', "{broken", '{"id": 3}', '{"text": 5}', "", '{"text": ""}']
    path.write_text("\n".join(rows))
    found, tally = read(path)
    assert [(one.name.rpartition(":")[2], one.text) for one in found] == [("x", "one"), ("6", "")]
    assert [one.row for one in tally.kept] == [2, 3, 4]
    assert sum(tally.reasons.values()) == 3
    assert "secret" not in str(tally.kept)


@pytest.mark.parametrize("role", [{"role": "assistant", "content": "yes"}, {"from": "gpt", "value": "yes"}])
def test_conversations_give_what_the_model_said(tmp_path: Path, role: dict[str, str]) -> None:
    """Of messages only the assistant's part is an output."""
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"messages": [{"role": "user", "content": "question"}, role]}))
    assert [one.text for one in read(path)[0]] == ["yes"]


def test_parquet_by_its_column(tmp_path: Path) -> None:
    """The usual column is found, another when it is named; null is put aside, a missing column refused."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [7, 8, 9], "output": ["a", None, "c"], "other": ["x", "y", "z"]}), path)
    found, tally = read(path)
    assert [(one.name.rpartition(":")[2], one.text) for one in found] == [("7", "a"), ("9", "c")]
    assert tally.reasons == {"no text": 1}
    assert [one.text for one in read(path, "other")[0]] == ["x", "y", "z"]
    with pytest.raises(UnreadableSource, match="no column none"):
        read(path, "none")


def test_damaged_parquet_is_told(tmp_path: Path) -> None:
    """A cut file is an error, not an empty data set."""
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 50)
    with pytest.raises(UnreadableSource, match="cannot read"):
        read(path)


def test_plain_text_is_cut_into_records(tmp_path: Path) -> None:
    """Megabytes at line ends, nothing lost; one line without an end as well; compressed files too."""
    text = "\n".join(f"line {i} of a text" for i in range(200_000))
    for name, data in (
        ("a.txt", text.encode()),
        ("a.txt.gz", gzip.compress(text.encode())),
        ("b.txt", b"x" * 3_000_000),
    ):
        (tmp_path / name).write_bytes(data)
    for name in ("a.txt", "a.txt.gz"):
        found, _ = read(tmp_path / name)
        assert len(found) > 2
        assert "".join(one.text for one in found) == text
        assert all(one.text.endswith("\n") for one in found[:-1])
    found, _ = read(tmp_path / "b.txt")
    assert "".join(one.text for one in found) == "x" * 3_000_000


def test_binary_is_put_aside(tmp_path: Path) -> None:
    """What is no UTF-8 is quarantined with the byte; the rest of the file is read."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"good\n" * 300_000 + b"\xff\xfe\n" + b"fine\n" * 300_000)
    found, tally = read(path)
    assert tally.n_quarantined == 1
    assert tally.kept[0].reason.startswith("no UTF-8 at byte 15000")
    assert len(found) >= 2


@pytest.mark.parametrize("data", [b"", b"\n\n", b"   "])
def test_empty_files_hold_nothing(tmp_path: Path, data: bytes) -> None:
    """No text, no record with tokens, no error."""
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert "".join(one.text for one in read(path)[0]).strip() == ""


def test_a_damaged_archive_is_counted(tmp_path: Path) -> None:
    """A compressed file that is cut off: what was read stays, the damage is one quarantined record."""
    path = tmp_path / "a.jsonl.gz"
    whole = gzip.compress("\n".join(json.dumps({"text": f"text {i * 7919}"}) for i in range(5000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    found, tally = read(path)
    assert found
    assert tally.n_quarantined >= 1
