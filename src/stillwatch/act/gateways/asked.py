"""Ask a service that runs elsewhere: what an application's own process decides by, over ``POST /v1/decide``."""

from dataclasses import fields
from typing import Any, Final, Self

import httpx
import orjson

from stillwatch.act.gateways.decision_words import decision_of
from stillwatch.errors import Declined, InvalidInput
from stillwatch.model.decision import Decision, Request

__all__ = ["AskedService"]

_MOST_BYTES: Final = 1 << 16
_OK: Final = 200


class AskedService:
    """Decides about a request by asking; an `endpoint.Decide` for one event loop, used as an async context manager.

    url         Where the service is.
    token       One with the scope decide.
    timeout_s   For each step of a call; whoever asks bounds the whole.
    """

    def __init__(self, url: str, token: str, timeout_s: float = 0.2) -> None:
        headers = {"x-stillwatch-token": token, "content-type": "application/json"}
        self._client = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s, trust_env=False)

    async def __call__(self, request: Request) -> Decision:
        """What is decided about a request.

        Raises  Declined when the service does not answer, or with something else than a decision.
        """
        told = {f.name: getattr(request, f.name) for f in fields(Request)}
        body = orjson.dumps({name: _text(value) for name, value in told.items() if value not in {None, ""}})
        try:
            async with self._client.stream("POST", "/v1/decide", content=body) as answer:
                data = await _start_of(answer)
        except httpx.HTTPError as error:
            message = f"the service gave no decision: {type(error).__name__}"
            raise Declined(message) from error
        if answer.status_code != _OK:
            message = f"the service gave no decision: it answered {answer.status_code}"
            raise Declined(message)
        return _decision(data)

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._client.aclose()


async def _start_of(answer: httpx.Response) -> bytes:
    """The body; of one that is longer than any decision the start, which is none."""
    data = b""
    async for part in answer.aiter_bytes():
        data += part
        if len(data) > _MOST_BYTES:
            break
    return data


def _decision(data: bytes) -> Decision:
    try:
        told: Any = orjson.loads(data)
        return decision_of(told if isinstance(told, dict) else {})
    except (orjson.JSONDecodeError, InvalidInput) as error:
        message = f"the service gave no decision: {len(data):,} bytes of something else"
        raise Declined(message) from error


def _text(value: object) -> object:
    """Text as UTF-8 can hold it; a customer may have sent half a character."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value
