"""Middleware around an application."""

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.gateways.made import bodies, decided

from stillwatch.act.gateways.asgi import DECISION, StillwatchMiddleware, Watched
from stillwatch.act.gateways.identity import account_of_key
from stillwatch.model.decision import Action, Decision, Request

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
KEY = {"authorization": "Bearer sk-1"}


class App:
    """An application that says what it received, and a decider that says what it is told to."""

    def __init__(self, decision: Decision | Exception | None = None, **watched: Any) -> None:
        self.decision, self.asked = decision or decided(), list[Request]()
        self.scope: MutableMapping[str, Any] = {}
        self.body = b""
        self.wrapped = StillwatchMiddleware(self, self.decide, Watched(**watched))

    async def decide(self, request: Request) -> Decision:
        self.asked.append(request)
        if isinstance(self.decision, Exception):
            raise self.decision
        return self.decision

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        self.scope = scope
        while True:
            message = await receive()
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"served"})

    def post(self, content: Any = BODY, path: str = "/v1/chat/completions", **headers: str) -> httpx.Response:
        """Send a request, in pieces when the content is a list."""

        async def pieces() -> Any:
            for piece in content:
                yield piece

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.wrapped), base_url="http://test") as client:
                data = pieces() if isinstance(content, list) else content
                data = json.dumps(data).encode() if isinstance(data, dict) else data
                told = {
                    "content-type": "application/json",
                    **KEY,
                    **{k.replace("_", "-"): v for k, v in headers.items()},
                }
                return await client.post(path, content=data, headers=told)

        return asyncio.run(send())

    def raw(self, pairs: list[tuple[str, str]]) -> httpx.Response:
        """Send a request with just these credentials, a name several times if need be."""

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.wrapped), base_url="http://test") as client:
                headers = httpx.Headers([("content-type", "application/json"), *pairs])
                return await client.post("/v1/chat/completions", content=json.dumps(BODY).encode(), headers=headers)

        return asyncio.run(send())


def test_served() -> None:
    """The application gets the request whole, with the decision in its scope; the client is told nothing."""
    app = App(decided(Action.MARK))
    answer = app.post()
    assert (answer.status_code, answer.content, json.loads(app.body)) == (200, b"served", BODY)
    assert app.scope[DECISION].action is Action.MARK
    assert not [name for name in answer.headers if "stillwatch" in name]
    assert (app.asked[0].account_id, app.asked[0].prompt_text) == (account_of_key("sk-1"), "Hi")


@pytest.mark.parametrize(("action", "status"), [(Action.THROTTLE, 429), (Action.STEP_UP, 401), (Action.BLOCK, 403)])
def test_refused(action: Action, status: int) -> None:
    """A refused request does not reach the application."""
    app = App(decided(action, retry_after_s=9 if action is Action.THROTTLE else None))
    answer = app.post()
    assert answer.status_code == status
    assert answer.json()["error"]["appeal_url"] == answer.headers["x-stillwatch-appeal"]
    assert answer.headers.get("retry-after") == ("9" if action is Action.THROTTLE else None)
    assert not app.scope


@given(bodies, st.integers(1, 300), st.integers(0, 5000))
def test_bodies_pass_unchanged(body: bytes, piece: int, look: int) -> None:
    """Whatever the body and however it comes in, the application gets the same bytes."""
    app = App(look_bytes=look)
    assert app.post([body[i : i + piece] for i in range(0, min(len(body), 3000), piece)]).status_code == 200
    assert app.body == body[: -(-min(len(body), 3000) // piece) * piece]
    assert len(app.asked) == 1


def test_long_bodies_are_streamed() -> None:
    """Of a body longer than what is looked at no more than that is held before the application is called."""
    sent = []

    def pieces() -> Any:
        for number in range(100):
            sent.append((number, bool(app.scope)))
            yield b"x" * 1000

    app = App(look_bytes=5000)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.wrapped), base_url="http://test") as client:
            return await client.post("/v1/x", content=_async(pieces()), headers=KEY)

    assert asyncio.run(send()).status_code == 200
    assert len(app.body) == 100_000
    assert max(number for number, called in sent if not called) <= 7
    assert app.asked[0].prompt_text is None


async def _async(pieces: Any) -> Any:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize("fails_open", [True, False])
@pytest.mark.parametrize("error", [RuntimeError("x"), TimeoutError()])
def test_no_decision(error: Exception, *, fails_open: bool) -> None:
    """Without a decision the request is served, or refused with 503 where that was chosen."""
    app = App(error, fails_open=fails_open)
    answer = app.post()
    assert answer.status_code == (200 if fails_open else 503)
    assert fails_open or "retry-after" in answer.headers


def test_a_slow_decision() -> None:
    """A decision that takes too long is not waited for."""

    async def slow(_: Request) -> Decision:
        await asyncio.sleep(60)
        return decided(Action.BLOCK)

    app = App()
    app.wrapped = StillwatchMiddleware(app, slow, Watched(timeout_s=0.01))
    assert app.post().status_code == 200


def test_forged_headers_do_not_reach_the_application() -> None:
    """What a client sends under our prefix is dropped, also where nothing is decided."""
    for path in ("/v1/chat/completions", "/health"):
        app = App()
        app.post(path=path, x_stillwatch_action="allow")
        assert app.scope
        assert not [name for name, _ in app.scope["headers"] if b"stillwatch" in name]


def test_what_is_not_watched() -> None:
    """Other paths and requests of nobody are the application's own."""
    app = App(decided(Action.BLOCK))
    assert app.post(path="/health").status_code == 200
    assert app.post(authorization="").status_code == 200
    assert not app.asked


def test_other_protocols_pass() -> None:
    """A lifespan goes to the application as it is."""
    seen = []

    async def app(scope: MutableMapping[str, Any], _receive: Any, _send: Any) -> None:
        seen.append(scope)

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    scope = {"type": "lifespan"}
    asyncio.run(StillwatchMiddleware(app, nothing)(scope, nothing, nothing))
    assert seen == [scope]


@pytest.mark.parametrize(
    "pairs",
    [
        [("authorization", "Bearer sk-junk"), ("x-api-key", "sk-1")],
        [("authorization", "Bearer sk-1"), ("authorization", "Bearer sk-junk")],
        [("authorization", "Bearer sk-junk"), ("authorization", "Bearer sk-1")],
        [("api-key", "sk-1"), ("x-api-key", "sk-junk"), ("authorization", "")],
    ],
)
def test_no_key_hides_behind_another(pairs: list[tuple[str, str]]) -> None:
    """Of several credentials each is asked about, and the harshest decision counts, whichever the application takes."""
    app = App()

    async def decide(request: Request) -> Decision:
        return decided(Action.BLOCK if request.account_id == account_of_key("sk-1") else Action.MARK)

    app.wrapped = StillwatchMiddleware(app, decide)
    assert app.raw(pairs).status_code == 403
    assert app.raw([("authorization", "Bearer sk-junk")]).status_code == 200


def test_many_keys_are_refused() -> None:
    """Nobody has five keys: a request that shows them is refused, and asks nobody five times."""
    app = App()
    assert app.raw([("x-api-key", f"sk-{n}") for n in range(5)]).status_code == 400
    assert not app.asked
    assert not app.scope


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/octet-stream", "multipart/form-data", ""]
)
def test_no_type_hides_a_prompt(kind: str) -> None:
    """An application may read JSON whatever type it is sent under, so it is looked at."""
    app = App()
    app.post(content_type=kind)
    assert app.asked[0].prompt_text == "Hi"
