"""The roster: members under pseudonyms, what they log in with, and how each ends."""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, insert, select, update

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.share.access.credentials import PREFIX
from stillwatch.share.access.tables import CERTIFICATES, MEMBERS, ROSTER, TOKENS, advance
from stillwatch.store.database import reading
from stillwatch.web.tokens import Token, fresh_token, hash_secret

__all__ = ["Listed", "OnEvent", "Role", "Roster", "no_event"]

OnEvent = Callable[[str, str, Any, Connection], None]
"""Told of everything that changes the forum, inside the transaction that changes it: kind, who, document, connection.

When it raises, nothing has happened.
"""
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


def no_event(kind: str, actor: str, document: Any, connection: Connection) -> None:  # noqa: ANN401
    """Nobody listens."""


class Role(StrEnum):
    """What somebody is at the forum."""

    MEMBER = "member"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Listed:
    """A member as the operator sees it.

    member_id   UUID, the pseudonym that others see.
    name        What the operator calls it; nobody else sees it.
    """

    member_id: str
    name: str
    role: Role
    created_s: int
    revoked_s: int | None


class Roster:
    """Members and what they log in with; for the operator's hands."""

    def __init__(self, engine: Engine, on_event: OnEvent = no_event) -> None:
        self.engine = engine
        self._on_event = on_event

    def add_member(self, name: str, role: Role = Role.MEMBER) -> tuple[str, Token]:
        """Pseudonym and first token of a new member; the token is shown this once.

        Raises      InvalidInput for an empty name or one above 200 characters.
        """
        if not 1 <= len(name) <= 200:
            message = f"a member's name must have 1 to 200 characters, got {len(name)}"
            raise InvalidInput(message)
        member_id, token = str(uuid.uuid4()), fresh_token(PREFIX)
        row = {"member_id": member_id, "name": name, "role": role.value, "created_s": int(time.time())}
        with self.engine.begin() as connection:
            connection.execute(insert(MEMBERS).values(row))
            _store_token(connection, member_id, token)
            self._note(connection, "member-added", member_id, {"role": role.value})
        return member_id, token

    def revoke_member(self, member_id: str) -> None:
        """End a membership at once, with every token and certificate; what it published stays.

        Raises      MissingData when there is no such member.
        """
        with self.engine.begin() as connection:
            ended = update(MEMBERS).where(MEMBERS.c.member_id == member_id, MEMBERS.c.revoked_s.is_(None))
            if not connection.execute(ended.values(revoked_s=int(time.time()))).rowcount:
                message = f"no such member, or already revoked: {member_id}"
                raise MissingData(message)
            for table in (TOKENS, CERTIFICATES):
                connection.execute(delete(table).where(table.c.member_id == member_id))
            self._note(connection, "member-revoked", member_id, {})

    def members(self) -> list[Listed]:
        """Everybody, for the operator."""
        with reading(self.engine).begin() as connection:
            rows = connection.execute(select(MEMBERS).order_by(MEMBERS.c.created_s, MEMBERS.c.member_id)).all()
        return [Listed(r.member_id, r.name, Role(r.role), r.created_s, r.revoked_s) for r in rows]

    def rotate_token(self, member_id: str, lookup: str | None, grace_s: int = 3600) -> Token:
        """A further token; the old one, if one is named, ends after the grace.

        Raises      MissingData when there is no such member.
        """
        token = fresh_token(PREFIX)
        with self.engine.begin() as connection:
            self._check(connection, member_id)
            if lookup is not None:
                ends = int(time.time()) + grace_s
                mine = (TOKENS.c.lookup == lookup) & (TOKENS.c.member_id == member_id)
                sooner = TOKENS.c.expires_s.is_(None) | (TOKENS.c.expires_s > ends)
                connection.execute(update(TOKENS).where(mine, sooner).values(expires_s=ends))
            _store_token(connection, member_id, token)
            self._note(connection, "token-rotated", member_id, {"lookup": token.lookup})
        return token

    def revoke_token(self, lookup: str) -> None:
        """End one token at once.

        Raises      MissingData when there is no such token.
        """
        with self.engine.begin() as connection:
            gone = delete(TOKENS).where(TOKENS.c.lookup == lookup).returning(TOKENS.c.member_id)
            member_id = connection.execute(gone).scalar()
            if member_id is None:
                message = f"no such token: {lookup}"
                raise MissingData(message)
            self._note(connection, "token-revoked", member_id, {"lookup": lookup})

    def trust_certificate(self, member_id: str, fingerprint: str) -> None:
        """Let a member log in with a client certificate.

        fingerprint     SHA-256 of the certificate, hexadecimal, with or without colons.
        Raises          InvalidInput for another shape; MissingData when there is no such member.
        """
        plain = fingerprint.replace(":", "").lower()
        if not _FINGERPRINT.fullmatch(plain):
            message = f"a fingerprint must be 64 hexadecimal digits, got {len(plain)} characters"
            raise InvalidInput(message)
        with self.engine.begin() as connection:
            self._check(connection, member_id)
            connection.execute(delete(CERTIFICATES).where(CERTIFICATES.c.fingerprint == plain))
            connection.execute(insert(CERTIFICATES).values(fingerprint=plain, member_id=member_id))
            self._note(connection, "certificate-trusted", member_id, {"fingerprint": plain})

    def _check(self, connection: Connection, member_id: str) -> None:
        there = select(MEMBERS.c.member_id).where(MEMBERS.c.member_id == member_id, MEMBERS.c.revoked_s.is_(None))
        if connection.execute(there).first() is None:
            message = f"no such member: {member_id}"
            raise MissingData(message)

    def _note(self, connection: Connection, kind: str, actor: str, document: dict[str, str]) -> None:
        advance(connection, ROSTER)
        self._on_event(kind, actor, document, connection)


def _store_token(connection: Connection, member_id: str, token: Token) -> None:
    row = {"lookup": token.lookup, "member_id": member_id, "hashed": hash_secret(token), "created_s": int(time.time())}
    connection.execute(insert(TOKENS).values(row))
