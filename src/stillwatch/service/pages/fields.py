"""Fields of a form that was sent, read within limits of size and time before anything is kept."""

import asyncio
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

__all__ = ["MOST_BYTES", "MOST_S", "Unreadable", "fields_of"]

MOST_BYTES: Final = 64 << 10
MOST_S: Final = 20.0
"""Of a form's way here: 64 KiB by a slow telephone."""
_MOST_FIELDS: Final = 8
_FORM: Final = "application/x-www-form-urlencoded"


class Unreadable(Exception):  # noqa: N818 - it says what the body is
    """A body that is no form, or too long a one.

    status      Of the answer.
    """

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


async def fields_of(request: Request) -> dict[str, str]:
    """Fields by name; of two of one name none counts.

    Raises  Unreadable for another type, more than 64 KiB or 8 fields, what is no UTF-8, and what comes too slowly.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Unreadable(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdecimal() and len(length) < 16 and int(length) <= MOST_BYTES):
        raise Unreadable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        text = (await _body(request)).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Unreadable(HTTPStatus.BAD_REQUEST) from error
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(MOST_S):
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_BYTES:
                    raise Unreadable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except TimeoutError as error:
        raise Unreadable(HTTPStatus.REQUEST_TIMEOUT) from error
    except ClientDisconnect as error:
        raise Unreadable(HTTPStatus.BAD_REQUEST) from error
    return bytes(body)
