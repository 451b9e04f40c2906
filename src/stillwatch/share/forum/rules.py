"""Rules and answers to them over HTTP: checked here, brought to the others by the feed, checked again by each node."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import orjson
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stillwatch.errors import InvalidInput
from stillwatch.share.access.access import Access
from stillwatch.share.access.login import Member
from stillwatch.share.access.problem import Problem
from stillwatch.share.forum.member_keys import known_keys
from stillwatch.share.forum.plain import plain
from stillwatch.share.guard.admit import Admitted, admit_bytes
from stillwatch.share.rules.message import RULE_MESSAGES, name_of
from stillwatch.share.rules.rule import read_rule, rule_hash
from stillwatch.share.signing.refused import Refused
from stillwatch.share.signing.signature import verify_signed
from stillwatch.share.stix.ids import derived_id, read_time
from stillwatch.share.taxii.admission import Prepared
from stillwatch.share.taxii.body import read_body
from stillwatch.share.taxii.moments import microseconds
from stillwatch.share.taxii.store import Store
from stillwatch.share.taxii.tables import MESSAGE, RECORDS
from stillwatch.store.database import reading

__all__ = ["rule_routes"]

_MOST_BYTES: Final = 32 << 10
_NO_RULE: Final = "no such rule, or it is not for you"


def rule_routes(store: Store, access: Access) -> list[BaseRoute]:
    """``POST /rules/COLLECTION/``: a signed harvest rule, or a signed answer to one that stands in the collection.

    A rule is known by its content hash: of one content there is one rule, its first publisher's. An answer to a rule
    that is not there and one to a rule that is not for the member have one refusal; an author's own is refused.
    """

    async def publish(request: Request) -> Response:
        member = await run_in_threadpool(access.member, request.scope, request.headers)
        request.scope["stillwatch.member"] = member.member_id
        body = await read_body(request, _MOST_BYTES)
        told = await run_in_threadpool(_published, store, access, member, request.path_params["collection"], body)
        return plain(told, HTTPStatus.CREATED)

    return [Route("/rules/{collection}/", publish, methods=["POST"])]


def _published(store: Store, access: Access, member: Member, name: str, body: bytes) -> dict[str, Any]:
    collection = access.collection(member, name)
    if not collection.can_write:
        raise Problem(HTTPStatus.FORBIDDEN, "you may not write to this collection")
    now = datetime.now(UTC)
    message, told = _admitted(store, member, body, now)
    if told["type"] == "harvest-rule":
        rule, item = _rule(member, message)
    else:
        if not collection.can_read:
            raise Problem(HTTPStatus.NOT_FOUND, _NO_RULE)
        rule, item = _answer(store, member, collection.collection_id, message, now)
    status = store.publish(member, collection.collection_id, [item], access.quotas)
    if status["failure_count"]:
        raise Problem(HTTPStatus.CONFLICT, str(status["failures"][0]["message"]))
    return {"rule": rule}


def _admitted(store: Store, member: Member, body: bytes, now: datetime) -> tuple[Admitted, dict[str, Any]]:
    """What the guard lets through, of one of two types, signed by a key of the member's."""
    try:
        message = admit_bytes(body, now=now)
    except InvalidInput as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None  # the cause could carry what was sent
    told: dict[str, Any] = message.document()
    if told["type"] not in RULE_MESSAGES:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"type must be one of {', '.join(sorted(RULE_MESSAGES))}")
    try:
        verify_signed(told, known_keys(store.engine, member.member_id))
    except Refused as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error.reason.value}: {error}") from None
    return message, told


def _rule(member: Member, message: Admitted) -> tuple[str, Prepared]:
    try:
        rule = read_rule(message)
    except InvalidInput as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    if rule.author != name_of(member.member_id):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"author must be {name_of(member.member_id)}, who publishes it")
    found = rule_hash(rule)
    return found, _prepared(derived_id("harvest-rule", found), message)


def _answer(store: Store, member: Member, collection_id: str, message: Admitted, now: datetime) -> tuple[str, Prepared]:
    rule = str(message.document()["rule"])
    known = (RECORDS.c.collection_id == collection_id, RECORDS.c.kind == MESSAGE)
    found = select(RECORDS.c.origin, RECORDS.c.document).where(
        RECORDS.c.object_id == derived_id("harvest-rule", rule), *known
    )
    with reading(store.engine).begin() as connection:
        row = connection.execute(found).first()
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, _NO_RULE)
    if row.origin == member.member_id:
        raise Problem(HTTPStatus.CONFLICT, "who wrote a rule does not answer it")
    end = read_time(orjson.loads(row.document)["valid_until"])
    if end is None or end <= now:
        raise Problem(HTTPStatus.CONFLICT, "the rule has ended")
    return rule, _prepared(derived_id("shadow-answer", rule, member.member_id), message)


def _prepared(object_id: str, message: Admitted) -> Prepared:
    """The message as a record; a later answer of a member to one rule is another version of the earlier."""
    created = str(message.document()["created"])
    kind = object_id.partition("--")[0]
    return Prepared(object_id, kind, microseconds(created) or 0, created, message.body, MESSAGE)
