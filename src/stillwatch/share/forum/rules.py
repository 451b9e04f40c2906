"""Rules and answers to them over HTTP: checked here, brought to the others by the feed, checked again by each node."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

import orjson
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.forum.member_keys import verify_keys_of
from stillwatch.share.stix.ids import derived_id, read_time
from stillwatch.share.taxii.admission import Prepared
from stillwatch.share.taxii.moments import microseconds
from stillwatch.share.taxii.store import Store
from stillwatch.share.taxii.tables import MESSAGE, RECORDS
from stillwatch.signing.keys import Keys
from stillwatch.store.database import reading
from stillwatch.web.body import read_body
from stillwatch.web.plain import plain
from stillwatch.web.problem import Problem

__all__ = ["ReadMessage", "Said", "rule_routes"]

_MOST_BYTES: Final = 32 << 10
_NO_RULE: Final = "no such rule, or it is not for you"
_RULE: Final = "harvest-rule"


class Said(Protocol):
    """A message that passed the guard and bears its maker's signature.

    rule    Content hash of the rule that it is, or is an answer to.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def created(self) -> str: ...  # noqa: D102
    @property
    def body(self) -> bytes: ...  # noqa: D102


ReadMessage = Callable[[bytes, str, Keys, datetime], Said]
"""The guard for messages: bytes, who sent them, that member's keys and the time; raises InvalidInput or FailedProof."""


def rule_routes(store: Store, access: Access, read: ReadMessage) -> list[BaseRoute]:
    """``POST /rules/COLLECTION/``: a signed harvest rule, or a signed answer to one that stands in the collection.

    A rule is known by its content hash: of one content there is one rule, its first publisher's. An answer to a rule
    that is not there and one to a rule that is not for the member have one refusal; an author's own is refused.
    """

    async def publish(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        body = await read_body(request.headers, request.receive, _MOST_BYTES)
        place = request.path_params["collection"]
        keys = await run_in_threadpool(verify_keys_of, store.engine, member.member_id)
        said = await run_in_threadpool(_read, read, body, member, keys)
        return plain(await run_in_threadpool(_published, store, access, member, place, said), HTTPStatus.CREATED)

    return [Route("/rules/{collection}/", publish, methods=["POST"])]


def _read(read: ReadMessage, body: bytes, member: Member, keys: Keys) -> Said:
    try:
        return read(body, member.member_id, keys, datetime.now(UTC))
    except (InvalidInput, FailedProof) as error:
        reason = getattr(error, "reason", None)
        told = f"{reason.value}: {error}" if reason else str(error)
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, told) from None  # the cause could carry what was sent


def _published(store: Store, access: Access, member: Member, name: str, said: Said) -> dict[str, Any]:
    collection = access.collection(member, name)
    if not collection.can_write:
        raise Problem(HTTPStatus.FORBIDDEN, "you may not write to this collection")
    object_id = derived_id(_RULE, said.rule)
    if said.kind != _RULE:
        if not collection.can_read:
            raise Problem(HTTPStatus.NOT_FOUND, _NO_RULE)
        _check_answered(store, member, collection.collection_id, object_id)
        # A later answer of a member to one rule is another version of the earlier.
        object_id = derived_id(said.kind, said.rule, member.member_id)
    told = orjson.loads(said.body)
    item = Prepared(object_id, said.kind, microseconds(said.created) or 0, said.created, told, said.body, MESSAGE)
    status = store.publish(member, collection.collection_id, [item], access.quotas)
    if status["failure_count"]:
        raise Problem(HTTPStatus.CONFLICT, str(status["failures"][0]["message"]))
    return {"rule": said.rule}


def _check_answered(store: Store, member: Member, collection_id: str, object_id: str) -> None:
    """Whether there is a rule that this member may answer now."""
    there = (RECORDS.c.collection_id == collection_id, RECORDS.c.kind == MESSAGE, RECORDS.c.object_id == object_id)
    with reading(store.engine).begin() as connection:
        row = connection.execute(select(RECORDS.c.origin, RECORDS.c.document).where(*there)).first()
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, _NO_RULE)
    if row.origin == member.member_id:
        raise Problem(HTTPStatus.CONFLICT, "who wrote a rule does not answer it")
    end = read_time(orjson.loads(row.document)["valid_until"])
    if end is None or end <= datetime.now(UTC):
        raise Problem(HTTPStatus.CONFLICT, "the rule has ended")
