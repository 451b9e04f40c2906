"""Objects cut out of a file without holding it: the same as parsing the whole."""

import io

import orjson
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest import json_values as module
from stillwatch.ingest.json_values import json_values
from stillwatch.ingest.lines import JsonLine
from stillwatch.model.reader import Rejected

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(), v, max_size=3))
OBJECTS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), min_size=1, max_size=6)


class Dribble(io.BytesIO):
    """A stream that gives at most seven bytes at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Give a few bytes."""
        return super().read(7 if size is None or size < 0 else min(size, 7))


@given(OBJECTS, st.sampled_from(["array", "pretty", "lines", "arrays"]))
def test_same_as_parsing(objects: list[dict[str, object]], form: str) -> None:
    """Array, pretty array, lines and arrays after one another give the objects that were written, in order."""
    texts = {
        "array": orjson.dumps(objects),
        "pretty": orjson.dumps(objects, option=orjson.OPT_INDENT_2),
        "lines": b"\n".join(orjson.dumps(one) for one in objects),
        "arrays": b" ".join(orjson.dumps([one]) for one in objects),
    }
    for stream in (io.BytesIO(texts[form]), Dribble(texts[form])):
        items = list(json_values(stream))
        assert [item.fields for item in items if isinstance(item, JsonLine)] == objects
        assert [item.row for item in items] == list(range(1, len(objects) + 1))


@given(OBJECTS, st.integers(0, 10_000))
def test_cut_anywhere(objects: list[dict[str, object]], at: int) -> None:
    """Cut anywhere, every whole object is there, then at most one rejected row."""
    data = orjson.dumps(objects)
    items = list(json_values(io.BytesIO(data[: at % len(data)])))
    whole = [item.fields for item in items if isinstance(item, JsonLine)]
    assert whole == objects[: len(whole)]
    assert sum(isinstance(item, Rejected) for item in items) <= 1
    assert items


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """No bytes crash it, and no file is passed over in silence."""
    assert list(json_values(io.BytesIO(data)))


def test_object_over_the_limit() -> None:
    """An object over the limit is rejected as soon as that is known."""
    data = b'[{"a": 1}, {"b": "' + b"x" * (2 * module.CHUNK_BYTES) + b'"}]'
    items = list(json_values(io.BytesIO(data), limit=1000))
    assert isinstance(items[0], JsonLine)
    assert isinstance(items[1], Rejected)


def test_a_long_string_is_read_in_linear_time() -> None:
    """A prompt of many megabytes comes through whole."""
    text = "ab\\" * 3_000_000
    items = list(json_values(io.BytesIO(orjson.dumps([{"a": text}]))))
    assert isinstance(items[0], JsonLine)
    assert items[0].fields["a"] == text
