"""Answers that are no TAXII: plain JSON."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

__all__ = ["plain"]


def plain(value: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), status, media_type="application/json")
