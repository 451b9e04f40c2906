"""Every value at every depth of a captured row replaced by one of another type: one row stays one, nothing crashes."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import orjson
import pytest
from tests.fixtures.opened import FIXTURES, in_memory, rows_of

from stillwatch.ingest.anthropic import Anthropic
from stillwatch.ingest.langfuse import Langfuse
from stillwatch.ingest.litellm import LiteLlm
from stillwatch.ingest.openai import OpenAi
from stillwatch.ingest.otlp_json import OtlpJson
from stillwatch.model.reader import Reader

READERS: dict[str, Reader] = {
    "litellm/lines.ndjson": LiteLlm(),
    "openai/pairs.jsonl": OpenAi(),
    "openai/batch_output.jsonl": OpenAi(),
    "anthropic/pairs.jsonl": Anthropic(),
    "anthropic/april_results.jsonl": Anthropic(),
    "langfuse/observations.jsonl": Langfuse(),
}
OTLP = ("latest-traces", "latest-logs", "older-logs", "openinference-traces")
ODD: tuple[Any, ...] = (None, 7, "", [[]], {"type": ["x"], "a": {}}, True)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Place of every value inside `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from paths(item, (*path, key))


def changed(value: Any) -> Iterator[bytes]:
    """`value` as JSON with one value replaced, for every place and every odd value."""
    for path in paths(value):
        for odd in ODD:
            copy = deepcopy(value)
            place = copy
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = odd
            yield orjson.dumps(copy)


@pytest.mark.parametrize("name", READERS)
def test_rows(name: str) -> None:
    """Readers of one object a row."""
    reader = READERS[name]
    lines = (FIXTURES / name).read_bytes().splitlines()
    for line in (lines[0], lines[-1]):
        for data in changed(orjson.loads(line)):
            source = in_memory(line + b"\n" + data)
            assert reader.recognises(in_memory(data)) in (True, False)
            assert len(rows_of(reader, source)) in ((1, 2) if name.startswith("langfuse") else (2,))


@pytest.mark.parametrize("name", OTLP)
def test_exports(name: str) -> None:
    """Exports: a span may become none of a model call, but the reader goes on to the next line."""
    lines = (FIXTURES / f"otlp/{name}.jsonl").read_bytes().splitlines()
    export = orjson.loads(lines[0])
    spans = next(iter(export.values()))[0]["scopeSpans" if "resourceSpans" in export else "scopeLogs"][0]
    items = next(value for key, value in spans.items() if key in ("spans", "logRecords"))
    del items[2:]
    rest = len(rows_of(OtlpJson(), in_memory(lines[1])))
    for data in changed(export):
        assert len(rows_of(OtlpJson(), in_memory(data + b"\n" + lines[1]))) >= rest
