"""Messages that count once, for one reader, and not for long."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, MetaData, String, Table, delete

from stillwatch.errors import InvalidInput
from stillwatch.signing.canonical import parse
from stillwatch.signing.keys import Keys, SigningKey
from stillwatch.signing.refused import Reason, Refused
from stillwatch.signing.signature import MEMBER, signed, verify_signed
from stillwatch.signing.stamp import STAMP_CHARACTERS, stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = ["ENVELOPE_TABLES", "MOST_AGE", "MOST_SKEW", "Opened", "opened", "sealed"]

MOST_AGE: Final = timedelta(minutes=5)
MOST_SKEW: Final = timedelta(minutes=2)
_NONCE_CHARACTERS: Final = 22
_MEMBERS: Final = {"audience": str, "body": dict, "issued_at": str, "nonce": str}

ENVELOPE_TABLES = MetaData()
_NONCES = Table(
    "envelope_nonces",
    ENVELOPE_TABLES,
    Column("key_id", String(64), primary_key=True),
    Column("nonce", String(_NONCE_CHARACTERS), primary_key=True),
    Column("forgotten_at", String(STAMP_CHARACTERS), nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that was accepted, and who signed it."""

    body: Mapping[str, Any]
    key_id: str
    issued_at: datetime


def sealed(body: Mapping[str, Any], key: SigningKey, audience: str, now: datetime) -> dict[str, Any]:
    """Message for one reader, signed.

    audience    Name of the reader; nobody else accepts it.
    """
    nonce = secrets.token_urlsafe(16)
    return signed({"audience": audience, "body": body, "issued_at": stamp(now), "nonce": nonce}, key)


def opened(data: bytes, keys: Keys, audience: str, now: datetime, connection: Connection) -> Opened:
    """Accept a message once.

    The nonce is remembered in the caller's transaction: what is done about the message and that it was done are
    committed together, and a message whose work was rolled back may come again.

    connection  To a database with `ENVELOPE_TABLES`.
    Raises      Refused, with the reason.
    """
    document = parse(data)
    _check_members(document)
    key_id = verify_signed(document, keys)
    if document["audience"] != audience:
        raise Refused(Reason.WRONG_AUDIENCE, f"the message is for somebody else, not for {audience}")
    issued_at = _issued_at(document["issued_at"])
    _check_age(issued_at, now)
    _remember(connection, key_id, document["nonce"], issued_at, now)
    return Opened(document["body"], key_id, issued_at)


def _check_members(document: Mapping[str, Any]) -> None:
    if MEMBER not in document:
        raise Refused(Reason.UNSIGNED, "the message carries no signature")
    fits = document.keys() == {*_MEMBERS, MEMBER} and all(
        isinstance(document[name], kind) for name, kind in _MEMBERS.items()
    )
    if not fits or len(document["nonce"]) != _NONCE_CHARACTERS:
        raise Refused(Reason.MALFORMED, f"a message must have exactly the members {', '.join(_MEMBERS)}, {MEMBER}")


def _issued_at(text: str) -> datetime:
    try:
        return time_of(text)
    except InvalidInput as error:
        raise Refused(Reason.MALFORMED, f"issued_at: {error}") from error


def _check_age(issued_at: datetime, now: datetime) -> None:
    age_s = (now - issued_at).total_seconds()
    if age_s > MOST_AGE.total_seconds():
        raise Refused(Reason.EXPIRED, f"the message is {age_s:.0f} s old, allowed {MOST_AGE.total_seconds():.0f} s")
    if -age_s > MOST_SKEW.total_seconds():
        allowed_s = MOST_SKEW.total_seconds()
        raise Refused(Reason.FUTURE_DATED, f"the message is dated {-age_s:.0f} s ahead, allowed {allowed_s:.0f} s")


def _remember(connection: Connection, key_id: str, nonce: str, issued_at: datetime, now: datetime) -> None:
    """Take the nonce; whoever comes second waits for the first transaction and is refused."""
    connection.execute(delete(_NONCES).where(_NONCES.c.forgotten_at < stamp(now)))
    row: dict[str, object] = {"key_id": key_id, "nonce": nonce, "forgotten_at": stamp(issued_at + MOST_AGE)}
    if not insert_if_new(connection, _NONCES, row):
        raise Refused(Reason.REPLAYED, "the message was accepted before")
