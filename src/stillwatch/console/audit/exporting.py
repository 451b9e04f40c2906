"""Hand out the ledger, as files that anybody can verify with `stillwatch ledger verify`."""

import json
import tempfile
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from stillwatch.act.audit.database import looking
from stillwatch.act.audit.trail import write_documents
from stillwatch.console.audit.moments import size_of
from stillwatch.console.visit import Visit
from stillwatch.errors import MissingData
from stillwatch.ledger.export import export
from stillwatch.ledger.latest import latest_head
from stillwatch.web.problem import Problem

__all__ = ["MOST_EXPORTED", "take_documents", "take_head", "take_ledger"]

MOST_EXPORTED: Final = 200_000
"""Entries of one download: some 150 MB, in a few seconds."""
_CHUNK_BYTES: Final = 1 << 18


def take_ledger(visit: Visit) -> Response:
    """Entries and signed heads, JSON lines; no account stands in it."""
    return _taken(visit, "ledger.jsonl", export)


def take_documents(visit: Visit) -> Response:
    """What the entries commit to, JSON lines of index, salt and document, accounts among it."""
    return _taken(visit, "ledger-documents.jsonl", write_documents)


def take_head(visit: Visit) -> Response:
    """The latest signed head: whoever keeps it can never be told another story.

    Raises      MissingData when nothing was signed yet.
    """
    with looking(visit.console.engine) as connection:
        signed = latest_head(connection, visit.console.keys)
    if signed is None:
        message = "no head of the ledger has been signed yet"
        raise MissingData(message)
    text = json.dumps(signed.told, sort_keys=True) + "\n"
    return Response(text, media_type="application/json", headers=_headers(f"head-{signed.head.size}.json"))


def _taken(visit: Visit, name: str, write: Callable[[Connection, Path], int]) -> Response:
    """A file that is gone from the disk before the first byte of it is sent.

    Raises      Problem 413 for a ledger that is too long to be sent to a browser.
    """
    with looking(visit.console.engine) as connection, tempfile.TemporaryDirectory() as folder:
        if size_of(connection) > MOST_EXPORTED:
            message = (
                f"the ledger has more than {MOST_EXPORTED:,} entries, which is too much for a browser: "
                "run `stillwatch audit export` on the service’s machine"
            )
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        path = Path(folder) / name
        write(connection, path)
        n_bytes, file = path.stat().st_size, path.open("rb")
    headers = {**_headers(name), "content-length": str(n_bytes)}
    return StreamingResponse(_pieces(file), media_type="application/x-ndjson", headers=headers)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_CHUNK_BYTES):
            yield piece


def _headers(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
