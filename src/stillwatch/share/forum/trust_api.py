"""What members are told of a source and of an indicator: grades, independent origins, and what proves them."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.errors import InvalidInput
from stillwatch.ledger.book import entry_at, opening_of, sign_head
from stillwatch.ledger.proof import Proof
from stillwatch.ledger.proofs import inclusion_path
from stillwatch.share.access.access import Access
from stillwatch.share.access.ledger_routes import number_in
from stillwatch.share.access.login import Member
from stillwatch.share.commitments.tables import COMMITMENT_TABLES
from stillwatch.share.forum.commitment_api import commitment_routes
from stillwatch.share.taxii.admission import Admit
from stillwatch.share.trust.audits import grades_of, is_seen
from stillwatch.share.trust.corroboration import Corroboration, corroboration_of
from stillwatch.share.trust.places import PLACE_TABLES, read_on
from stillwatch.share.trust.records import RECORD_TABLES
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import reading
from stillwatch.web.plain import plain
from stillwatch.web.problem import Problem

__all__ = ["make_trust_tables", "trust_routes"]

_NO_GRADES = "no grades for that pseudonym"
_NO_INDICATOR = "no such indicator, or it is not for you"
_NO_ENTRY = "the entry proves nothing of this indicator"


def make_trust_tables(engine: Engine) -> None:
    """Make the tables of audits, places and commitments that are not there."""
    for tables in (RECORD_TABLES, PLACE_TABLES, COMMITMENT_TABLES):
        tables.create_all(engine)


def trust_routes(engine: Engine, access: Access, key: SigningKey, admit: Admit) -> list[BaseRoute]:
    """``POST /commitments/``, ``POST /reveals/``, ``GET /grades/PSEUDONYM`` and ``GET /corroboration/INDICATOR``.

    Grades are told and not the counts behind them, and only of who has published where the asker reads. Below an
    indicator's corroboration, ``entries/N`` opens an entry that it rests on, with the proof that it is in the ledger.
    """
    telling = _Telling(engine, access, key)
    return [
        *commitment_routes(engine, access, key, admit),
        Route("/grades/{member_id}", _served(access, telling.grades), methods=["GET"]),
        Route("/corroboration/{indicator_id}", _served(access, telling.corroboration), methods=["GET"]),
        Route("/corroboration/{indicator_id}/entries/{index}", _served(access, telling.entry), methods=["GET"]),
    ]


def _served(access: Access, answer: Callable[[Member, Request], dict[str, Any]]) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        return plain(await run_in_threadpool(answer, member, request))

    return serve


class _Telling:
    """What each question is answered with, as far as the asker may know."""

    def __init__(self, engine: Engine, access: Access, key: SigningKey) -> None:
        self._engine, self._access, self._key = engine, access, key

    def grades(self, member: Member, request: Request) -> dict[str, Any]:
        """Grade of a source by kind of signal."""
        try:
            source = str(uuid.UUID(request.path_params["member_id"]))
        except ValueError as error:
            raise Problem(HTTPStatus.NOT_FOUND, _NO_GRADES) from error
        read_on(self._engine)
        with reading(self._engine).begin() as connection:
            if not is_seen(connection, source, self._readable(member)):
                raise Problem(HTTPStatus.NOT_FOUND, _NO_GRADES)
            found = grades_of(connection, source, datetime.now(UTC))
        return {"member": source, "grades": {kind.value: grade.value for kind, grade in found.items()}}

    def corroboration(self, member: Member, request: Request) -> dict[str, Any]:
        """Independent origins of an indicator, and the entries that prove them."""
        return self._corroboration(member, request).told()

    def entry(self, member: Member, request: Request) -> dict[str, Any]:
        """An entry that an indicator's corroboration rests on, opened, with its proof."""
        index = number_in(request.path_params["index"])
        found = self._corroboration(member, request)
        if not any(index in partner.entries for partner in found.partners):
            raise Problem(HTTPStatus.NOT_FOUND, _NO_ENTRY)
        with self._engine.begin() as connection:
            head = sign_head(connection, self._key, datetime.now(UTC))
            opening = opening_of(connection, index)
            size = int(head["size"])
            path = inclusion_path(connection, index, size)
            proof = Proof(entry_at(connection, index), size, tuple(path))
        if opening is None:
            raise Problem(HTTPStatus.NOT_FOUND, _NO_ENTRY)
        opened = {"salt": opening.salt.hex(), "document": dict(opening.document)}
        return {"head": head, "proof": proof.told(), "opening": opened}

    def _corroboration(self, member: Member, request: Request) -> Corroboration:
        read_on(self._engine)
        try:
            with reading(self._engine).begin() as connection:
                name = request.path_params["indicator_id"]
                found = corroboration_of(connection, name, self._readable(member))
        except InvalidInput as error:
            raise Problem(HTTPStatus.NOT_FOUND, _NO_INDICATOR) from error
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, _NO_INDICATOR)
        return found

    def _readable(self, member: Member) -> frozenset[str]:
        seen = self._access.collections(member)
        return frozenset(name for name, collection in seen.items() if collection.can_read)
