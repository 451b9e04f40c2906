"""Logging in: one hash a token at most, remembered for a while and forgotten when the roster changes."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from sqlalchemy import Connection, Engine, select

from stillwatch.share.access.credentials import Credentials
from stillwatch.share.access.mark import Mark
from stillwatch.share.access.roster import Role
from stillwatch.share.access.tables import CERTIFICATES, MEMBERS, TOKENS
from stillwatch.store.database import reading
from stillwatch.web.failures import Failures
from stillwatch.web.problem import Problem
from stillwatch.web.tokens import Token, matches

__all__ = ["Login", "Member"]

_REMEMBERED_S: Final = 300
_AT_WORK: Final = 2
"""Hashes at work at a time: 19 MiB each."""
_MOST: Final = 10_000
"""Logins that are remembered."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who is logged in.

    lookup, fingerprint     What was logged in with: token or certificate.
    """

    member_id: str
    role: Role
    lookup: str | None = None
    fingerprint: str | None = None


class Login:
    """Checks credentials."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time, mark: Mark | None = None) -> None:
        self._engine = engine
        self._mark = mark or Mark(engine)
        self._turns = threading.Semaphore(_AT_WORK)
        self._clock = clock
        self._lock = threading.Lock()
        self._version = -1
        self._known: OrderedDict[bytes, tuple[Member, float]] = OrderedDict()
        self._failures = Failures(clock=clock)

    def __call__(self, shown: Credentials, source: str) -> Member:
        """Member that the credentials belong to.

        source      Address the request came from.
        Raises      Problem 401 when they are nobody's, the same whatever is wrong with them and after the same work;
                    429 when too many from this source were wrong.
        """
        if shown.token is not None:
            member = self._by_token(shown.token, source)
        elif shown.fingerprint is not None:
            member = self._by_certificate(shown.fingerprint)
        else:
            member = None
            if shown.malformed:
                self._failures.count(source)
        if member is None:
            headers = {"WWW-Authenticate": 'Basic realm="stillwatch", Bearer realm="stillwatch"'}
            raise Problem(HTTPStatus.UNAUTHORIZED, "a valid token or client certificate is needed", headers)
        return member

    def renewed(self, member: Member) -> Member | None:
        """The same member as the roster has it now; None when what it logged in with has ended."""
        with reading(self._engine).begin() as connection:
            if member.lookup is not None:
                row = _token_row(connection, member.lookup)
                if row is None or (row.expires_s is not None and row.expires_s <= self._clock()):
                    return None
                return Member(row.member_id, Role(row.role), lookup=member.lookup)
        return None if member.fingerprint is None else self._by_certificate(member.fingerprint)

    def _by_token(self, token: Token, source: str) -> Member | None:
        key = hashlib.sha256(token.text.encode()).digest()
        known = self._remembered(key, self._mark())
        if known is None:
            self._failures.check(source)
            with self._turns:
                # While this one waited its turn, another request with the same token may have been let in.
                version = self._mark()
                known = self._remembered(key, version) or self._verified(token, key, version, source)
        return known

    def _verified(self, token: Token, key: bytes, version: int, source: str) -> Member | None:
        with reading(self._engine).begin() as connection:
            row = _token_row(connection, token.lookup)
        valid = matches(token, row.hashed if row else None)
        ends = float("inf") if row is None or row.expires_s is None else float(row.expires_s)
        if row is None or not valid or ends <= self._clock():
            self._failures.count(source)
            return None
        member = Member(row.member_id, Role(row.role), lookup=token.lookup)
        with self._lock:
            if self._version == version:
                self._known[key] = member, min(ends, self._clock() + _REMEMBERED_S)
                while len(self._known) > _MOST:
                    self._known.popitem(last=False)
        return member

    def _by_certificate(self, fingerprint: str) -> Member | None:
        row = (
            select(MEMBERS.c.member_id, MEMBERS.c.role)
            .join(CERTIFICATES, CERTIFICATES.c.member_id == MEMBERS.c.member_id)
            .where(CERTIFICATES.c.fingerprint == fingerprint, MEMBERS.c.revoked_s.is_(None))
        )
        with reading(self._engine).begin() as connection:
            found = connection.execute(row).first()
        return Member(found.member_id, Role(found.role), fingerprint=fingerprint) if found else None

    def _remembered(self, key: bytes, version: int) -> Member | None:
        with self._lock:
            if version != self._version:
                self._version = version
                self._known.clear()
            member, ends = self._known.get(key, (None, 0.0))
            return member if ends > self._clock() else None


class _TokenRow:
    member_id: str
    role: str
    hashed: str
    expires_s: int | None


def _token_row(connection: Connection, lookup: str) -> "_TokenRow | None":
    row = (
        select(TOKENS.c.member_id, TOKENS.c.hashed, TOKENS.c.expires_s, MEMBERS.c.role)
        .join(MEMBERS, MEMBERS.c.member_id == TOKENS.c.member_id)
        .where(TOKENS.c.lookup == lookup, MEMBERS.c.revoked_s.is_(None))
    )
    return connection.execute(row).first()  # type: ignore[return-value]
