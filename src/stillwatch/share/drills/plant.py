"""Plant a drill: commit that it is one, then publish canaries as any member publishes."""

import secrets
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from joserfc.jwk import OKPKey
from sqlalchemy import Connection, insert, select

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.book import sign_head
from stillwatch.model.indicator import Indicator
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.login import Member
from stillwatch.share.access.quotas import Limits, Quotas
from stillwatch.share.access.roster import OnEvent, Role, Roster
from stillwatch.share.commitments.holding import Holding
from stillwatch.share.commitments.record import commit
from stillwatch.share.drills.tables import DRILL_ACCOUNTS, DRILLS
from stillwatch.share.drills.templates import likeness, templates_in
from stillwatch.share.forum.member_keys import add_key
from stillwatch.share.guard.admit import admit
from stillwatch.share.stix.signatures import signed_bundle
from stillwatch.share.stix.write import indicator_bundle
from stillwatch.share.taxii.admission import prepare
from stillwatch.share.taxii.store import Store
from stillwatch.signing.keys import SigningKey

__all__ = ["MOST_CANARIES", "Planted", "add_account", "plant"]

MOST_CANARIES: Final = 20


@dataclass(frozen=True, slots=True)
class Planted:
    """A drill that has begun.

    entry       Place in the ledger of the commitment, which stands before every canary.
    """

    drill_id: str
    entry: int
    indicator_ids: tuple[str, ...]


def add_account(store: Store, on_event: OnEvent, name: str, collection: str) -> str:
    """Pseudonym of a new member that is the forum's own; nobody can log in as it, as nobody sees its token.

    It joins, is granted a collection and publishes a key as every member does, entry by entry of the ledger: let weeks
    pass before it plants anything.

    name        What the operator calls it.
    Raises      As `Roster.add_member` and `Collections.grant`.
    """
    roster = Roster(store.engine, on_event)
    member_id, _ = roster.add_member(name)
    Collections(store.engine, on_event).grant(member_id, collection, read=True, write=True)
    key = SigningKey.generate()
    add_key(store.engine, Member(member_id, Role.MEMBER), key.verify_key, on_event)
    with store.engine.begin() as connection:
        connection.execute(insert(DRILL_ACCOUNTS).values(member_id=member_id, jwk=key.raw.as_dict(private=True)))
    return member_id


def plant(store: Store, account: str, collection: str, count: int, forum_key: SigningKey) -> Planted:
    """Commit to a drill in the ledger, then publish its canaries.

    account     What `add_account` gave; it serves once, as it is known afterwards.
    collection  Id or alias; it must hold an indicator.
    count       Canaries, 1 to 20.
    Raises      InvalidInput for a count out of range or an account that has served; MissingData for an account that is
                none of the forum's, a collection that it may not write, or one without indicators.
    """
    if not 1 <= count <= MOST_CANARIES:
        message = f"a drill must have 1 to {MOST_CANARIES} canaries, got {count}"
        raise InvalidInput(message)
    now, collection_id = _now(), _collection(store, account, collection)
    with store.engine.begin() as connection:
        key = _key_of(connection, account)
        templates = templates_in(connection, collection_id)
        canaries = [likeness(templates, now, secrets.SystemRandom()) for _ in range(count)]
        planted = _committed(connection, canaries, account, collection_id, now)
        sign_head(connection, forum_key, now)
    member, quotas = Member(account, Role.MEMBER), Quotas(store.engine, Limits())
    for one in canaries:
        items = [prepare(item, lambda _: ()) for item in _objects(one, account, key, now)]
        status = store.publish(member, collection_id, items, quotas)
        if status["failure_count"]:
            message = f"the forum refused {status['failure_count']} objects of a canary"
            raise InvalidInput(message)
    return planted


def _collection(store: Store, account: str, name: str) -> str:
    for found in Collections(store.engine).seen_by(account).values():
        if name in {found.collection_id, found.alias} and found.can_write:
            return found.collection_id
    message = f"no collection {name} that the account may write"
    raise MissingData(message)


def _committed(
    connection: Connection, canaries: Sequence[Indicator], account: str, collection_id: str, now: datetime
) -> Planted:
    """The record and its commitment, which has the form of every member's: nothing shows that it is of a drill."""
    drill_id, secret = str(uuid.uuid4()), secrets.token_bytes(32)
    ids = tuple(sorted(one.indicator_id for one in canaries))
    statement = {"drill": drill_id, "indicators": list(ids)}
    entry = commit(connection, Holding(account, [statement], secret).commitment, now)
    row: dict[str, Any] = {
        "drill_id": drill_id,
        "account": account,
        "collection_id": collection_id,
        "statement": statement,
        "secret": secret,
        "committed_entry": entry.index,
        "planted_us": time.time_ns() // 1000,
        "tags": {one.indicator_id: [tag.value for tag in one.tags] for one in canaries},
        "echoes": [],
    }
    connection.execute(insert(DRILLS).values(row))
    return Planted(drill_id, entry.index, ids)


def _objects(one: Indicator, account: str, key: SigningKey, now: datetime) -> list[dict[str, Any]]:
    """What a node would send: signed, and through the guard."""
    told = admit(signed_bundle(indicator_bundle(one, account), key), now=now)
    return list(told.document()["objects"])


def _key_of(connection: Connection, account: str) -> SigningKey:
    jwk = connection.execute(select(DRILL_ACCOUNTS.c.jwk).where(DRILL_ACCOUNTS.c.member_id == account)).scalar()
    if jwk is None:
        message = f"no account for drills: {account[:64]}"
        raise MissingData(message)
    if connection.execute(select(DRILLS.c.drill_id).where(DRILLS.c.account == account)).first() is not None:
        message = f"an account serves for one drill, {account} has served: add another"
        raise InvalidInput(message)
    return SigningKey(OKPKey.import_key(jwk))


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
