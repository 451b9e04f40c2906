"""Headers that every answer carries."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ALWAYS", "SafeHeaders"]

ALWAYS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_OVER_TLS: Final = (b"strict-transport-security", b"max-age=31536000")


class SafeHeaders:
    """Adds the headers that are not there: a page that says what may stand in it keeps what it says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        wanted = (*ALWAYS, _OVER_TLS) if scope.get("scheme") == "https" else ALWAYS

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in wanted if pair[0] not in there)]
            await send(message)

        await self._app(scope, receive, sending)
