"""A log that holds what it is meant to and nothing else."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stillwatch.web.log import JsonLines, RequestLog, log_to_standard_error

NAME = "stillwatch.test-of-the-log"


def requests(*paths: str) -> None:
    """Send requests to an application that logs them."""

    async def answer(request: Request) -> Response:
        request.scope["who"] = "a-name"
        if request.path_params["thing"] == "broken":
            message = "planted-text"
            raise ValueError(message)
        return Response(status_code=204)

    async def send() -> None:
        log = Middleware(RequestLog, logger=NAME, fields={"member": "who"})
        app = Starlette(routes=[Route("/things/{thing}", answer)], middleware=[log])
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            for path in paths:
                await client.get(path)

    asyncio.run(send())


def test_requests_are_noted_by_route(caplog: pytest.LogCaptureFixture) -> None:
    """Route, status and the fields that were named; never a path or a query, found or not."""
    caplog.set_level(logging.INFO, NAME)
    requests("/things/planted-path?q=planted-query", "/nothing/planted-path", "/things/broken")
    lines = [json.loads(JsonLines(["member"]).format(record)) for record in caplog.records if record.name == NAME]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/things/{thing}", 204),
        ("unknown", 404),
        ("/things/{thing}", 500),
    ]
    assert [line["member"] for line in lines] == ["a-name", None, "a-name"]
    assert all(line["ms"] >= 0 for line in lines)
    assert "planted" not in json.dumps(lines)


def test_nothing_is_noted_when_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    """A logger that takes warnings alone costs requests nothing."""
    caplog.set_level(logging.WARNING, NAME)
    requests("/things/a")
    assert not [record for record in caplog.records if record.name == NAME]


def test_exceptions_are_told_by_type_and_place() -> None:
    """The text of an exception might hold what was sent; where it was raised does not."""
    with pytest.raises(ValueError, match="planted") as caught:
        int("planted-text")
    told: dict[str, Any] = {"exc_info": (ValueError, caught.value, caught.value.__traceback__), "msg": "failed"}
    line = JsonLines().format(logging.makeLogRecord(told | {"levelname": "ERROR"}))
    assert json.loads(line)["error"] == "ValueError"
    assert json.loads(line)["at"][0].startswith("test_log.py:")
    assert "planted" not in line


def test_fields_that_were_not_named_are_left_out() -> None:
    """Whatever somebody adds to a record, it is written only when it is meant to be."""
    record = logging.makeLogRecord({"msg": "m", "levelname": "INFO", "member": "a", "token": "planted", "n": 3})
    assert set(json.loads(JsonLines(["n"]).format(record))) == {"time", "level", "event", "n"}


def test_standard_error_gets_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What the logger and uvicorn say goes there once, at the level that was asked for."""
    loggers = [logging.getLogger(name) for name in (NAME, "uvicorn.error")]
    before = [(one, one.handlers, one.propagate, one.level) for one in loggers]
    try:
        log_to_standard_error(NAME, ["n"], logging.WARNING)
        loggers[0].info("unheard")
        loggers[0].warning("heard", extra={"n": 3})
        loggers[1].warning("uvicorn's")
    finally:
        for one, handlers, propagate, level in before:
            one.handlers, one.propagate = handlers, propagate
            one.setLevel(level)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line.get("n")) for line in lines] == [("heard", 3), ("uvicorn's", None)]
