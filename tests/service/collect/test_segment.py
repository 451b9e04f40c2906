"""Segments: what was appended is read back, whatever happens to the bytes after it."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.collect.rows import parcel

from stillwatch.errors import UnreadableSource
from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.collect import segment as module
from stillwatch.service.collect.segment import ASIDE, MARKER_BYTES, ROWS, frame, header, read_segment

MARKER = bytes(range(MARKER_BYTES))
OPENED = datetime(2026, 5, 1, 12, 30, 0, 123_456, tzinfo=UTC)
HEADER = header(MARKER, OPENED)
FRAMES = [frame(MARKER, ROWS, parcel(f"{i}", f"{i}'").rows) for i in range(4)]
WHOLE = HEADER + b"".join(FRAMES)


def names(data: bytes) -> list[str]:
    """Ids in a segment."""
    found: list[str] = read_segment(data, "s").rows["exchange_id"].to_pylist()
    return found


def test_read_back() -> None:
    """Exchanges, rows put aside and the time of opening come back as they were, with their schema."""
    body = parcel("x", n_aside=2)
    read = read_segment(HEADER + frame(MARKER, ROWS, body.rows) + frame(MARKER, ASIDE, body.aside), "s")
    assert read.opened == OPENED
    assert read.rows.schema.equals(EXCHANGE, check_metadata=True)
    assert read.rows.to_pylist() == body.rows.to_pylist()
    assert read.aside.to_pylist() == body.aside.to_pylist()
    assert read.damaged_bytes == 0


@given(st.integers(len(HEADER), len(WHOLE)))
def test_cut_off_anywhere(end: int) -> None:
    """A segment that ends anywhere gives every frame that is whole before the end, and counts the rest."""
    ends = [len(HEADER) + sum(map(len, FRAMES[:i])) for i in range(5)]
    n = max(i for i in range(5) if ends[i] <= end)
    read = read_segment(WHOLE[:end], "s")
    assert read.rows["exchange_id"].to_pylist() == [f"{i}{tail}" for i in range(n) for tail in ("", "'")]
    assert read.damaged_bytes == end - ends[n]


@given(st.integers(len(HEADER), len(WHOLE) - 1), st.integers(1, 255))
def test_one_damaged_byte_costs_its_frame_only(at: int, change: int) -> None:
    """Whatever byte changes, the other frames are all read and the damaged one is not."""
    damaged = bytearray(WHOLE)
    damaged[at] ^= change
    ends = [len(HEADER) + sum(map(len, FRAMES[: i + 1])) for i in range(4)]
    hit = next(i for i in range(4) if at < ends[i])
    assert names(bytes(damaged)) == [f"{i}{tail}" for i in range(4) if i != hit for tail in ("", "'")]


@given(st.binary(max_size=len(HEADER) - 1) | st.integers(0, len(HEADER) - 1).map(lambda n: HEADER[:n]))
def test_no_header(data: bytes) -> None:
    """Bytes without a whole header are refused, and with them no other error than the one that is told."""
    with pytest.raises(UnreadableSource, match="header of the segment s is damaged"):
        read_segment(data, "s")


def test_a_frame_inside_a_text_is_no_frame() -> None:
    """Who sends the bytes of a frame as a prompt gains nothing when the frame around it is damaged."""
    forged = frame(bytes(MARKER_BYTES), ROWS, parcel("forged").rows)
    body = parcel("honest").rows
    at = body.schema.get_field_index("user_agent")
    body = body.set_column(at, body.schema.field(at), pa.array([forged.decode("latin-1")]))
    data = bytearray(HEADER + frame(MARKER, ROWS, body) + FRAMES[0])
    data[len(HEADER) + MARKER_BYTES + 12] ^= 1
    assert names(bytes(data)) == ["0", "0'"]


def test_of_an_earlier_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that the file does not have is null, and one that this version does not have is left out."""
    older = pa.schema([*(f for f in EXCHANGE if f.name != "user_agent"), pa.field("gone", pa.string())])
    with monkeypatch.context() as patched:
        patched.setitem(module._SCHEMAS, ROWS, older)
        begin = header(MARKER, OPENED)
    rows = parcel("x").rows.drop_columns(["user_agent"]).append_column("gone", pa.array(["y"])).cast(older)
    read = read_segment(begin + frame(MARKER, ROWS, rows), "s").rows
    assert read.schema.equals(EXCHANGE, check_metadata=True)
    assert read["exchange_id"].to_pylist() == ["x"]
    assert read["user_agent"].null_count == 1
