"""Quotas: how much one member may ask for and publish in a window of time."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy import text as sql

from stillwatch.share.access.tables import USAGE
from stillwatch.store.database import reading
from stillwatch.web.problem import Problem

__all__ = ["Limits", "Quotas"]

_CHARGE = sql(
    "INSERT INTO forum_usage (member_id, start_s, objects, size_bytes) VALUES (:member_id, :start_s, :n, :size) "
    "ON CONFLICT (member_id, start_s) DO UPDATE SET objects = forum_usage.objects + excluded.objects, "
    "size_bytes = forum_usage.size_bytes + excluded.size_bytes RETURNING objects, size_bytes"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a member may do in one window.

    requests    Requests; counted by each process of the forum for itself.
    objects, size_bytes     What is published; counted in the database, so over all processes and restarts.
    streams     Feeds open at a time.
    """

    requests: int = 3_000
    objects: int = 20_000
    size_bytes: int = 256 << 20
    window_s: int = 60
    streams: int = 4


class Quotas:
    """Counts of the current window."""

    def __init__(self, engine: Engine, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self.limits = limits
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._start = 0
        self._requests: dict[str, int] = {}

    def request(self, member_id: str) -> None:
        """Count a request.

        Raises      Problem 429 when there were too many.
        """
        with self._lock:
            start = self._window()
            if start != self._start:
                self._start, self._requests = start, {}
            n = self._requests[member_id] = self._requests.get(member_id, 0) + 1
        if n > self.limits.requests:
            wrong = self._spent("requests", self.limits.requests)
            raise wrong

    def publish(self, connection: Connection, member_id: str, n: int, size_bytes: int) -> None:
        """Count objects and bytes in the transaction that stores them.

        Raises      Problem 429 when it would be too many; the transaction must end then.
        """
        start = self._window()
        row = {"member_id": member_id, "start_s": start, "n": n, "size": size_bytes}
        objects, size = connection.execute(_CHARGE, row).one()
        if objects > self.limits.objects:
            wrong = self._spent("objects", self.limits.objects)
            raise wrong
        if size > self.limits.size_bytes:
            wrong = self._spent("bytes", self.limits.size_bytes)
            raise wrong

    def prune(self, connection: Connection) -> None:
        """Drop the counts of windows that are over."""
        connection.execute(delete(USAGE).where(USAGE.c.start_s < self._window()))

    def used(self, member_id: str) -> dict[str, int]:
        """What a member has used of the current window."""
        start = self._window()
        mine = select(USAGE).where(USAGE.c.member_id == member_id, USAGE.c.start_s == start)
        with reading(self._engine).begin() as connection:
            row = connection.execute(mine).first()
        requests = self._requests.get(member_id, 0) if self._start == start else 0
        return {
            "requests": requests,
            "objects": row.objects if row else 0,
            "size_bytes": row.size_bytes if row else 0,
        }

    def _window(self) -> int:
        return int(self._clock()) // self.limits.window_s * self.limits.window_s

    def _spent(self, what: str, limit: int) -> Problem:
        wait = max(1, math.ceil(self._window() + self.limits.window_s - self._clock()))
        message = f"too many {what}: {limit} are allowed in {self.limits.window_s} s"
        return Problem(HTTPStatus.TOO_MANY_REQUESTS, message, {"Retry-After": str(wait)})
