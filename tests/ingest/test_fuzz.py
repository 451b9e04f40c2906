"""No reader crashes or loses a row, whatever the bytes: arbitrary ones, and real logs with damage in them."""

import gzip
import io
import random
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import UnknownFormat
from stillwatch.ingest import READERS, ingest
from stillwatch.ingest.lines import lines
from stillwatch.ingest.streams import Damage
from stillwatch.model.reader import Columns, Reader, Source

from .conftest import read_all

FIXTURES = Path(__file__).parents[1] / "fixtures"
FORMATS = ("anthropic", "langfuse", "litellm", "openai", "otlp")
LARGEST = 300_000

each_reader = pytest.mark.parametrize("reader", READERS, ids=[reader.name for reader in READERS])


def good(i: int) -> dict[str, Any]:
    """A good row of our own format."""
    return {"exchange_id": f"ex-{i}", "time": 1767225600 + i, "account_id": f"a{i % 3}", "prompt_text": f"hé {i}"}


def parquet(rows: list[dict[str, Any]]) -> bytes:
    """Rows as Parquet of several row groups."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=4)
    return sink.getvalue()


@cache
def examples() -> list[bytes]:
    """Small valid logs of every format there is: our own, and the captured ones."""
    rows = [good(i) for i in range(10)]
    own = [parquet(rows), b"\n".join(map(orjson.dumps, rows))]
    captured = sorted(path for name in FORMATS for path in (FIXTURES / name).glob("*") if path.is_file())
    return own + [data for path in captured if len(data := path.read_bytes()) <= LARGEST]


def source(data: bytes, path: Path | None = None) -> Source:
    """`data` as a source in memory."""
    return Source("fuzz", lambda: io.BytesIO(data), data[: 64 * 1024], None if path is None else str(path))


def mutated(data: bytes, seed: int) -> bytes:
    """`data` with one to four kinds of damage."""
    rng = random.Random(seed)  # noqa: S311 - damage, not secrets
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(6):
            case 0:
                out[at : at + rng.randint(1, 40)] = b""
            case 1:
                out[at:at] = rng.randbytes(rng.randint(1, 20))
            case 2:
                del out[at:]
            case 3:
                out[at : at + 1] = bytes([rng.randrange(256)])
            case 4:
                out[at : at + 8] = rng.choice([b"null", b"-1", b"[]", b"{}", b'"', b"\n", b"\0", b"1e999", b"\xff"])
            case _:
                other = rng.randrange(len(out) + 1)
                out[at:at] = out[other : other + 60]
    return bytes(out)


def rows_read(reader: Reader, data: bytes) -> int:
    """Rows a reader gives; damage of a container is one."""
    n = 0
    try:
        for item in reader.read(source(data)):
            n += item.batch.num_rows if isinstance(item, Columns) else 1
    except Damage:
        n += 1
    return n


@each_reader
@settings(max_examples=60)
@given(data=st.binary(max_size=300))
def test_arbitrary_bytes_crash_no_reader(reader: Reader, data: bytes) -> None:
    """Any bytes are recognised or not, and read to their end."""
    reader.recognises(source(data))
    rows_read(reader, data)


@each_reader
@settings(max_examples=60)
@given(which=st.integers(0, 10_000), seed=st.integers(0, 2**32))
def test_damaged_logs_crash_no_reader(reader: Reader, which: int, seed: int) -> None:
    """Damaged logs of any format are read to their end by any reader; its own ones always give rows."""
    whole = examples()[which % len(examples())]
    data = mutated(whole, seed)
    if reader.recognises(source(data)) and rows_read(reader, whole) > 0:
        assert rows_read(reader, data) > 0


@each_reader
def test_every_reader_has_examples(reader: Reader) -> None:
    """The mutations above start from at least one log of each format."""
    first = [next((r.name for r in READERS if r.recognises(source(data))), None) for data in examples()]
    assert reader.name in first


@settings(max_examples=150)
@given(which=st.integers(0, 10_000), seed=st.integers(0, 2**32), is_packed=st.booleans())
def test_counts_add_up_for_damaged_logs(
    tmp_path_factory: pytest.TempPathFactory, which: int, seed: int, *, is_packed: bool
) -> None:
    """The whole of ingest on damaged logs: every row read is kept, quarantined or a duplicate."""
    whole = examples()[which % len(examples())]
    data = mutated(whole, seed)
    path = tmp_path_factory.mktemp("fuzz") / "log"
    path.write_bytes(mutated(gzip.compress(data), seed) if is_packed else data)
    try:
        logs, _ = read_all(path)
    except UnknownFormat:
        return
    assert logs.tally.rows_read > 0 or not any(r.recognises(source(whole)) and rows_read(r, whole) for r in READERS)


@settings(max_examples=150)
@given(data=st.lists(st.one_of(st.binary(max_size=30), st.integers(0, 99).map(lambda i: orjson.dumps(good(i))))))
def test_every_line_is_a_row(tmp_path_factory: pytest.TempPathFactory, data: list[bytes]) -> None:
    """Of NDJSON, as many rows are read as there are lines that are not blank."""
    content = b"\n".join([orjson.dumps(good(100)), *data])
    path = tmp_path_factory.mktemp("fuzz") / "log.ndjson"
    path.write_bytes(content)
    logs, _ = read_all(path)
    assert logs.tally.rows_read == sum(1 for line in content.split(b"\n") if line.strip())


@given(data=st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b" ", b"bcdef"])), limit=st.integers(1, 8))
def test_lines_agree_with_splitting(data: list[bytes], limit: int) -> None:
    """Lines and their numbers are those of splitting at line ends, whatever the limit."""
    content = b"".join(data)
    found = [(line.row, getattr(line, "data", None)) for line in lines(io.BytesIO(content), limit)]
    split = [(i, part.strip()) for i, part in enumerate(content.split(b"\n"), 1) if part.strip()]
    assert [row for row, _ in found] == [row for row, _ in split]
    kept = dict(found)
    assert all(kept[row] == part for row, part in split if kept[row] is not None)
    assert all(len(part) <= limit for _, part in found if part is not None)


def test_nothing_is_ingested_twice_by_two_passes(tmp_path: Path) -> None:
    """Iterating again starts from the beginning with the same result."""
    path = tmp_path / "log.ndjson"
    path.write_bytes(orjson.dumps(good(1)) + b"\nbroken\n")
    logs = ingest(path)
    first = ([b.to_pylist() for b in logs.batches()], logs.tally)
    assert ([b.to_pylist() for b in logs.batches()], logs.tally) == first
