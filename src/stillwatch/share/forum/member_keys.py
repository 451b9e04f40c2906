"""Members' public keys: each publishes its own, others ask for that of a pseudonym they have met."""

import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Column, Connection, Engine, MetaData, String, Table, insert, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.errors import InvalidInput
from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.access.roster import OnEvent
from stillwatch.signing.canonical import parse
from stillwatch.signing.keys import Keys, VerifyKey, keys_of
from stillwatch.signing.refused import Refused
from stillwatch.signing.succession import ENDORSEMENT, EndorsedKey, succeeding
from stillwatch.store.database import reading
from stillwatch.web.body import read_body
from stillwatch.web.plain import plain
from stillwatch.web.problem import Problem

__all__ = ["MEMBER_KEY_TABLES", "add_key", "key_routes", "verify_keys_of"]

MEMBER_KEY_TABLES: Final = MetaData()
_KEYS: Final = Table(
    "forum_member_keys",
    MEMBER_KEY_TABLES,
    Column("key_id", String(64), primary_key=True),
    Column("member_id", String(36), nullable=False, index=True),
    Column("jwk", JSON, nullable=False),
    Column("created_s", BigInteger, nullable=False),
)
_ENDORSEMENTS: Final = Table(
    "forum_key_endorsements",
    MEMBER_KEY_TABLES,
    Column("key_id", String(64), primary_key=True),
    Column("endorsement", String(512), nullable=False),
)
"""What an older key of the same member signed for a key; the members' nodes check it themselves."""
_MOST_BYTES: Final = 1024
_MOST_KEYS: Final = 16


def key_routes(engine: Engine, access: Access, on_event: OnEvent) -> list[BaseRoute]:
    """``POST /member/key/`` and ``GET /keys/PSEUDONYM``.

    Every key is an entry of the ledger, so that a forum that gave two members two keys for one pseudonym is found out.
    Nobody learns a pseudonym here that it has not met; one that is unknown and one without keys have the same answer.
    """

    async def publish(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        body = await read_body(request.headers, request.receive, _MOST_BYTES)
        told = await run_in_threadpool(lambda: add_key(engine, member, _read(body), on_event))
        return plain(told, HTTPStatus.CREATED)

    async def ask(request: Request) -> Response:
        await run_in_threadpool(access.member, request.scope, request.headers)
        return plain(await run_in_threadpool(_keys_of, engine, request.path_params["member_id"]))

    return [
        Route("/member/key/", publish, methods=["POST"]),
        Route("/keys/{member_id}", ask, methods=["GET"]),
    ]


def add_key(engine: Engine, member: Member, key: VerifyKey, on_event: OnEvent) -> dict[str, Any]:
    """Publish a key of a member; one that is there already is no second one.

    Raises      Problem 409 when somebody else has it, or the member has 16.
    """
    row = {"key_id": key.key_id, "member_id": member.member_id, "jwk": key.jwk()}
    with engine.begin() as connection:
        known = connection.execute(select(_KEYS).where(_KEYS.c.key_id == key.key_id)).first()
        if known is not None and known.member_id != member.member_id:
            raise Problem(HTTPStatus.CONFLICT, "the key is in use")
        mine = connection.execute(select(_KEYS.c.key_id).where(_KEYS.c.member_id == member.member_id)).all()
        if known is None and len(mine) >= _MOST_KEYS:
            raise Problem(HTTPStatus.CONFLICT, f"a member may have at most {_MOST_KEYS} keys")
        if known is None:
            connection.execute(insert(_KEYS).values(created_s=int(datetime.now(UTC).timestamp()), **row))
            told = key.jwk()
            if isinstance(key, EndorsedKey) and key.endorsement:
                _check_endorsement(key, member.member_id, connection)
                connection.execute(insert(_ENDORSEMENTS).values(key_id=key.key_id, endorsement=key.endorsement))
                told[ENDORSEMENT] = key.endorsement
            on_event("member-key", member.member_id, {"jwk": told}, connection)
    return {"key_id": key.key_id}


def _check_endorsement(key: EndorsedKey, member_id: str, connection: Connection) -> None:
    rows = connection.execute(select(_KEYS.c.jwk).where(_KEYS.c.member_id == member_id, _KEYS.c.key_id != key.key_id))
    if key.key_id not in succeeding([key], member_id, keys_of(VerifyKey.of(jwk) for jwk in rows.scalars())):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "an endorsement must be of another key of the same member")


def _read(body: bytes) -> EndorsedKey:
    try:
        return EndorsedKey.of(parse(body))
    except (Refused, InvalidInput) as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "a key must be a public JSON Web Key of Ed25519") from error


def verify_keys_of(engine: Engine, member_id: str) -> Keys:
    """Keys that a member has published, to verify with; none where it has none."""
    with reading(engine).begin() as connection:
        rows = connection.execute(select(_KEYS.c.jwk).where(_KEYS.c.member_id == member_id)).scalars()
        return keys_of(VerifyKey.of(jwk) for jwk in rows)


def _keys_of(engine: Engine, member_id: str) -> dict[str, Any]:
    try:
        pseudonym = str(uuid.UUID(member_id))
    except ValueError as error:
        raise Problem(HTTPStatus.NOT_FOUND, "no keys for that pseudonym") from error
    with reading(engine).begin() as connection:
        chosen = select(_KEYS.c.jwk, _ENDORSEMENTS.c.endorsement).where(_KEYS.c.member_id == pseudonym)
        both = chosen.outerjoin_from(_KEYS, _ENDORSEMENTS, _KEYS.c.key_id == _ENDORSEMENTS.c.key_id)
        rows = connection.execute(both.order_by(_KEYS.c.created_s, _KEYS.c.key_id))
        found = [row.jwk | ({ENDORSEMENT: row.endorsement} if row.endorsement else {}) for row in rows]
    if not found:
        raise Problem(HTTPStatus.NOT_FOUND, "no keys for that pseudonym")
    return {"keys": found}
