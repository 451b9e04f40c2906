"""A server's log: a line of JSON for each request, without tokens, paths, or anything of what was sent."""

import json
import logging
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["JsonLines", "RequestLog", "log_to_standard_error"]

_FIELDS: Final = ("method", "route", "status", "ms", "error", "error_id")
_NONE: Final[Mapping[str, str]] = {}


class JsonLines(logging.Formatter):
    """Writes a record as one object: what the server says, and the fields that are meant to be there.

    fields  Names of further ones that are.

    >>> record = logging.makeLogRecord({"msg": "request", "levelname": "INFO", "created": 0.0, "status": 200, "x": 1})
    >>> JsonLines().format(record)
    '{"time": "1970-01-01T00:00:00Z", "level": "info", "event": "request", "status": 200}'
    """

    def __init__(self, fields: Sequence[str] = ()) -> None:
        super().__init__()
        self._fields = (*_FIELDS, *fields)

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        told: dict[str, object] = {"time": when, "level": record.levelname.lower(), "event": record.getMessage()}
        told |= {name: record.__dict__[name] for name in self._fields if name in record.__dict__}
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__  # its text might hold what was sent
            frames = traceback.extract_tb(record.exc_info[2])[-5:]
            told["at"] = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
        return json.dumps(told)


class RequestLog:
    """Notes each request by its route, not by its path, in which anything might stand.

    logger  Name of the logger.
    fields  What else is noted: names of fields, and where in the request's scope they are.
    """

    def __init__(self, app: ASGIApp, logger: str, fields: Mapping[str, str] = _NONE) -> None:
        self._app, self._fields = app, dict(fields)
        self._log = logging.getLogger(logger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or not self._log.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            status = status or HTTPStatus.INTERNAL_SERVER_ERROR.value  # which is answered further out
            raise
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            told = {"method": scope["method"], "route": route, "status": status}
            told |= {name: scope.get(key) for name, key in self._fields.items()}
            self._log.info("request", extra=told | {"ms": round((time.perf_counter() - start) * 1e3, 1)})


def log_to_standard_error(logger: str, fields: Sequence[str] = (), level: int = logging.INFO) -> None:
    """Write what a logger says, and what uvicorn warns of, one object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(fields))
    for name, least in ((logger, level), ("uvicorn.error", logging.WARNING)):
        found = logging.getLogger(name)
        found.handlers, found.propagate = [handler], False
        found.setLevel(least)
