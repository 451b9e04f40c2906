"""Endpoints as routes: tokens, sizes, methods."""

import asyncio
import gzip
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from tests.act.gateways.made import decided

from stillwatch.act.gateways import routes
from stillwatch.act.gateways.registry import endpoints_of
from stillwatch.act.gateways.routes import gateway_routes
from stillwatch.act.gateways.tokens import tokens_shown
from stillwatch.model.decision import Action, Decision, GatewayAnswer, GatewayCall, Request
from stillwatch.web.problem import Problem

TOKEN = "0123456789abcdef"  # noqa: S105 - of the test
NAMES = ("native", "litellm", "envoy", "nginx", "opa", "authzen", "crowdsec")
PATHS = {
    "native": "/v1/decide",
    "litellm": "/beta/litellm_basic_guardrail_api",
    "envoy": "/v1/envoy/v1/chat/completions",
    "nginx": "/v1/nginx",
    "opa": "/v1/data/stillwatch/decide",
    "authzen": "/access/v1/evaluation",
    "crowdsec": "/v1/decisions/stream",
}


async def admits(headers: Mapping[str, str], source: str) -> None:
    """Let the token in; tell a caller that guesses much to wait."""
    assert source == "127.0.0.1"
    if "many-guesses" in tokens_shown(headers):
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many guesses", {"Retry-After": "7"})
    if TOKEN not in tokens_shown(headers):
        raise Problem(HTTPStatus.UNAUTHORIZED, "a valid token is needed", {"WWW-Authenticate": "Bearer"})


def sent(
    method: str, path: str, body: bytes | list[bytes] = b"", **headers: str
) -> tuple[httpx.Response, list[Request]]:
    """The answer to a call, and what was decided about."""
    asked: list[Request] = []

    async def decide(request: Request) -> Decision:
        asked.append(request)
        return decided(Action.OBSERVE)

    async def pieces() -> Any:
        for piece in body:
            yield piece

    async def send() -> httpx.Response:
        app = Starlette(routes=gateway_routes(endpoints_of(NAMES), decide, admits, body_bytes=1000))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            told = {name.replace("_", "-"): value for name, value in headers.items()}
            content: Any = pieces() if isinstance(body, list) else body
            return await client.request(method, path, content=content, headers=told)

    return asyncio.run(send()), asked


@pytest.mark.parametrize("name", NAMES)
def test_nothing_without_a_token(name: str) -> None:
    """Without a valid token nobody learns anything and nothing is decided."""
    method = "GET" if name == "crowdsec" else "POST"
    for headers in ({}, {"x_api_key": "guess"}, {"authorization": f"Basic {TOKEN}"}):
        answer, asked = sent(method, PATHS[name], b'{"account_id": "a"}', x_stillwatch_account="a", **headers)
        assert answer.status_code == {"envoy": 500, "nginx": 500, "crowdsec": 403}.get(name, 401)
        assert answer.json() == {"error": "a valid token is needed"}
        assert answer.headers["www-authenticate"] == "Bearer"
        assert not asked


@pytest.mark.parametrize("name", NAMES)
def test_when_to_come_again(name: str) -> None:
    """Why a gateway is not let in, and when to come again, is told in each gateway's own way."""
    answer, asked = sent("GET" if name == "crowdsec" else "POST", PATHS[name], x_api_key="many-guesses")
    assert answer.status_code >= 400
    assert (answer.json(), answer.headers["retry-after"]) == ({"error": "too many guesses"}, "7")
    assert not asked


@pytest.mark.parametrize("header", ["x_stillwatch_token", "x_api_key"])
def test_with_a_token(header: str) -> None:
    """With its token a gateway gets a decision, whichever header it has."""
    answer, asked = sent("POST", PATHS["native"], b'{"account_id": "a"}', **{header: TOKEN})
    assert answer.json()["action"] == "observe"
    assert asked == [Request(account_id="a")]


@pytest.mark.parametrize("body", [b"x" * 1001, [b"x" * 600] * 3], ids=["told", "in pieces"])
def test_large_bodies(body: bytes | list[bytes]) -> None:
    """A body over the limit is refused whether it says its length or not."""
    answer, asked = sent("POST", PATHS["native"], body, x_api_key=TOKEN)
    assert answer.status_code == 413
    assert not asked


def test_a_body_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that sends half a body is not waited for for ever, and is told so."""
    monkeypatch.setattr(routes, "BODY_S", 0.05)
    statuses: list[int] = []

    async def call() -> None:
        app = Starlette(routes=gateway_routes(endpoints_of(NAMES), nobody, admits))
        first = iter([{"type": "http.request", "body": b'{"acc', "more_body": True}])

        async def receive() -> Any:
            await asyncio.sleep(0)
            return next(first, None) or await asyncio.Event().wait()

        async def send(message: Any) -> None:
            statuses.append(message.get("status", 0))

        headers = [(b"x-api-key", TOKEN.encode())]
        scope = {"type": "http", "method": "POST", "path": "/v1/decide", "query_string": b"", "headers": headers}
        await app({**scope, "client": ("127.0.0.1", 1)}, receive, send)

    async def nobody(_request: Request) -> Decision:
        raise AssertionError

    asyncio.run(call())
    assert statuses == [408, 0]


def test_of_two_headers_of_one_name_the_first_counts() -> None:
    """What is put behind a gateway's own header changes nothing, nor does a query that stands in the path."""
    seen: list[Request] = []

    async def decide(request: Request) -> Decision:
        seen.append(request)
        return decided(Action.OBSERVE)

    async def send() -> httpx.Response:
        app = Starlette(routes=gateway_routes(endpoints_of(["envoy"]), decide, admits))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            named = [("x-stillwatch-account", name) for name in ("first", "second")]
            return await client.get("/v1/envoy/a%3Fb?c", headers=[("x-api-key", TOKEN), *named])

    assert asyncio.run(send()).status_code == 200
    assert [request.account_id for request in seen] == ["first"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_any_method_for_envoy(method: str) -> None:
    """Envoy asks with the customer's method and path."""
    answer, asked = sent(method, "/v1/envoy/v1/files/a%2Fb?x=1", x_stillwatch_token=TOKEN, x_stillwatch_account="a")
    assert answer.status_code == 200
    assert answer.headers["x-stillwatch-action"] == "observe"
    assert [one.account_id for one in asked] == ["a"]


def test_other_methods() -> None:
    """Our own endpoint takes POST alone."""
    assert sent("GET", PATHS["native"], x_api_key=TOKEN)[0].status_code == 405


def test_a_body_that_comes_in_drops_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that never ends its body is told so in the gateway's own words, and holds nothing."""
    monkeypatch.setattr(routes, "BODY_S", 0.05)

    async def decide(_: Request) -> Decision:
        raise AssertionError

    async def drops() -> Any:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    async def send(name: str) -> int:
        app = Starlette(routes=gateway_routes(endpoints_of([name]), decide, admits))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return (await client.post(PATHS[name], content=drops(), headers={"x-api-key": TOKEN})).status_code

    assert asyncio.run(send("native")) == 408
    assert asyncio.run(send("envoy")) == 500


def test_packed_bodies_are_not_unpacked() -> None:
    """No gateway packs what it asks: a body that is packed is no JSON, however large it would become."""
    answer, asked = sent(
        "POST", PATHS["native"], gzip.compress(bytes(100_000)), x_api_key=TOKEN, content_encoding="gzip"
    )
    assert answer.status_code == 400
    assert not asked


def test_no_secret_is_in_what_is_printed_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Neither token nor prompt nor link stands in a log, or in what a call, request, decision or answer prints."""
    caplog.set_level(logging.DEBUG)
    body = b'{"account_id": "a", "body": {"prompt": "a secret question", "system": "a secret role"}}'
    answer, (asked,) = sent("POST", PATHS["native"], body, x_api_key=TOKEN)
    sent("POST", PATHS["native"], b'{"body": "a secret question', x_api_key=TOKEN)
    made = decided(Action.BLOCK, reason="Object at https://provider.example/appeals/x")
    told = GatewayAnswer(answer.status_code, dict(answer.headers), answer.content)
    call = GatewayCall("POST", PATHS["native"], {"x-api-key": TOKEN}, body)
    printed = " ".join(map(repr, (call, asked, made, told))) + "".join(caplog.messages)
    for secret in (TOKEN, "secret", "appeals/x"):
        assert secret not in printed
