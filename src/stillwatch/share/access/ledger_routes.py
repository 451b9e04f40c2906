"""A ledger over HTTP, whoever keeps it: heads and proofs for everybody who may ask, the whole as JSON lines."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson
from sqlalchemy import Engine, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.book import entry_at, sign_head
from stillwatch.ledger.export import export
from stillwatch.ledger.proof import Proof
from stillwatch.ledger.proofs import consistency_path, inclusion_path
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import reading
from stillwatch.web.problem import Problem

__all__ = ["Reader", "WhoReads", "number_in", "routes_of_ledger"]

_PIECE: Final = 1 << 16
_AT_ONCE: Final = 500
_AGAIN_S: Final = "10"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks.

    actor   Name under which the ledger has what this reader did.
    """

    actor: str
    may_export: bool


WhoReads = Callable[[Request], Awaitable[Reader]]
"""Who asks; raises Problem for somebody who may not."""


def routes_of_ledger(engine: Engine, key: SigningKey, who: WhoReads, at: str = "/ledger") -> list[BaseRoute]:
    """``GET head``, ``key``, ``entries/N/proof``, ``consistency?from=N``, ``own?after=N`` and ``export``, below `at`.

    Entries commit to what they record and do not hold it, so that a proof tells nothing of it; `own` gives who asks
    what its own entries commit to, with their salts, as far as it is not forgotten.
    """

    def head(_request: Request, _reader: Reader) -> dict[str, Any]:
        with engine.begin() as connection:
            return sign_head(connection, key, datetime.now(UTC))

    def proof(request: Request, _reader: Reader) -> dict[str, Any]:
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

    def consistency(request: Request, _reader: Reader) -> dict[str, Any]:
        first = number_in(request.query_params.get("from", ""))
        with engine.begin() as connection:
            told = sign_head(connection, key, datetime.now(UTC))
            try:
                path = consistency_path(connection, first, int(told["size"]))
            except (MissingData, InvalidInput) as error:
                raise Problem(HTTPStatus.NOT_FOUND, "the ledger was never of that size") from error
        return {"head": told, "from": first, "path": [part.hex() for part in path]}

    def own(request: Request, reader: Reader) -> dict[str, Any]:
        after = request.query_params.get("after")
        return _own(engine, reader.actor, -1 if after is None else number_in(after))

    def public_key(_request: Request, _reader: Reader) -> dict[str, Any]:
        return key.verify_key.jwk()

    answers = {
        "head": head,
        "key": public_key,
        "entries/{index}/proof": proof,
        "consistency": consistency,
        "own": own,
    }
    return [
        *(Route(f"{at}/{path}", _served(who, answer), methods=["GET"]) for path, answer in answers.items()),
        Route(f"{at}/export", _Export(engine, who), methods=["GET"]),
    ]


def _own(engine: Engine, actor: str, after: int) -> dict[str, Any]:
    """Entries of one actor behind a place, the oldest first, and whether there are more."""
    joined = select(ENTRIES, DOCUMENTS.c.salt, DOCUMENTS.c.document).outerjoin(
        DOCUMENTS, DOCUMENTS.c.index == ENTRIES.c.index
    )
    wanted = joined.where(ENTRIES.c.actor == actor, ENTRIES.c.index > after).order_by(ENTRIES.c.index)
    with reading(engine).begin() as connection:
        rows = connection.execute(wanted.limit(_AT_ONCE + 1)).all()
    entries = [
        {
            "index": row.index,
            "time": row.time,
            "kind": row.kind,
            "salt": row.salt and row.salt.hex(),
            "document": row.document,
        }
        for row in rows[:_AT_ONCE]
    ]
    return {"actor": actor, "entries": entries, "more": len(rows) > _AT_ONCE}


def number_in(text: str) -> int:
    """Place in a ledger.

    Raises      Problem 400 for anything but a whole number.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise Problem(HTTPStatus.BAD_REQUEST, "a place in the ledger must be a whole number")
    return int(text)


def _served(who: WhoReads, answer: Callable[[Request, Reader], dict[str, Any]]) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        reader = await who(request)
        told = await run_in_threadpool(answer, request, reader)
        return Response(orjson.dumps(told), media_type="application/json")

    return serve


class _Export:
    """The whole ledger as JSON lines, to each reader once at a time: it takes room on the disk while it is read."""

    def __init__(self, engine: Engine, who: WhoReads) -> None:
        self._engine, self._who = engine, who
        self._given: set[str] = set()  # only the event loop's thread looks at it

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
        reader = await self._who(Request(scope, receive))
        if not reader.may_export:
            raise Problem(HTTPStatus.FORBIDDEN, "the whole ledger is for auditors and the operator")
        if reader.actor in self._given:
            again = {"Retry-After": _AGAIN_S}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "you are given the ledger already", again)
        self._given.add(reader.actor)
        try:
            with TemporaryDirectory(prefix="stillwatch-ledger-") as folder:
                path = Path(folder) / "ledger.jsonl"
                await run_in_threadpool(self._write, path)
                await StreamingResponse(_pieces(path), media_type="application/x-ndjson")(scope, receive, send)
        finally:
            self._given.discard(reader.actor)

    def _write(self, path: Path) -> None:
        with reading(self._engine).begin() as connection:
            export(connection, path)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
