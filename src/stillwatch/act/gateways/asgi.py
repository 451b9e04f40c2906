"""Middleware for an ASGI application that serves a model: decides before the application is called.

Bodies are streamed through. Only the start of a body, up to `Watched.look_bytes`, is held until the decision is made,
whatever type it says it is of: the application may not ask. A longer one is decided by who sends it. The application
finds the decision in ``scope["stillwatch.decision"]`` and acts on mark, degrade and withhold; the client is told of
refusals alone. Headers under ``x-stillwatch-`` that a client sends do not reach the application.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from stillwatch.act.gateways.body import body_columns, body_object
from stillwatch.act.gateways.decision_words import PREFIX, refusal
from stillwatch.act.gateways.endpoint import Decide
from stillwatch.act.gateways.identity import account_of_key
from stillwatch.act.gateways.told import request_told
from stillwatch.errors import InvalidInput
from stillwatch.model.decision import SEVERITY, Decision, Request

__all__ = ["DECISION", "StillwatchMiddleware", "Watched", "accounts_of_credentials"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

DECISION: Final = "stillwatch.decision"
_LOG: Final = logging.getLogger("stillwatch.gateway")
_NOT_THERE: Final = {"error": {"message": "Requests cannot be checked at the moment.", "type": "server_error"}}


_SEVERAL: Final = {"error": {"message": "A request must show one credential.", "type": "invalid_request_error"}}
_CREDENTIALS: Final = frozenset({b"authorization", b"x-api-key", b"api-key"})
_MOST_SHOWN: Final = 4


def accounts_of_credentials(scope: Scope) -> tuple[str, ...]:
    """Accounts of all credentials that a request shows, each the SHA-256 of its key.

    Which one counts is the application's matter. Were only one of them asked about, a customer could hide the key that
    counts behind another that does not.
    """
    shown = (value.decode("latin-1") for name, value in scope["headers"] if name.lower() in _CREDENTIALS)
    return tuple(dict.fromkeys(account for account in map(account_of_key, shown) if account))


@dataclass(frozen=True, slots=True)
class Watched:
    """What is decided about, and how.

    paths       Beginnings of the paths that are; requests to others, and all that are not POST, pass.
    accounts_of Who may pay, by the scope: of several the harshest decision counts. Requests of nobody pass, for the
                application to refuse.
    look_bytes  Of a body that are held and looked at.
    timeout_s   How long a decision may take.
    fails_open  Whether a request passes when there is no decision in time; else it is answered 503.
    """

    paths: tuple[str, ...] = ("/v1/",)
    accounts_of: Callable[[Scope], Sequence[str]] = accounts_of_credentials
    look_bytes: int = 256 * 1024
    timeout_s: float = 0.2
    fails_open: bool = True


class StillwatchMiddleware:
    """Wraps an application."""

    def __init__(self, app: App, decide: Decide, watched: Watched | None = None) -> None:
        self._app, self._decide, self._watched = app, decide, watched or Watched()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide about a request and pass it on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        inner = {**scope, "headers": [pair for pair in scope["headers"] if not pair[0].lower().startswith(_OURS)]}
        accounts = self._accounts(scope)
        if not accounts:
            await self._app(inner, receive, send)
            return
        if len(accounts) > _MOST_SHOWN:
            await _send(send, 400, {}, _SEVERAL)
            return
        start = await _start(receive, self._watched.look_bytes)
        found = await asyncio.gather(*(self._decision(_request(scope, one, start)) for one in accounts))
        decision = _harshest(found)
        refused = None if decision is None else refusal(decision)
        if refused is not None:
            await _send(send, refused.status, refused.headers, refused.body)
        elif None in found and not self._watched.fails_open:
            await _send(send, 503, {"retry-after": "1"}, _NOT_THERE)
        else:
            await self._app({**inner, DECISION: decision}, _replaying(start, receive), send)

    def _accounts(self, scope: Scope) -> Sequence[str]:
        is_watched = scope["type"] == "http" and scope["method"] == "POST"
        if not is_watched or not scope["path"].startswith(self._watched.paths):
            return ()
        return self._watched.accounts_of(scope)

    async def _decision(self, request: Request | None) -> Decision | None:
        """The decision; None when there is none in time."""
        if request is None:
            return None
        try:
            async with asyncio.timeout(self._watched.timeout_s):
                return await self._decide(request)
        except Exception as error:  # noqa: BLE001 - whatever happens to us must not happen to the application
            _LOG.warning("no decision: %s", type(error).__name__)
            return None


_OURS: Final = PREFIX.encode()


def _request(scope: Scope, account: str, start: list[Message]) -> Request | None:
    headers = _headers(scope)
    whole = bool(start) and not start[-1].get("more_body", False)
    body = b"".join(message.get("body", b"") for message in start) if whole else b""
    told = body_columns(body_object(body, headers.get("content-type", "")), scope["path"])
    client = scope.get("client")
    own = {
        "account_id": account,
        "client_address": client[0] if client else None,
        "user_agent": headers.get("user-agent"),
    }
    try:
        return request_told({**told, **own}, strict=False)
    except InvalidInput:
        return None


def _harshest(found: Sequence[Decision | None]) -> Decision | None:
    """The decision that does most to a request; None without any."""
    made = [one for one in found if one is not None]
    return max(made, key=lambda one: (not one.serves, SEVERITY[one.action]), default=None)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _start(receive: Receive, most: int) -> list[Message]:
    """Messages up to the end of the body, or until more than that many bytes have come."""
    messages: list[Message] = []
    size = 0
    while size <= most and most:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
        size += len(message.get("body", b""))
    return messages


def _replaying(start: list[Message], receive: Receive) -> Receive:
    waiting = list(reversed(start))

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def _send(send: Send, status: int, headers: dict[str, str], body: dict[str, Any]) -> None:
    encoded = orjson.dumps(body)
    told = {"content-type": "application/json", "content-length": str(len(encoded)), **headers}
    pairs = [(name.encode("ascii"), value.encode("ascii")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": encoded})
