"""Lets callers in by their tokens: in microseconds whom it knows, and without the database while that is gone.

The tokens that live are kept in memory as the last look at the database had them; a look comes every second beside the
calls. Of a token that was shown and verified its SHA-256 is remembered, together with the hash it was verified against:
while that hash stands in the table, verifying again could tell nothing new.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Final

from sqlalchemy import Engine

from stillwatch.act.gateways.tokens import tokens_shown
from stillwatch.service.access.issued import PREFIX, Issued, Scope, issued_tokens
from stillwatch.service.access.refused import Refused
from stillwatch.store.database import reading
from stillwatch.web.failures import Failures
from stillwatch.web.problem import Admits, Problem
from stillwatch.web.tokens import Token, matches, parse_token

__all__ = ["EVERY_S", "MOST_AGE_S", "Doorkeeper"]

EVERY_S: Final = 1.0
MOST_AGE_S: Final = 3600.0
"""How long tokens go on being admitted when the database cannot be read."""
_UNFOLLOWED_S: Final = 5.0
_PATIENCE_S: Final = 2.0
"""How long a call waits for a look: a database that neither answers nor fails must not hold up decisions."""
_AT_WORK: Final = 2
"""Hashes at work at a time: 19 MiB and some 20 ms each."""
_MOST_WAITING: Final = 64
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="stillwatch"'}


class Doorkeeper:
    """Knows the service's tokens.

    clock       Unix time, for tokens' ends.
    ticking     Seconds that only grow, for the age of what is known.

    refused     Calls that were not let in though they showed a token of the service, or what looks like one.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], float] = time.time,
        ticking: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = reading(engine)
        self._clock, self._ticking = clock, ticking
        self.refused = Refused(ticking)
        self._gone: dict[str, str] = {}
        self._live: dict[str, tuple[Issued, float]] = {}
        self._tried = self._seen = float("-inf")
        self._is_blind = True
        self._remembered: dict[bytes, tuple[str, str]] = {}
        self._failures = Failures(clock=ticking)
        self._refreshing = threading.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._checking: dict[tuple[bytes, str | None], asyncio.Future[bool]] = {}
        self._hands = ThreadPoolExecutor(_AT_WORK, "stillwatch-tokens")

    async def admit(self, headers: Mapping[str, str], source: str, scope: Scope) -> str:
        """Name of the token that lets the call in.

        A gateway passes its clients' headers on, so that several tokens may be shown and any one that is valid counts.
        Those beside it count as nothing, and a text that is no token of the service is never verified.

        headers     Names in lower case.
        source      Address that the call came from.
        Raises      Problem 401 without a valid token; 403 with one for other things; 429 after too many wrong ones from
                    this source; 503 when it cannot be said because the database is gone.
        """
        if self._ticking() - self._tried > _UNFOLLOWED_S and not self._refreshing.locked():
            await self._look()
        right: list[Issued] = []
        strange: list[tuple[bytes, str]] = []
        for text in tokens_shown(headers):
            digest = _digest(text)
            row = self._row(*self._remembered.get(digest, ("", "")))
            if row is None:
                strange.append((digest, text))
            elif scope in row.scopes:
                return row.name
            else:
                right.append(row)
        return await self._admit_strange(strange, right, source, scope)

    def door(self, scope: Scope) -> Admits:
        """The same for one scope, as endpoints take it."""

        async def admits(headers: Mapping[str, str], source: str) -> None:
            await self.admit(headers, source, scope)

        return admits

    def refresh(self) -> None:
        """Look at the database. It raises nothing: what could not be read shows in `age_s`."""
        with self._refreshing:
            self._tried = at = self._ticking()
            try:
                with self._engine.begin() as connection:
                    rows = issued_tokens(connection)
            except Exception:  # noqa: BLE001 - also a row that cannot be read
                self._is_blind = True
                return
            living = {row.lookup for row in rows}
            self._gone |= {lookup: row.name for lookup, (row, _) in self._live.items() if lookup not in living}
            never = float("inf")
            self._live = {row.lookup: (row, row.expires_at.timestamp() if row.expires_at else never) for row in rows}
            self._seen, self._is_blind = at, False

    def follow(self, stop: threading.Event, every_s: float = EVERY_S) -> None:
        """Look again and again until told to stop: the body of a thread."""
        while not stop.is_set():
            self.refresh()
            stop.wait(every_s)

    @property
    def age_s(self) -> float:
        """Seconds since the database was read; infinite before it was."""
        return self._ticking() - self._seen

    @property
    def n_tokens(self) -> int:
        """Tokens that lived when the database was read last."""
        return len(self._live)

    def close(self) -> None:
        """Let the threads go."""
        self._hands.shutdown(cancel_futures=True)

    def _row(self, lookup: str, hashed: str | None = None) -> Issued | None:
        """Token that lives, as the last look had it; None also when it has another hash by now."""
        row, ends = self._live.get(lookup, (None, 0.0))
        if row is None or ends <= self._clock() or self.age_s > MOST_AGE_S:
            return None
        return row if hashed is None or row.hashed == hashed else None

    async def _admit_strange(
        self, strange: list[tuple[bytes, str]], right: list[Issued], source: str, scope: Scope
    ) -> str:
        """Admit by what is not remembered; what is wrong is counted, and told, when nothing is right."""
        wrong: list[str] = []
        shown: list[str] = []
        unchecked: Problem | None = None
        for digest, text in strange:
            token = parse_token(text, PREFIX)
            if token is None:
                continue
            shown.append(token.lookup)
            try:
                row = await self._verified(digest, token, source)
            except Problem as problem:
                unchecked = problem
                continue
            if row is None:
                wrong.append(token.lookup)
            elif scope in row.scopes:
                return row.name
            else:
                right.append(row)
        if right:
            self.refused.note(f"the token {right[0].name}, which is not for {scope.value}")
            raise Problem(HTTPStatus.FORBIDDEN, f"the token is not for {scope.value}")
        for lookup in wrong:
            self._failures.count(source, self._counted_as(lookup))
        for lookup in () if self._is_blind else shown:
            self.refused.note(self._why(lookup))
        if unchecked is not None:
            raise unchecked
        raise Problem(HTTPStatus.UNAUTHORIZED, "a valid token is needed", _CHALLENGE)

    def _why(self, lookup: str) -> str:
        """What a token is that does not let in."""
        row, ends = self._live.get(lookup, (None, 0.0))
        if row is not None and ends > self._clock():
            return f"one that begins as the token {row.name} does and goes on otherwise"
        name = self._gone.get(lookup) if row is None else row.name
        return "a token that nobody was given" if name is None else f"the token {name}, which has ended"

    async def _verified(self, digest: bytes, token: Token, source: str) -> Issued | None:
        """The token's row; None when there is none or the secret is another, after the same work."""
        self._failures.check(source, self._counted_as(token.lookup))
        has_looked = self._row(token.lookup) is not None or await self._look()
        row = self._row(token.lookup)
        if row is None and (self._is_blind or not has_looked):
            later = {"Retry-After": "1"}
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "tokens cannot be checked at the moment", later)
        is_right = await self._matches(digest, token, None if row is None else row.hashed)
        if row is None or not is_right:
            return None
        kept = {known: of for known, of in self._remembered.items() if self._row(*of) is not None}
        self._remembered = kept | {digest: (row.lookup, row.hashed)}
        return row

    def _counted_as(self, lookup: str) -> str:
        """Guesses at one token are counted apart, so that other guesses from its source do not lock it out."""
        return lookup if lookup in self._live else ""

    async def _matches(self, digest: bytes, token: Token, hashed: str | None) -> bool:
        """Whether the secret is the one of the hash; of calls with one token that come together one is verified."""
        key = digest, hashed
        checking = self._checking.get(key)
        if checking is None:
            if len(self._checking) >= _MOST_WAITING:
                raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many tokens wait to be checked", {"Retry-After": "1"})
            checking = asyncio.get_running_loop().run_in_executor(self._hands, matches, token, hashed)
            self._checking[key] = checking
            checking.add_done_callback(lambda _: self._checking.pop(key, None))
        return await asyncio.shield(checking)

    async def _look(self) -> bool:
        """Look at the database now; of calls that want it together one does. Whether it answered in time, or failed."""
        if self._looking is None:
            self._looking = asyncio.create_task(asyncio.to_thread(self.refresh))
            self._looking.add_done_callback(lambda _: setattr(self, "_looking", None))
        done, _ = await asyncio.wait([self._looking], timeout=_PATIENCE_S)
        return bool(done)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
