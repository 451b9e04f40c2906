"""One object that answers who asks, what they see and what they have left."""

import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from sqlalchemy import Engine

from stillwatch.share.access.collections import Collection, Collections
from stillwatch.share.access.credentials import Proxies, credentials_of
from stillwatch.share.access.login import Login, Member
from stillwatch.share.access.mark import Mark
from stillwatch.share.access.quotas import Limits, Quotas
from stillwatch.web.problem import Problem

__all__ = ["Access"]

_UNNOTICED_S: Final = 0.05
"""For how long a request may be served by a roster that another process has changed."""


class Access:
    """Who may do what, as the roster has it at this moment."""

    def __init__(self, engine: Engine, limits: Limits | None = None, proxies: Proxies | None = None) -> None:
        self.quotas = Quotas(engine, limits or Limits())
        self._mark = Mark(engine, _UNNOTICED_S)
        self.login = Login(engine, mark=self._mark)
        self._proxies = proxies or Proxies()
        self._collections = Collections(engine)
        self._lock = threading.Lock()
        self._version = -1
        self._seen: dict[str, dict[str, Collection]] = {}

    def member(self, scope: Mapping[str, Any], headers: Mapping[str, str]) -> Member:
        """Who asks; the request is counted.

        Raises      Problem 401 or 429.
        """
        source = (scope.get("client") or ("", 0))[0]
        member = self.login(credentials_of(scope, headers, self._proxies), source)
        self.quotas.request(member.member_id)
        return member

    def collections(self, member: Member, *, fresh: bool = False) -> dict[str, Collection]:
        """What a member may read or write, by id.

        fresh   As of now, not of a moment ago.
        """
        version = self._mark(fresh=fresh)
        with self._lock:
            if version != self._version:
                self._version, self._seen = version, {}
            known = self._seen.get(member.member_id)
        if known is None:
            known = self._collections.seen_by(member.member_id)
            with self._lock:
                if version == self._version:
                    self._seen[member.member_id] = known
        return known

    def collection(self, member: Member, name: str) -> Collection:
        """Collection by id or alias.

        Raises      Problem 404, the same for one that does not exist and one that is not for this member.
        """
        seen = self.collections(member)
        if name in seen:
            return seen[name]
        for collection in seen.values():
            if collection.alias == name:
                return collection
        raise Problem(HTTPStatus.NOT_FOUND, "no such collection, or it is not for you")
