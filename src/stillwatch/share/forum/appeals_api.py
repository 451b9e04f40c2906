"""Appeals over HTTP: whoever files asks about its own case, each holder sees what waits for it, nobody sees more."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.share.access.access import Access
from stillwatch.share.appeals.case import REMOVED, Answer, Grounds
from stillwatch.share.appeals.references import TooMany
from stillwatch.share.forum.appeals import Appeals
from stillwatch.share.guard.limits import read_json
from stillwatch.share.stix.ids import uuid_of
from stillwatch.share.taxii.admission import Admit
from stillwatch.signing.stamp import stamp
from stillwatch.web.body import read_body
from stillwatch.web.plain import plain
from stillwatch.web.problem import Problem

__all__ = ["appeal_routes"]

_MOST_BYTES: Final = 4096
_NO_INDICATOR: Final = "no such indicator, or it is not for you"
_NO_APPEAL: Final = "no such appeal, or it is not yours"

_Answered = Callable[[str, Request, bytes], tuple[dict[str, Any], HTTPStatus]]
"""Pseudonym of who asks, what it asks, the body -> what it is told."""


def appeal_routes(access: Access, appeals: Appeals, admit: Admit) -> list[BaseRoute]:
    """``POST`` and ``GET /appeals/``, ``POST /appeals/answers/``, ``GET /appeals/REFERENCE/`` and ``.../proof/``.

    What is posted is a message of the guard's table, `appeal` or `appeal-answer`. An indicator or a case that is not
    there and one that is not for whoever asks are answered for in the same words.
    """
    serve = functools.partial(_served, access)
    file, say = functools.partial(_file, appeals, admit), functools.partial(_say, appeals, admit)
    return [
        Route("/appeals/", serve({"GET": functools.partial(_waiting, appeals), "POST": file}), methods=["GET", "POST"]),
        Route("/appeals/answers/", serve({"POST": say}), methods=["POST"]),
        Route("/appeals/{reference}/", serve({"GET": functools.partial(_status, appeals)}), methods=["GET"]),
        Route("/appeals/{reference}/proof/", serve({"GET": functools.partial(_proof, appeals)}), methods=["GET"]),
    ]


def _served(access: Access, answers: Mapping[str, _Answered]) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        body = await read_body(request.headers, request.receive, _MOST_BYTES) if request.method == "POST" else b""
        answer = answers["GET" if request.method == "HEAD" else request.method]
        try:
            told, status = await run_in_threadpool(answer, member.member_id, request, body)
        except TooMany as error:
            headers = {"Retry-After": str(error.retry_after_s)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers) from error
        return plain(told, status)

    return serve


def _file(
    appeals: Appeals, admit: Admit, member: str, _request: Request, body: bytes
) -> tuple[dict[str, Any], HTTPStatus]:
    told = _message(body, "appeal", admit)
    indicator_id = uuid_of(told.get("indicator_ref"), "indicator")
    if indicator_id is None or told.get("grounds") not in set(Grounds):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "an appeal must name an indicator and grounds of the list")
    found = appeals.file(member, str(told.get("id")), indicator_id, Grounds(told["grounds"]))
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, _NO_INDICATOR)
    return _plain(asdict(found)), HTTPStatus.CREATED


def _say(
    appeals: Appeals, admit: Admit, member: str, _request: Request, body: bytes
) -> tuple[dict[str, Any], HTTPStatus]:
    told = _message(body, "appeal-answer", admit)
    if told.get("answer") not in {*Answer, REMOVED}:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "an answer must be one of the list")
    try:
        is_taken = appeals.say(member, str(told.get("appeal")), told["answer"])
    except TooMany:
        raise
    except InvalidInput as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from error
    if not is_taken:
        raise Problem(HTTPStatus.NOT_FOUND, _NO_APPEAL)
    return {}, HTTPStatus.OK


def _waiting(appeals: Appeals, member: str, _request: Request, _body: bytes) -> tuple[dict[str, Any], HTTPStatus]:
    return {"waiting": [_plain(asdict(asked)) for asked in appeals.waiting(member)]}, HTTPStatus.OK


def _status(appeals: Appeals, member: str, request: Request, _body: bytes) -> tuple[dict[str, Any], HTTPStatus]:
    found = appeals.status(member, request.path_params["reference"])
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, _NO_APPEAL)
    return _plain(asdict(found)), HTTPStatus.OK


def _proof(appeals: Appeals, member: str, request: Request, _body: bytes) -> tuple[dict[str, Any], HTTPStatus]:
    try:
        found = appeals.proof(member, request.path_params["reference"])
    except MissingData as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from error
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, _NO_APPEAL)
    return found, HTTPStatus.OK


def _message(body: bytes, kind: str, admit: Admit) -> dict[str, Any]:
    try:
        told = read_json(body)
    except InvalidInput as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from error
    if not isinstance(told, dict) or told.get("type") != kind:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"the body must be a message of type {kind}")
    refusals = admit(told)
    if refusals:
        first = f"{refusals[0].path}: {refusals[0].explanation} ({refusals[0].rule})"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"the message may not cross: {first}")
    return told


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """Times and words as JSON has them."""
    return {name: _value(value) for name, value in told.items()}


def _value(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, datetime):
        return stamp(value)
    return value.value if isinstance(value, StrEnum) else value
