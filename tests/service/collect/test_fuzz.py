"""Anything may be sent: the answer is never 500, and what is taken adds up."""

import asyncio
import gzip
from concurrent.futures import Future
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from tests.fixtures.opened import FIXTURES
from tests.service.collect.rows import exchange, options

from stillwatch.service.collect.collector import Collector
from stillwatch.service.collect.parcel import Outcome, Parcel
from stillwatch.service.collect.routes import collect_routes
from stillwatch.service.settings import CollectSettings

ALLOWED = {200, 202, 400, 413, 415}
PATHS = ["/v1/exchanges", "/v1/litellm", "/v1/traces", "/v1/logs"]
TYPES = ["application/json", "application/x-protobuf", "text/plain", ""]
SEEDS = [
    (FIXTURES / "otlp/litellm-latest-traces.pb").read_bytes(),
    (FIXTURES / "otlp/latest-traces-single.json").read_bytes(),
    (FIXTURES / "litellm/single-success.json").read_bytes(),
    orjson.dumps(exchange("a")),
]
LEVELS = ("x", "metadata", "messages", "resourceSpans", "scopeSpans", "spans", "attributes")
KEYS = st.sampled_from([*sorted(exchange("")), *LEVELS])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


class Memory:
    """A sink that keeps nothing but checks that a parcel is whole."""

    def submit(self, parcel: Parcel) -> Future[Outcome]:
        parcel.rows.validate(full=True)
        parcel.aside.validate(full=True)
        done: Future[Outcome] = Future()
        done.set_result(Outcome(parcel.rows.num_rows, 0, parcel.aside.num_rows))
        return done


async def anybody(_headers: object, _source: str) -> None:
    """Everybody may."""


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real body with a piece changed, cut out or cut off."""
    data = draw(st.sampled_from(SEEDS))
    start = draw(st.integers(0, len(data) - 1))
    end = draw(st.integers(start, min(len(data), start + 40)))
    return data[:start] + draw(st.binary(max_size=20)) + data[end:]


@pytest.fixture(scope="module")
def app() -> Starlette:
    """The endpoints over a sink in memory."""
    collector = Collector(Memory(), options(settings=CollectSettings(body_bytes=1_000_000)))
    return Starlette(routes=collect_routes(collector, anybody))


@settings(max_examples=300)
@given(
    path=st.sampled_from(PATHS),
    kind=st.sampled_from(TYPES),
    body=st.binary(max_size=300) | JSON.map(orjson.dumps) | damaged(),
    packed=st.sampled_from(["", "gzip", "identity", "wrong", "claimed"]),
)
def test_never_an_error_of_ours(app: Starlette, path: str, kind: str, body: bytes, packed: str) -> None:
    """Whatever the path, type, compression and bytes, the sender gets an answer that says what it did."""
    headers = {"Content-Type": kind} if kind else {}
    if packed:
        headers["Content-Encoding"] = {"claimed": "gzip", "wrong": "br"}.get(packed, packed)
    sent = gzip.compress(body) if packed == "gzip" else body

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(app)  # raises what the application raises
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post(path, content=sent, headers=headers)

    answer = asyncio.run(post())
    assert answer.status_code in ALLOWED
    if answer.status_code == 200 and path in PATHS[:2]:
        told = answer.json()
        assert told["accepted"] + told["duplicate"] + told["quarantined"] == told["received"]


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("path", PATHS)
def test_depth(app: Starlette, path: str, opening: bytes) -> None:
    """JSON that is nested a hundred thousand levels deep is refused like every other broken body."""
    test = test_never_an_error_of_ours.hypothesis.inner_test  # type: ignore[attr-defined]
    test(app, path, "application/json", opening * 100_000, "gzip")
    test(app, path, "application/json", b'{"exchange_id": ' + opening * 500 + b"1", "")
