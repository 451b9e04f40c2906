"""Keys of the other members: the first is believed, a further one needs the old one's signature or a person.

The forum tells keys, and could tell one that it made. It can do so once, before a node has met a member; what members
compare over the telephone finds that out. Later it cannot: a key that no trusted key has signed waits, and what it
signed is passed over.

References
----------
Wendlandt, Andersen and Perrig (2008), Perspectives: improving SSH-style host authentication, USENIX ATC: trust at
first use, and what comparing adds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import JSON, Column, Connection, String, Table, delete, insert, select

from stillwatch.errors import MissingData
from stillwatch.share.node.tables import KEYS, NODE_TABLES, PASSED_OVER, PLACES
from stillwatch.signing.keys import Keys, VerifyKey, keys_of
from stillwatch.signing.refused import Reason, Refused
from stillwatch.signing.succession import succeeding

__all__ = ["KEY_SIGHTS", "PinnedKey", "Seen", "pinned_keys", "trust_key", "trusted_keys", "verify_told"]

KEY_SIGHTS: Final = Table(
    "node_key_sights",
    NODE_TABLES,
    Column("member_id", String(40), primary_key=True),
    Column("key_id", String(64), primary_key=True),
    Column("jwk", JSON, nullable=False),
    Column("place", String(200), nullable=False),
    Column("seen_at", String(40), nullable=False),
)
"""Every key that the forum told, and where the node first saw it; those that are not in KEYS wait."""

_MOST_KEYS: Final = 64
"""Of one member; a forum that makes up more fills no disk."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """Where and when something was seen: place in the feed, time as STIX writes it."""

    place: str
    at: str


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A member's key as a person compares it.

    key_id      Thumbprint (RFC 7638).
    place       Place in the feed where it was first seen; None for one that was pinned before places were kept.
    is_trusted  Whether what it signs is taken; else it waits to be confirmed.
    """

    member_id: str
    key_id: str
    place: str | None
    seen_at: str | None
    is_trusted: bool


def verify_told(connection: Connection, origin: str, verify: Callable[[Keys], T], told: Keys, seen: Seen) -> T:
    """Hold a signature against keys that are told now: any at first sight, later those that a trusted one has signed.

    verify      Gives what was signed, or raises Refused.
    told        Keys of the member, as the forum tells them.
    Raises      Refused when no trusted key signed it.
    """
    _note(connection, origin, told, seen)
    trusted = trusted_keys(connection, origin)
    known = succeeding(told.values(), origin, trusted or _first(verify, told))
    for key_id in known.keys() - trusted.keys():
        connection.execute(insert(KEYS).values(member_id=origin, key_id=key_id, jwk=known[key_id].jwk()))
    try:
        return verify(known)
    except Refused as error:
        if error.reason is Reason.UNKNOWN_KEY and told:
            message = f"{error}; a further key of a member waits until its old one signs it or a person trusts it"
            raise Refused(Reason.UNKNOWN_KEY, message) from error
        raise


def _first(verify: Callable[[Keys], T], told: Keys) -> Keys:
    """The one of the told keys that has signed it.

    Raises      Refused when none has.
    """
    for key_id, key in told.items():
        try:
            verify({key_id: key})
        except Refused as error:
            if error.reason is Reason.UNKNOWN_KEY:
                continue
            raise
        return {key_id: key}
    verify(told)
    return {}


def pinned_keys(connection: Connection) -> list[PinnedKey]:
    """All keys of all members that the node has met, those that wait too."""
    trusted = {(row.member_id, row.key_id) for row in connection.execute(select(KEYS))}
    seen = {(row.member_id, row.key_id): (row.place, row.seen_at) for row in connection.execute(select(KEY_SIGHTS))}
    return [PinnedKey(*key, *seen.get(key, (None, None)), key in trusted) for key in sorted(trusted | seen.keys())]


def trust_key(connection: Connection, key_id: str) -> str:
    """Trust a key that waits; pseudonym of its member. The feed is read again, for what the key has signed.

    Raises  MissingData when no key of that thumbprint waits.
    """
    row = connection.execute(select(KEY_SIGHTS).where(KEY_SIGHTS.c.key_id == key_id)).first()
    if row is None or key_id in trusted_keys(connection, row.member_id):
        message = f"no key {key_id} waits to be trusted"
        raise MissingData(message)
    connection.execute(insert(KEYS).values(member_id=row.member_id, key_id=key_id, jwk=row.jwk))
    connection.execute(delete(PASSED_OVER))
    connection.execute(delete(PLACES))
    return str(row.member_id)


def trusted_keys(connection: Connection, member_id: str) -> Keys:
    """Keys of a member whose signatures are believed."""
    rows = connection.execute(select(KEYS.c.jwk).where(KEYS.c.member_id == member_id)).scalars()
    return keys_of(VerifyKey.of(jwk) for jwk in rows)


def _note(connection: Connection, member_id: str, told: Keys, seen: Seen) -> None:
    of_member = select(KEY_SIGHTS.c.key_id).where(KEY_SIGHTS.c.member_id == member_id)
    known = set(connection.execute(of_member).scalars())
    for key_id in sorted(told.keys() - known)[: _MOST_KEYS - len(known)]:
        row = {"member_id": member_id, "key_id": key_id, "jwk": told[key_id].jwk()}
        connection.execute(insert(KEY_SIGHTS).values(place=seen.place, seen_at=seen.at, **row))
