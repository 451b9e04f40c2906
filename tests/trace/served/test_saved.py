"""The index as a file."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.trace.served.world import SECRET, exchanges, texts

from stillwatch.errors import IncompatibleVersion, UnreadableSource
from stillwatch.trace.served.index import ServedIndex
from stillwatch.trace.served.saved import load, save

OUTPUTS = texts(20, seed=1)
INDEX = ServedIndex.of(exchanges(OUTPUTS), SECRET)


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    """The same index comes back, an empty one too, and nothing else lies in the folder."""
    for index in (INDEX, ServedIndex.of(exchanges([]), SECRET)):
        save(index, tmp_path / "served.parquet")
        assert load(tmp_path / "served.parquet") == index
    assert [path.name for path in tmp_path.iterdir()] == ["served.parquet"]


def test_no_text_and_no_secret_is_in_the_file(tmp_path: Path) -> None:
    """No word of any output is there, nor the secret; ids are."""
    save(INDEX, tmp_path / "served.parquet")
    pq.write_table(pq.read_table(tmp_path / "served.parquet"), tmp_path / "plain", compression="none")
    data = (tmp_path / "plain").read_bytes()
    assert b"e00007" in data
    assert SECRET.secret not in data
    assert not any(word.encode() in data for text in OUTPUTS for word in text.split() if len(word) > 6)


@pytest.mark.parametrize("name", ["version", "tokens", "share"])
def test_another_layout_is_refused(tmp_path: Path, name: str) -> None:
    """A file of another version, or of other shingles, says to make it again."""
    path = tmp_path / "served.parquet"
    save(INDEX, path)
    table = pq.read_table(path)
    facts = json.loads(table.schema.metadata[b"stillwatch.served"]) | {name: 99}
    pq.write_table(table.replace_schema_metadata({"stillwatch.served": json.dumps(facts)}), path)
    with pytest.raises(IncompatibleVersion, match="make the index again"):
        load(path)


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    """Nothing, damage, another table, facts that are none, other columns: each is told with its path."""
    path = tmp_path / "served.parquet"
    with pytest.raises(UnreadableSource, match=r"served\.parquet"):
        load(path)
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(UnreadableSource, match=r"served\.parquet"):
        load(path)
    save(INDEX, path)
    metadata = pq.read_schema(path).metadata
    for made in ({}, {"stillwatch.served": "["}, {"stillwatch.served": "[]"}, metadata):
        pq.write_table(pa.table({"a": [1]}).replace_schema_metadata(made), path)
        with pytest.raises(UnreadableSource, match="index of served outputs"):
            load(path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A file that cannot be written is an error that names it."""
    with pytest.raises(UnreadableSource, match="cannot write"):
        save(INDEX, tmp_path / "nowhere" / "served.parquet")
