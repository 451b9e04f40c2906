"""What is no HTTP, no JSON, too much or packed, at every kind of endpoint of the whole service."""

import gzip
import socket
from collections.abc import Iterator

import httpx
import pytest
from tests.service.collect.test_pressure import read_to_end
from tests.service.hostile.front import Front

from stillwatch.service.openapi import document

HEAD = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
NO_HTTP = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(400),
    "nothing": b"\r\n" * 50,
    "no version": b"GET /health/live\r\n\r\n",
    "another version": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method that is none": b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without a colon": HEAD + b"nothing\r\n\r\n",
    "a header with NUL": HEAD + b"x-a: \x00\r\n\r\n",
    "a name with a space": HEAD + b"x a: 1\r\n\r\n",
    "two hosts": HEAD + b"Host: y\r\n\r\n",
    "no host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "a line without end": b"GET /" + b"a" * 200_000,
    "headers without end": HEAD + b"x-a: 1\r\n" * 20_000,
    "one long header": HEAD + b"x-a: " + b"a" * 200_000 + b"\r\n\r\n",
}
POST = b"POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
INSIDE = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
TWO_LENGTHS = {
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + INSIDE,
    "a negative length": POST + b"Content-Length: -1\r\n\r\n" + INSIDE,
    "a length that is none": POST + b"Content-Length: 0x10\r\n\r\n" + INSIDE,
    "chunks and a length": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INSIDE,
    "chunks that are none": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + INSIDE,
    "another encoding": POST + b"Transfer-Encoding: identity\r\n\r\n" + INSIDE,
}
DEEP = 200_000
BODIES = {
    "lists without end": b"[" * DEEP,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a deep field": b'{"account_id":"a","subject":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "no UTF-8": b'{"account_id":"\xff\xfe"}',
    "half a character": b'{"account_id":"\\ud800","input":{},"input_type":"request"}',
    "NUL": b'{"account_id":"a\\u0000b"}\x00',
    "a number of a million digits": b'{"account_id":' + b"9" * 1_000_000 + b"}",
    "names without end": b"{" + b",".join(b'"a%d":1' % n for n in range(50_000)) + b"}",
    "a name again and again": b"{" + b'"account_id":"a",' * 50_000 + b'"account_id":"b"}',
    "binary": bytes(range(256)) * 1000,
    "nothing": b"",
}
BOMB = gzip.compress(bytes(100_000_000), 9)
TAKERS = [path for path, told in document()["paths"].items() if "post" in told]
"""Endpoints that take a body."""


@pytest.fixture
def client(shared: Front) -> Iterator[httpx.Client]:
    """With a token, as an account that gateways may ask about."""
    with shared.client("127.0.0.40") as opened:
        opened.headers["x-stillwatch-account"] = "acct-1"
        yield opened


def sent(shared: Front, data: bytes) -> bytes:
    """All that comes back of a connection on which this is sent, and no more."""
    with shared.connected("127.0.0.40") as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # closed before it was all sent
        return read_to_end(connection)


@pytest.mark.parametrize("data", NO_HTTP.values(), ids=NO_HTTP)
def test_what_is_no_http(shared: Front, data: bytes) -> None:
    """It is refused or cut off, and never an error of ours."""
    told = sent(shared, data)
    assert told == b"" or told.startswith(b"HTTP/1.1 4")
    with shared.client("127.0.0.40") as client:
        assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize("data", TWO_LENGTHS.values(), ids=TWO_LENGTHS)
def test_no_request_hides_in_another(shared: Front, data: bytes) -> None:
    """Where a body ends is never in doubt: what stands in it is not answered as a request."""
    told = sent(shared, data)
    assert b'"openapi"' not in told
    assert told == b"" or told.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("path", TAKERS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bodies_that_nobody_means(client: httpx.Client, path: str, body: bytes) -> None:
    """Every endpoint that takes a body answers whatever comes, at worst with what is wrong with it."""
    answer = client.post(
        path.replace("{package}", "a").replace("{token}", "a"),
        content=body,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code < 500
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize("path", TAKERS)
def test_bombs(client: httpx.Client, path: str) -> None:
    """A hundred megabytes in a hundred kilobytes, and that in another: nobody inflates them."""
    for data, coding in ((BOMB, "gzip"), (gzip.compress(BOMB), "gzip, gzip"), (BOMB, "br"), (BOMB, "deflate")):
        headers = {"content-type": "application/json", "content-encoding": coding}
        answer = client.post(path.replace("{package}", "a").replace("{token}", "a"), content=data, headers=headers)
        assert answer.status_code in ({200} if path.startswith("/v1/envoy") else {400, 404, 413, 415})


def test_more_than_a_body_may_have(client: httpx.Client) -> None:
    """With a length it is refused unread, without one at the limit; the next one is served."""

    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(1 << 20)

    for path in ("/v1/exchanges", "/v1/decide"):
        for content in (bytes(17 << 20), pieces()):
            try:
                answer = client.post(path, content=content)
            except httpx.TransportError:
                continue  # it was told so while it went on sending
            assert answer.status_code == 413
        assert client.post(path, content=b'{"account_id":"a"}').status_code in {200, 400}
