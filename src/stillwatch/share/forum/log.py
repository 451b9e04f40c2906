"""The forum's log: a line of JSON for each request, without tokens, paths, or anything of what was sent."""

import json
import logging
import time
import traceback
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["JsonLines", "RequestLog"]

_LOG: Final = logging.getLogger("stillwatch.forum")
_FIELDS: Final = ("method", "route", "status", "ms", "member", "error", "error_id")


class JsonLines(logging.Formatter):
    """Writes a record as one object: what the forum says, and the fields that are meant to be there.

    >>> record = logging.makeLogRecord({"msg": "request", "levelname": "INFO", "created": 0.0, "status": 200, "x": 1})
    >>> JsonLines().format(record)
    '{"time": "1970-01-01T00:00:00Z", "level": "info", "event": "request", "status": 200}'
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        told: dict[str, object] = {"time": when, "level": record.levelname.lower(), "event": record.getMessage()}
        told |= {name: record.__dict__[name] for name in _FIELDS if name in record.__dict__}
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__  # its text might hold what was sent
            frames = traceback.extract_tb(record.exc_info[2])[-5:]
            told["at"] = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
        return json.dumps(told)


class RequestLog:
    """Notes each request by its route, not by its path, in which anything might stand."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
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
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            told = {
                "method": scope["method"],
                "route": route,
                "status": status,
                "member": scope.get("stillwatch.member"),
            }
            _LOG.info("request", extra=told | {"ms": round((time.perf_counter() - start) * 1e3, 1)})
