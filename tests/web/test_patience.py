"""What can be said over a connection to tie a server up, fill it, or have it take one request for two."""

import contextlib
import importlib.util
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web.serving import WAIT_S, Echo, connected, read_to_end, served

from stillwatch.web.patience import HEAD_BYTES

LOOPS = ["asyncio", "uvloop"] if importlib.util.find_spec("uvloop") else ["asyncio"]
GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /posted HTTP/1.1\r\nHost: x\r\n"
INNER = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(params=LOOPS)
def echo(request: pytest.FixtureRequest) -> Iterator[Echo]:
    """An application on each event loop there is; whoever waits in it is let go at the end."""
    made = Echo(request.param)
    yield made
    made.go.set()


def trickling(send: Callable[[], object], ended: threading.Event) -> threading.Thread:
    """Say a little again and again until the end or until nobody listens."""

    def trickle() -> None:
        try:
            while not ended.wait(0.02):
                send()
        except OSError:
            pass

    thread = threading.Thread(target=trickle)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (b"", b""),
        (b"", b"P"),
        (b"", b"\r\n"),
        (b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
        (GET % b"first", b"G"),
        (GET % b"first", b"\r\n"),
        (b"POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", b"a"),
    ],
    ids=["silence", "letters", "line-ends", "fields", "second-head", "line-ends-after", "chunks-after", "body-after"],
)
def test_whoever_goes_on_for_ever_is_cut_off(echo: Echo, before: bytes, drop: bytes) -> None:
    """A head that does not end, nothing at all, or a body that goes on when it has been answered."""
    with served(echo, head_s=0.3) as port:
        ended = threading.Event()
        with connected(port, before) as sock:
            thread = trickling(lambda: sock.sendall(drop) if drop else None, ended)
            told = read_to_end(sock)
            ended.set()
            thread.join()
        assert told.count(b"HTTP/1.1 200") == (b" /first " in before or b" /unread " in before)
        with connected(port, LAST) as sock:
            assert read_to_end(sock).endswith(b"/last")


def test_idle_between_requests_is_not_slow(echo: Echo) -> None:
    """A connection that is kept waits longer for its next request than for the end of a head."""
    with served(echo, head_s=0.2) as port, connected(port, GET % b"first") as sock:
        assert sock.recv(65_536)
        threading.Event().wait(0.6)
        sock.sendall(LAST)
        assert read_to_end(sock).endswith(b"/last")


def test_an_application_may_take_longer_than_a_head(echo: Echo) -> None:
    """While a request is being answered nothing is cut off, also not when the next has begun to come."""
    with served(echo, head_s=0.2) as port, connected(port, GET % b"slow", b"GET /next HTTP/1.1\r\n") as sock:
        assert echo.began.wait(WAIT_S)
        threading.Event().wait(0.6)
        echo.go.set()
        assert b"/slow" in read_to_end(sock)
    assert echo.paths == ["/slow"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"x" * (1 << 20) + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"x" * (1 << 20) + b": a\r\n\r\n",
        b"GET /" + b"x" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["value", "fields", "name", "target"],
)
@pytest.mark.parametrize("size", [1 << 21, 50_000, 4_000])
def test_endless_heads(echo: Echo, head: bytes, size: int) -> None:
    """A megabyte of head is refused as too large, in whatever pieces it comes; no application sees it."""
    with served(echo) as port:
        with connected(port, *(head[i : i + size] for i in range(0, len(head), size))) as sock:
            told = read_to_end(sock)
        assert told == b"" or told.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
        assert echo.paths == []
        with connected(port, LAST) as sock:
            assert read_to_end(sock).endswith(b"/last")


def test_large_heads_within_the_limit(echo: Echo) -> None:
    """What gateways pass on of a customer's headers has room; each request has it anew."""
    field = b"a: " + b"x" * (HEAD_BYTES - 1_000) + b"\r\n"
    one = b"GET /large HTTP/1.1\r\nHost: x\r\n" + field
    with served(echo) as port, connected(port, (one + b"\r\n") * 3, one + b"Connection: close\r\n\r\n") as sock:
        assert read_to_end(sock).count(b"HTTP/1.1 200") == 4
    assert echo.paths == ["/large"] * 4


def test_requests_that_come_together_are_answered_in_order(echo: Echo) -> None:
    """Pipelined requests, one with a body in chunks among them."""
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    many = b"".join(GET % b"%d" % n for n in range(20))
    with served(echo) as port, connected(port, many + chunked + LAST) as sock:
        told = read_to_end(sock)
    assert echo.paths == [f"/{n}" for n in range(20)] + ["/posted", "/last"]
    assert echo.seen[20][2] == b"abcde"
    places = [told.index(b"\r\n\r\n%s" % path.encode()) for path in echo.paths]
    assert places == sorted(places)


def test_thousands_that_come_together_are_not_kept(echo: Echo) -> None:
    """A queue of requests behind a slow one is bounded: the connection ends."""
    with served(echo) as port:
        with connected(port, GET % b"slow" + GET % b"next" * 5_000) as sock:
            assert echo.began.wait(WAIT_S)
            echo.go.set()
            read_to_end(sock)
        assert len(echo.paths) < 100


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"-1\r\na\r\n0\r\n\r\n",
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\nabc\n0\n\n",
        b"fffffffffffffffff\r\na",
        b"\r\n",
    ],
)
def test_broken_chunks(echo: Echo, body: bytes) -> None:
    """Sizes that are none, or are not kept to, end the connection; the application never gets the body as whole."""
    with served(echo) as port, connected(port, POST + b"Transfer-Encoding: chunked\r\n\r\n" + body + INNER) as sock:
        told = read_to_end(sock)
    assert told == b"" or told.startswith(b"HTTP/1.1 400")
    assert echo.paths == []


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 0\r\nContent-Length: 44\r\n",
        b"Content-Length: 0, 44\r\n",
        b"Content-Length: +0\r\n",
        b"Content-Length: 0x0\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length:\r\n",
        b"Content-Length: 18446744073709551616\r\n",
        b"Content-Length : 0\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
        b"a: b\r\n Content-Length: 0\r\n",
        b"a: b\nContent-Length: 0\n",
        b"a: b\rContent-Length: 0\r\n",
        b"a: \0\r\n",
        b"a\0: b\r\n",
        b"(a): b\r\n",
        b": b\r\n",
        b"a\r\n",
    ],
)
def test_what_two_servers_would_read_as_two_things_is_read_by_none(echo: Echo, fields: bytes) -> None:
    """Lengths that contradict, spellings that proxies differ about: no request of it is answered as a good one."""
    with served(echo) as port, connected(port, POST + fields + b"\r\n0\r\n\r\n" + INNER) as sock:
        told = read_to_end(sock)
    assert told.startswith(b"HTTP/1.1 400")
    assert echo.paths == []


@pytest.mark.parametrize(
    "line",
    [
        b"GET /a b HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b"GET /\0 HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET http:// HTTP/1.1",
        b"GET http://[ HTTP/1.1",
        b"GET HTTP/1.1",
        b"get / HTTP/1.1",
        b"GET / HTTP/3.0",
        b"GET / HTTQ/1.1",
        b"PRI * HTTP/2.0",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_first_lines_that_are_none(echo: Echo, line: bytes) -> None:
    """Targets with spaces or bytes that are no text, other protocols, other versions."""
    with served(echo) as port, connected(port, line + b"\r\nHost: x\r\n\r\n" + INNER) as sock:
        told = read_to_end(sock)
    assert told.startswith(b"HTTP/1.1 400")
    assert echo.paths == []


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/0.9\r\nHost: x\r\n\r\n",
    ],
)
def test_for_no_host_or_two(echo: Echo, head: bytes) -> None:
    """Who it is for must be said once, since proxies would differ; HTTP/1.0 need not say it."""
    with served(echo) as port, connected(port, head) as sock:
        told = read_to_end(sock)
    assert told.startswith(b"HTTP/1.1 400")
    assert echo.paths == []
    with served(echo) as port, connected(port, b"GET /old HTTP/1.0\r\n\r\n") as sock:
        assert read_to_end(sock).startswith(b"HTTP/1.1 200")


def test_what_comes_behind_a_body_is_no_header(echo: Echo) -> None:
    """Fields of a trailer do not become headers, under which tokens and accounts stand; nor are they endless."""
    chunked = POST + b"A: head\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    trailer = b"A: trailer\r\nX-Stillwatch-Account: other\r\n\r\n"
    with served(echo) as port:
        with connected(port, chunked + trailer + LAST) as sock:
            assert read_to_end(sock).endswith(b"/last")
        with connected(port, chunked, *(b"a: %d\r\n" % n for n in range(30_000))) as sock:
            read_to_end(sock)
    assert [(path, headers.get(b"a"), b"x-stillwatch-account" in headers) for path, headers, _ in echo.seen] == [
        ("/posted", b"head", False),
        ("/last", None, False),
    ]


@pytest.mark.parametrize(
    "body", [b"Content-Length: 2\r\n\r\nab", b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"]
)
@pytest.mark.parametrize("cut", [0, 30, 125, 150, 10_000])
def test_another_protocol_is_not_spoken(echo: Echo, body: bytes, cut: int) -> None:
    """Clients that ask for HTTP/2 on their way are answered as if they had not, body, next request and all."""
    asked = POST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n" + body
    said = GET % b"first" + asked + asked + LAST
    with served(echo) as port, connected(port, said[:cut], said[cut:]) as sock:
        assert read_to_end(sock).count(b"HTTP/1.1 200") == 4
    assert [(path, told) for path, _, told in echo.seen] == [
        ("/first", b""),
        ("/posted", b"ab"),
        ("/posted", b"ab"),
        ("/last", b""),
    ]


@pytest.mark.parametrize("fields", [b"Connection: close\r\n", b"Connection: close, Upgrade\r\nUpgrade: websocket\r\n"])
def test_nothing_comes_behind_the_last(echo: Echo, fields: bytes) -> None:
    """What follows a request that says it is the last is no request."""
    with served(echo) as port, connected(port, b"GET /a HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n" + INNER) as sock:
        assert read_to_end(sock).count(b"HTTP/1.1 200") == 1
    assert echo.paths == ["/a"]


def test_no_tunnels(echo: Echo) -> None:
    """Nobody is connected to anywhere."""
    with served(echo) as port, connected(port, b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n" + INNER) as sock:
        assert read_to_end(sock).startswith(b"HTTP/1.1 400")
    assert echo.paths == []


def test_nothing_is_said_in_the_middle_of_an_answer(echo: Echo) -> None:
    """Garbage behind a request that is being answered ends the connection, and is not answered inside that answer."""
    with served(echo) as port, connected(port, GET % b"halves") as sock:
        assert echo.began.wait(WAIT_S)
        sock.sendall(b"garbage\r\n\r\n")
        told = read_to_end(sock)
        echo.go.set()
    assert told.startswith(b"HTTP/1.1 200")
    assert told.count(b"HTTP/1.1") == 1


def test_whether_one_may_send(echo: Echo) -> None:
    """A sender that asks first is told to go on, once its request is to be read."""
    with served(echo) as port:
        head = POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
        with connected(port, head) as sock:
            assert sock.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            sock.sendall(b"ab")
            assert read_to_end(sock).startswith(b"HTTP/1.1 200")
    assert echo.seen[0][2] == b"ab"


PIECES = st.sampled_from(
    [
        *(b"GET /a HTTP/1.1\r\n", b"POST /b HTTP/1.0\r\n", b"Host: x\r\n", b"\r\n", b"\n", b"\0", b"0\r\n\r\n"),
        *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"3\r\nabc\r\n"),
        *(b"Upgrade: h2c\r\nConnection: upgrade\r\n", b"Expect: 100-continue\r\n", b" ", b"a: b\r\n", b"CONNECT x:1 "),
    ]
)


@settings(max_examples=60)
@given(said=st.lists(PIECES | st.binary(max_size=20), max_size=12))
def test_anything_may_be_said(shared: tuple[Echo, int], said: list[bytes]) -> None:
    """Whatever comes, each application call is one that a client asked for, and the server goes on."""
    echo, port = shared
    before = len(echo.seen)
    with connected(port, *said) as sock:
        with contextlib.suppress(OSError):  # it may have been hung up by then
            sock.shutdown(socket.SHUT_WR)
        told = read_to_end(sock)
    assert told.count(b"HTTP/1.1 200") <= b"".join(said).count(b"HTTP/1.")
    assert len(echo.seen) - before <= b"".join(said).count(b"HTTP/1.")
    with connected(port, LAST) as sock:
        assert read_to_end(sock).endswith(b"/last")


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Echo, int]]:
    """One server for many examples."""
    echo = Echo()
    with served(echo, head_s=0.2) as port:
        yield echo, port
