"""Members commit to what they hold, and reveal of it what others have published since; each is in the ledger."""

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, insert, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.errors import FailedProof, InvalidInput, MissingData
from stillwatch.ledger.book import sign_head
from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.commitments.held import read_commitment, read_reveal, tag_of
from stillwatch.share.commitments.holding import Reveal
from stillwatch.share.commitments.record import commit, reveal
from stillwatch.share.commitments.tables import COMMITMENTS, REVEALED
from stillwatch.share.guard.limits import read_json
from stillwatch.share.taxii.admission import Admit
from stillwatch.share.trust.places import OWNERS, PUBLISHED, TAGS, digest_of, read_on
from stillwatch.signing.keys import SigningKey
from stillwatch.web.body import read_body
from stillwatch.web.plain import plain
from stillwatch.web.problem import Problem

__all__ = ["COMMITMENTS_A_DAY", "commitment_routes"]

COMMITMENTS_A_DAY: Final = 64
"""A node commits when it is opened and has found something new: some times a day."""
_DAY_S: Final = 86_400
_MOST_BYTES: Final = 1 << 20
_AT_A_TIME: Final = 500

_Take = Callable[[Member, Mapping[str, Any], int], dict[str, Any]]


def commitment_routes(engine: Engine, access: Access, key: SigningKey, admit: Admit) -> list[BaseRoute]:
    """``POST /commitments/`` and ``POST /reveals/``.

    Both take what the guard has passed and count as an object that is published, a reveal as one a tag. The answer is
    the entry's place; sent again, a message has the place that it had.
    """
    taking = _Taking(engine, access, key)
    return [
        Route(
            "/commitments/",
            _posted(access, functools.partial(_read, admit, "commitment"), taking.commitment),
            methods=["POST"],
        ),
        Route("/reveals/", _posted(access, functools.partial(_read, admit, "reveal"), taking.reveal), methods=["POST"]),
    ]


def _posted(access: Access, read: Callable[[bytes], dict[str, Any]], take: _Take) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        body = await read_body(request.headers, request.receive, _MOST_BYTES)
        told = await run_in_threadpool(read, body)
        return plain(await run_in_threadpool(take, member, told, len(body)), HTTPStatus.CREATED)

    return serve


def _read(admit: Admit, kind: str, body: bytes) -> dict[str, Any]:
    try:
        told = read_json(body)
    except InvalidInput as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from error
    if not isinstance(told, dict):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "/: must be an object")
    refusals = admit(told)
    if refusals:
        first = refusals[0]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{first.path or '/'}: {first.explanation} ({first.rule})")
    if told["type"] != kind:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"/type: must be {kind}")
    return told


class _Taking:
    """What becomes of each message, in one transaction with its entry of the ledger."""

    def __init__(self, engine: Engine, access: Access, key: SigningKey) -> None:
        self._engine, self._access, self._key = engine, access, key

    def commitment(self, member: Member, told: Mapping[str, Any], size_bytes: int) -> dict[str, Any]:
        """Place of a commitment."""
        found = read_commitment(told, member.member_id)
        same = (COMMITMENTS.c.member_id == member.member_id) & (COMMITMENTS.c.root == found.root)
        with self._engine.begin() as connection:
            self._access.quotas.publish(connection, member.member_id, 1, size_bytes)
            there = connection.execute(select(COMMITMENTS.c.place).where(same)).scalar()
            if there is not None:
                return {"index": there}
            _check_day(connection, member.member_id)
            now = datetime.now(UTC)
            entry = commit(connection, found, now)
            row = {"place": entry.index, "member_id": member.member_id, "root": found.root, "size": found.size}
            connection.execute(insert(COMMITMENTS), row | {"at_s": int(now.timestamp())})
            sign_head(connection, self._key, now)
        return {"index": entry.index}

    def reveal(self, member: Member, told: Mapping[str, Any], size_bytes: int) -> dict[str, Any]:
        """Place of a reveal; whether it makes anybody an origin is decided by places, whenever somebody asks."""
        index, reveals = read_reveal(told)
        digests = [digest_of(tag_of(one.item)) for one in reveals]
        read_on(self._engine)
        with self._engine.begin() as connection:
            self._access.quotas.publish(connection, member.member_id, len(reveals), size_bytes)
            known = select(REVEALED.c.digest, REVEALED.c.place).where(
                REVEALED.c.commitment == index, REVEALED.c.member_id == member.member_id
            )
            before = {row.digest: row.place for row in connection.execute(known)}
            if before.keys() >= set(digests):
                return {"index": before[digests[0]]}
            _check_common(connection, member.member_id, digests)
            now = datetime.now(UTC)
            place = _revealed(connection, member.member_id, index, reveals, now)
            rows = [
                {"digest": digest, "commitment": index, "member_id": member.member_id, "place": place}
                for digest in dict.fromkeys(digests)
                if digest not in before
            ]
            connection.execute(insert(REVEALED), rows)
            sign_head(connection, self._key, now)
        return {"index": place}


def _check_day(connection: Connection, member_id: str) -> None:
    since = int(time.time()) - _DAY_S
    lately = select(func.count(), func.min(COMMITMENTS.c.at_s)).where(
        COMMITMENTS.c.member_id == member_id, COMMITMENTS.c.at_s > since
    )
    n, first_s = connection.execute(lately).one()
    if n >= COMMITMENTS_A_DAY:
        wait = {"Retry-After": str(max(1, first_s - since))}
        message = f"too many commitments: {COMMITMENTS_A_DAY} are allowed in a day"
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, message, wait)


def _revealed(connection: Connection, member_id: str, index: int, reveals: Sequence[Reveal], now: datetime) -> int:
    try:
        return reveal(connection, member_id, index, reveals, now).index
    except FailedProof as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    except (MissingData, InvalidInput) as error:
        raise Problem(HTTPStatus.NOT_FOUND, "no such commitment, or it is not yours") from error


def _check_common(connection: Connection, member_id: str, digests: Sequence[str]) -> None:
    """Only what the member itself tells still and another has published is revealed, and nothing beside it."""
    told, others = set(), set()
    owner = connection.execute(select(OWNERS.c.owner_id).where(OWNERS.c.member_id == member_id)).scalar() or member_id
    same = {
        *connection.execute(select(OWNERS.c.member_id).where(OWNERS.c.owner_id == owner)).scalars(),
        member_id,
        owner,
    }
    for start in range(0, len(digests), _AT_A_TIME):
        chosen = select(TAGS.c.digest, PUBLISHED.c.member_id, PUBLISHED.c.has_ended)
        chosen = chosen.join(PUBLISHED, PUBLISHED.c.place == TAGS.c.place)
        for row in connection.execute(chosen.where(TAGS.c.digest.in_(digests[start : start + _AT_A_TIME]))):
            if row.member_id == member_id and not row.has_ended:
                told.add(row.digest)
            elif row.member_id not in same:
                others.add(row.digest)
    if not set(digests) <= told & others:
        message = "only tags are revealed that you and another member have published"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, message)
