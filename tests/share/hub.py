"""A forum on loopback for tests: its server on a thread, members with tokens, objects to publish."""

import base64
import socket
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.quotas import Limits
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.access.tables import COLLECTIONS
from stillwatch.share.feed.stream import Pace
from stillwatch.share.forum.app import Settings, forum_app
from stillwatch.share.forum.server import forum_server
from stillwatch.share.taxii.admission import Refusal
from stillwatch.share.taxii.media import TAXII_TYPE
from stillwatch.share.taxii.store import Store
from stillwatch.web.listen import Listen
from stillwatch.web.server import EndingServer, Tls

__all__ = ["Hub", "Planted", "admit", "basic", "basic_header", "indicator", "publish", "serving", "started"]

PLENTY = Limits(requests=10**6, objects=10**6, size_bytes=1 << 40)


@dataclass(frozen=True)
class Planted:
    """A refusal of the guard that stands in for the real one."""

    path: str = "/name"
    rule: str = "never"
    explanation: str = "may not cross"


def admit(item: dict[str, Any]) -> Sequence[Refusal]:
    """Let everything pass but what is named so that it must not."""
    return [Planted()] if item.get("name") == "forbidden" else []


def indicator(n: int, day: int = 1, **more: Any) -> dict[str, Any]:
    """Indicator of that number, as it was modified on that day."""
    when = f"2026-01-{day:02}T00:00:00.000Z"
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.UUID(int=n, version=4)}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": when,
        "valid_from": when,
        "pattern": "[x:y = 1]",
        "pattern_type": "stix",
    } | more


class Hub:
    """A forum's store, its roster and, while it is served, its address."""

    def __init__(self, url: str | Path, limits: Limits = PLENTY, **settings: Any) -> None:
        self.store = Store(url)
        self.access = Access(self.store.engine, limits)
        self.roster = Roster(self.store.engine)
        self.collections = Collections(self.store.engine)
        guard = settings.pop("guard", admit)
        self.app = forum_app(self.store, self.access, guard, Settings(**settings))
        with self.store.engine.begin() as connection:
            there = connection.execute(select(COLLECTIONS.c.collection_id)).scalar()
        self.campaigns = there or self.collections.add("Campaigns", alias="campaigns")
        self.url = ""

    def member(self, *, read: bool = True, write: bool = True, role: Role = Role.MEMBER) -> str:
        """Token of a new member with a grant for the campaigns."""
        member_id, token = self.roster.add_member("somebody", role)
        self.collections.grant(member_id, self.campaigns, read=read, write=write)
        return token.text

    def client(self, token: str | None) -> httpx.Client:
        """Client that speaks TAXII with a token."""
        headers = {"Accept": TAXII_TYPE} | ({"Authorization": f"Bearer {token}"} if token else {})
        return httpx.Client(base_url=self.url, headers=headers, timeout=20.0)

    @property
    def objects(self) -> str:
        """Path of the objects of the campaigns."""
        return f"/forum/collections/{self.campaigns}/objects/"


def publish(client: httpx.Client, path: str, *objects: Any) -> httpx.Response:
    """Publish objects."""
    return client.post(path, json={"objects": list(objects)}, headers={"Content-Type": TAXII_TYPE})


def basic(token: str) -> tuple[str, str]:
    """User and password of a token."""
    _, lookup, secret = token.split(".")
    return lookup, secret


def basic_header(token: str) -> str:
    """Header with them."""
    return "Basic " + base64.b64encode(":".join(basic(token)).encode()).decode()


@contextmanager
def started(server: EndingServer) -> Iterator[int]:
    """Run a server on a thread and a free port of loopback; gives the port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = int(listening.getsockname()[1])
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                thread.join(0.01)
                assert thread.is_alive()
            yield port
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@contextmanager
def serving(url: str | Path, tls: Tls | None = None, **settings: Any) -> Iterator[Hub]:
    """A hub that answers on loopback."""
    limits = settings.pop("limits", PLENTY)
    settings.setdefault("pace", Pace(heartbeat_s=0.5, stall_s=5.0))
    hub = Hub(url, limits, **settings)
    try:
        with started(forum_server(hub.app, Listen("127.0.0.1", 0), tls)) as port:
            hub.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
            yield hub
    finally:
        hub.store.close()
