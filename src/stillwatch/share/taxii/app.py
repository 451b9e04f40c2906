"""The TAXII 2.1 server as an application of its own."""

import functools
import logging
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.share.access.access import Access
from stillwatch.share.taxii.admission import Admit
from stillwatch.share.taxii.answers import error, problem
from stillwatch.share.taxii.body import MAX_CONTENT_LENGTH
from stillwatch.share.taxii.endpoints import API_ROOT, DISCOVERY, Ask, Endpoints, Server
from stillwatch.share.taxii.media import check_accept, check_content_type
from stillwatch.share.taxii.store import Store
from stillwatch.web.body import read_body
from stillwatch.web.problem import Problem

__all__ = ["HANDLERS", "taxii_app", "taxii_routes"]

_LOG: Final = logging.getLogger("stillwatch.forum")
_COLLECTION: Final = API_ROOT + "collections/{collection}/"
_OBJECT: Final = _COLLECTION + "objects/{object}/"


def taxii_app(store: Store, access: Access, admit: Admit, server: Server | None = None) -> Starlette:
    """Application with the TAXII endpoints alone."""
    app = Starlette(routes=taxii_routes(store, access, admit, server or Server()), exception_handlers=HANDLERS)
    app.router.redirect_slashes = False  # a redirect would repeat whatever host the client named
    return app


def taxii_routes(store: Store, access: Access, admit: Admit, server: Server) -> list[BaseRoute]:
    """Routes of the TAXII endpoints."""
    ends = Endpoints(store, access, admit, server)
    served: list[tuple[str, str, Callable[[Ask], Response]]] = [
        (DISCOVERY, "GET", ends.discovery),
        (API_ROOT, "GET", ends.api_root),
        (API_ROOT + "status/{status}/", "GET", ends.status),
        (API_ROOT + "collections/", "GET", ends.collections),
        (_COLLECTION, "GET", ends.collection),
        (_COLLECTION + "manifest/", "GET", ends.manifest),
        (_COLLECTION + "objects/", "GET", ends.objects),
        (_COLLECTION + "objects/", "POST", ends.publish),
        (_OBJECT, "GET", ends.object),
        (_OBJECT, "DELETE", ends.delete),
        (_OBJECT + "versions/", "GET", ends.versions),
    ]
    methods: dict[str, dict[str, Callable[[Ask], Response]]] = {}
    for path, method, answer in served:
        methods.setdefault(path, {})[method] = answer
    return [
        Route(path, functools.partial(_serve, access, answers), methods=list(answers))
        for path, answers in methods.items()
    ]


async def _serve(access: Access, answers: dict[str, Callable[[Ask], Response]], request: Request) -> Response:
    """Check who asks and what they take, read what they send, and answer on a thread."""
    member = await run_in_threadpool(access.member, request.scope, request.headers)
    request.scope["stillwatch.member"] = member.member_id
    check_accept(request.headers.get("accept"))
    body = b""
    if request.method == "POST":
        check_content_type(request.headers.get("content-type"))
        body = await read_body(request.headers, request.receive, MAX_CONTENT_LENGTH)
    answer = answers["GET" if request.method == "HEAD" else request.method]
    return await run_in_threadpool(answer, Ask(member, request.path_params, request.query_params, body))


def _refused(_request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, Problem)  # noqa: S101 - what the table below says
    return problem(wrong)


def _not_served(_request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)  # noqa: S101
    status = HTTPStatus(wrong.status_code)
    return error(status, "there is nothing here" if status == HTTPStatus.NOT_FOUND else status.phrase, wrong.headers)


def _failed(_request: Request, wrong: Exception) -> Response:
    """A bug, or a database that is gone: the answer names the entry of the log and nothing else."""
    error_id = str(uuid.uuid4())
    _LOG.error("failed", extra={"error_id": error_id, "error": type(wrong).__name__})
    return error(HTTPStatus.INTERNAL_SERVER_ERROR, f"something went wrong here: {error_id}")


HANDLERS: Final = {Problem: _refused, HTTPException: _not_served, Exception: _failed}
"""How an application of the forum answers what went wrong."""
