"""What a server answers when it does not do what it was asked, in JSON: handlers for a Starlette application."""

from http import HTTPStatus
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from stillwatch.web.headers import ALWAYS
from stillwatch.web.plain import plain
from stillwatch.web.problem import Problem

__all__ = ["HANDLERS", "address_of"]


def address_of(request: Request) -> str:
    """Address that a request came from; empty for none."""
    return request.client.host if request.client else ""


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - Starlette calls this for nothing else
    return plain({"error": error.description}, error.status, error.headers)


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    status = HTTPStatus(error.status_code)
    return plain({"error": status.phrase}, status, error.headers)


async def _failed(_request: Request, _error: Exception) -> Response:
    """An error of ours: the log has its kind and place, the caller nothing of it.

    Starlette answers it outside of all middleware, so that it brings its own headers.
    """
    told = {"error": "the service failed; its log says where"}
    return plain(told, HTTPStatus.INTERNAL_SERVER_ERROR, {name.decode(): value.decode() for name, value in ALWAYS})


HANDLERS: Final[dict[Any, Any]] = {Problem: _problem, HTTPException: _http, Exception: _failed}
