"""The body of a request, read within bounds of size and time."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.types import Receive

from stillwatch.web.problem import Problem

__all__ = ["BODY_S", "read_body"]

BODY_S: Final = 30.0
_MOST_DIGITS: Final = 18


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int, body_s: float = BODY_S) -> bytes:
    """Body of a request.

    headers     Names in lower case, or found in any letters.
    limit       Bytes that it may have.
    body_s      Seconds within which it must be there.
    Raises      Problem 413 when it is too large, 408 when it takes too long, 400 when it is cut off; the rest is not
                read then.
    """
    told = headers.get("content-length", "0")
    if not told.isdigit() or len(told) > _MOST_DIGITS or int(told) > limit:
        raise _too_large(limit)
    parts, size, is_whole = [], 0, False
    try:
        async with asyncio.timeout(body_s):
            while not is_whole:
                message = await receive()
                if message["type"] != "http.request":
                    raise Problem(HTTPStatus.BAD_REQUEST, "the body is cut off")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limit:
                    raise _too_large(limit)
                is_whole = not message.get("more_body", False)
    except TimeoutError:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, f"the body must arrive within {body_s:g} s") from None
    return b"".join(parts)


def _too_large(limit: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body must have {limit:,} bytes at most")
