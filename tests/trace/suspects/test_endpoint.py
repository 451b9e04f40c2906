"""An endpoint that is slow, busy, wrong and silent: what is reached is told, and no prompt is in any message."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.trace.suspects.endpoint import Endpoint, Limits
from stillwatch.trace.suspects.suspect import Answer, Question

pytest.importorskip("httpx")
Behaviour = Callable[[BaseHTTPRequestHandler, dict[str, object]], None]


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Send an answer."""
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def said(text: object) -> bytes:
    """The body of a chat answer."""
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()


class Quiet(ThreadingHTTPServer):
    """Says nothing of clients that went away."""

    def handle_error(self, *_: object) -> None:
        """Pass over it."""


class Server:
    """A server on loopback whose behaviour a test sets; it notes what it was asked."""

    def __init__(self) -> None:
        self.behaviour: Behaviour = lambda handler, _: reply(handler, 200, said("fine"))
        self.asked: list[tuple[str, str | None, dict[str, object]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, self.headers.get("Authorization"), told))
                outer.behaviour(self, told)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server."""
    found = Server()
    yield found
    found.server.shutdown()
    found.server.server_close()


def ask(server: Server, count: int = 1, *, is_chat: bool = True, **limits: float) -> tuple[list[Answer], list[float]]:
    """Answers to some questions, and the pauses that were made."""
    pauses: list[float] = []
    bounds = Limits(**{"tries": 3, "timeout_s": 5.0, **limits})  # type: ignore[arg-type]
    suspect = Endpoint(server.url, "model-x", "sk-key", is_chat, bounds, sleep=pauses.append)
    return list(suspect.answers(Question(str(i), f"secret prompt {i}") for i in range(count))), pauses


def test_an_answer_is_an_answer(server: Server) -> None:
    """Chat and plain completions, greedy, with the key in the header."""
    assert ask(server)[0][0].completion == "fine"
    server.behaviour = lambda handler, _: reply(handler, 200, b'{"choices": [{"text": "plain"}]}')
    assert ask(server, is_chat=False)[0][0].completion == "plain"
    assert [(path, key) for path, key, _ in server.asked] == [
        ("/v1/chat/completions", "Bearer sk-key"),
        ("/v1/completions", "Bearer sk-key"),
    ]
    assert server.asked[0][2]["temperature"] == 0


def test_a_busy_endpoint_is_waited_for(server: Server) -> None:
    """429 twice with a pause asked for, then an answer."""
    server.behaviour = lambda handler, _: (
        reply(handler, 429, b"", Retry_After="7") if len(server.asked) < 3 else reply(handler, 200, said("late"))
    )
    found, pauses = ask(server)
    assert (found[0].completion, pauses) == ("late", [7.0, 7.0])


def test_failures_end_and_are_told(server: Server) -> None:
    """Errors for good, pauses that grow, a date as pause, and one try for what no second try mends."""
    server.behaviour = lambda handler, _: reply(handler, 500, b"secret prompt")
    found, pauses = ask(server)
    assert (found[0].completion, found[0].problem, pauses) == (None, "status 500", [0.5, 1.0])
    server.behaviour = lambda handler, _: reply(handler, 400, b"")
    found, pauses = ask(server)
    assert (found[0].problem, pauses) == ("status 400", [])
    server.behaviour = lambda handler, _: reply(handler, 503, b"", Retry_After="Wed, 21 Oct 2026 07:28:00 GMT")
    assert ask(server)[1] == [0.5, 1.0]


def test_nobody_is_let_in(server: Server) -> None:
    """Once refused, the other questions are not sent."""
    server.behaviour = lambda handler, _: reply(handler, 401, b"")
    found, _ = ask(server, 4)
    assert {one.problem for one in found} == {"refused with status 401"}
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"no json", "no answer in its form"),
        (b"{}", "no answer in its form"),
        (b'{"choices": []}', "no answer in its form"),
        (b"[" * 100_000, "no answer in its form"),
        (said(""), "said nothing"),
        (said(None), "said nothing"),
        (b" " * (1 << 23), "too large an answer"),
    ],
)
def test_what_is_no_answer_is_told_as_such(server: Server, body: bytes, problem: str) -> None:
    """Garbage, emptiness, nesting and size."""
    server.behaviour = lambda handler, _: reply(handler, 200, body)
    found, _ = ask(server)
    assert (found[0].completion, found[0].problem) == (None, problem)


def test_a_cut_connection_is_tried_again(server: Server) -> None:
    """The body ends early: no connection, with the kind of failure and no prompt."""
    server.behaviour = lambda handler, _: reply(handler, 200, said("x")[:5], Content_Length="5000")
    found, pauses = ask(server)
    assert found[0].problem.startswith("no connection (")
    assert len(pauses) == 2
    assert "secret prompt" not in found[0].problem


def test_time_is_kept(server: Server) -> None:
    """When the time is over the rest is told as not asked."""
    found, _ = ask(server, 5, most_s=1e-9)
    assert {one.problem for one in found} == {"no time left"}
    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["http://api.example.com/v1", "ftp://x", "https://user:pw@x/v1", "https://x/v1?key=1", "", "https://"]
)
def test_urls_that_give_the_key_away_are_refused(url: str) -> None:
    """Neither clear text to another machine nor secrets in the URL; the message holds neither."""
    with pytest.raises(InvalidInput, match="endpoint") as wrong:
        Endpoint(url, "m", "sk-key")
    assert "pw" not in str(wrong.value)


def test_nothing_shows_the_key() -> None:
    """The endpoint's text holds no key; limits that ask nothing are refused."""
    assert "sk-key" not in repr(Endpoint("https://api.example.com/v1", "m", "sk-key"))
    assert Endpoint("https://api.example.com/v1", "m").name == "m at api.example.com"
    for wrong in ({"tries": 0}, {"timeout_s": 0.0}, {"most_s": -1.0}, {"max_tokens": 0}):
        with pytest.raises(InvalidInput, match="at least 1"):
            Limits(**wrong)
