"""The ledger over HTTP: heads and proofs for every member, the whole of it for auditors."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.share.access.access import Access
from stillwatch.share.access.problem import Problem
from stillwatch.share.access.roster import Role
from stillwatch.share.forum.plain import plain
from stillwatch.share.ledger.book import entry_at, sign_head
from stillwatch.share.ledger.export import export
from stillwatch.share.ledger.proof import Proof
from stillwatch.share.ledger.proofs import consistency_path, inclusion_path
from stillwatch.share.signing.keys import SigningKey

__all__ = ["ledger_routes", "number_in"]

_PIECE: Final = 1 << 16


def ledger_routes(engine: Engine, access: Access, key: SigningKey) -> list[BaseRoute]:
    """``GET /ledger/head``, ``/ledger/key``, ``/ledger/entries/N/proof``, ``/ledger/consistency``, ``/ledger/export``.

    Entries commit to what they record and do not hold it, so that a proof tells nothing about anybody's traffic.
    """

    def head(_request: Request) -> dict[str, Any]:
        with engine.begin() as connection:
            return sign_head(connection, key, datetime.now(UTC))

    def proof(request: Request) -> dict[str, Any]:
        index = number_in(request.path_params["index"])
        with engine.begin() as connection:
            told = sign_head(connection, key, datetime.now(UTC))
            size = int(told["size"])
            try:
                entry = entry_at(connection, index)
                path = inclusion_path(connection, index, size)
            except (MissingData, InvalidInput) as error:
                raise Problem(HTTPStatus.NOT_FOUND, "the ledger has no such entry") from error
        return {"head": told, "proof": Proof(entry, size, tuple(path)).told()}

    def consistency(request: Request) -> dict[str, Any]:
        first = number_in(request.query_params.get("from", ""))
        with engine.begin() as connection:
            told = sign_head(connection, key, datetime.now(UTC))
            try:
                path = consistency_path(connection, first, int(told["size"]))
            except (MissingData, InvalidInput) as error:
                raise Problem(HTTPStatus.NOT_FOUND, "the ledger was never of that size") from error
        return {"head": told, "from": first, "path": [part.hex() for part in path]}

    return [
        Route("/ledger/head", _served(access, head), methods=["GET"]),
        Route("/ledger/key", _served(access, lambda _: key.verify_key.jwk()), methods=["GET"]),
        Route("/ledger/entries/{index}/proof", _served(access, proof), methods=["GET"]),
        Route("/ledger/consistency", _served(access, consistency), methods=["GET"]),
        Route("/ledger/export", _Export(engine, access), methods=["GET"]),
    ]


def number_in(text: str) -> int:
    """Place in the ledger.

    Raises      Problem 400 for anything but a whole number.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise Problem(HTTPStatus.BAD_REQUEST, "a place in the ledger must be a whole number")
    return int(text)


def _served(access: Access, answer: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        return plain(await run_in_threadpool(answer, request))

    return serve


class _Export:
    """The whole ledger as JSON lines; a member's own look is at proofs."""

    def __init__(self, engine: Engine, access: Access) -> None:
        self._engine, self._access = engine, access

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
        request = Request(scope, receive)
        member = await run_in_threadpool(self._access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        if member.role is Role.MEMBER:
            raise Problem(HTTPStatus.FORBIDDEN, "the whole ledger is for auditors and the operator")
        folder = TemporaryDirectory(prefix="stillwatch-ledger-")
        try:
            path = Path(folder.name) / "ledger.jsonl"
            await run_in_threadpool(self._write, path)
            response = StreamingResponse(_pieces(path), media_type="application/x-ndjson")
            await response(scope, receive, send)
        finally:
            folder.cleanup()

    def _write(self, path: Path) -> None:
        with self._engine.begin() as connection:
            export(connection, path)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
