"""A forum as `stillwatch forum` runs it, on loopback, and members whose nodes work without evaluators."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
from tests.share.hub import PLENTY, started

from stillwatch.ledger.export import export, lines_of
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.login import Member
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.answers.check import Memory
from stillwatch.share.drills.tables import DRILL_TABLES
from stillwatch.share.feed.stream import Pace
from stillwatch.share.forum.app import Settings, forum_app
from stillwatch.share.forum.ledger_api import ledger_routes
from stillwatch.share.forum.member_keys import MEMBER_KEY_TABLES, add_key, verify_keys_of
from stillwatch.share.forum.recording import ledger_events
from stillwatch.share.forum.removals import removal_routes
from stillwatch.share.forum.rules import rule_routes
from stillwatch.share.forum.server import forum_server
from stillwatch.share.guard.check import check
from stillwatch.share.node.node import Node
from stillwatch.share.node.service import Service
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.rules.incoming import read_message
from stillwatch.share.taxii.client import Taxii
from stillwatch.share.taxii.store import Store
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database
from stillwatch.web.listen import Listen

__all__ = ["Exchange", "eventually", "exchange", "nothing_remembered"]


class Exchange:
    """Store, roster and ledger of a forum; its address while it is served."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = SigningKey.generate()
        self.on_event = ledger_events(self.key)
        self.store = Store(folder / "forum.db", self.on_event)
        for tables in (LEDGER_TABLES, MEMBER_KEY_TABLES, DRILL_TABLES):
            tables.create_all(self.store.engine)
        self.access = Access(self.store.engine, PLENTY)
        self.roster = Roster(self.store.engine, self.on_event)
        self.collections = Collections(self.store.engine, self.on_event)
        self.campaigns = self.collections.add("Campaigns", alias="campaigns")
        self.url = ""
        self._open = contextlib.ExitStack()

    def app(self) -> Any:
        """The forum's application, with every endpoint that these tests ask."""
        routes = [
            *ledger_routes(self.store.engine, self.access, self.key),
            *rule_routes(self.store, self.access, read_message),
            *removal_routes(self.store, self.access, self.on_event),
        ]
        settings = Settings(routes=routes, on_event=self.on_event, pace=Pace(heartbeat_s=0.5, stall_s=5.0))
        return forum_app(self.store, self.access, lambda item: check(item, now=datetime.now(UTC)), settings)

    def member(self, *, read: bool = True, write: bool = True) -> Service:
        """A new member's node, its key published."""
        member_id, token = self.roster.add_member("somebody")
        self.collections.grant(member_id, self.campaigns, read=read, write=write)
        key, engine = SigningKey.generate(), open_database(self.folder / f"{member_id}.db", NODE_TABLES)
        self._open.callback(engine.dispose)
        add_key(self.store.engine, Member(member_id, Role.MEMBER), key.verify_key, self.on_event)
        node = Node(member_id, engine, key, lambda other: verify_keys_of(self.store.engine, other))
        taxii = Taxii(f"{self.url}/taxii2/", token.text)
        self._open.callback(taxii.close)
        settings = NodeSettings(self.url, "campaigns", self.folder, self.folder, self.folder, cast("Any", ()))
        return Service(
            settings, node, cast("Any", SimpleNamespace(acts={})), cast("Any", None), taxii, token.text, 0, 7, 0
        )

    def post(self, member: Service, path: str, body: bytes) -> httpx.Response:
        """Send bytes in the name of a member."""
        headers = {"Authorization": f"Bearer {member.token}"}
        return httpx.post(f"{self.url}{path}", content=body, headers=headers, timeout=20.0)

    def entries(self) -> list[dict[str, Any]]:
        """Entries of the ledger."""
        with self.store.engine.begin() as connection:
            export(connection, self.folder / "ledger.jsonl")
        return [told for _, told in lines_of(self.folder / "ledger.jsonl") if "head" not in told]

    @contextlib.contextmanager
    def watching(self, member: Service, memory: Memory | None = None) -> Iterator[list[Any]]:
        """Let a node follow the feed on a thread; what it checked so far."""
        checked: list[Any] = []
        ready, ends = threading.Event(), list[Callable[[], object]]()

        async def run() -> None:
            watching = asyncio.create_task(member.watch(memory or nothing_remembered(), checked.append))
            loop = asyncio.get_running_loop()
            ends.append(lambda: loop.call_soon_threadsafe(watching.cancel))
            ready.set()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        try:
            assert ready.wait(10)
            yield checked
        finally:
            with contextlib.suppress(RuntimeError):  # it ended by itself, and pytest tells why
                ends[0]()
            thread.join(30)
            assert not thread.is_alive()

    def close(self) -> None:
        """Let go of everything."""
        self._open.close()
        self.store.close()


@contextlib.contextmanager
def exchange(folder: Path) -> Iterator[Exchange]:
    """A forum that answers."""
    made = Exchange(folder)
    try:
        with started(forum_server(made.app(), Listen("127.0.0.1", 0))) as port:
            made.url = f"http://127.0.0.1:{port}"
            yield made
    finally:
        made.close()


def nothing_remembered() -> Memory:
    """For nodes that are not asked about indicators."""
    return cast("Memory", SimpleNamespace(index=SimpleNamespace(epoch=-1, coverage={}, days=1), innocents=None))


def eventually(holds: Callable[[], bool], within_s: float = 120.0) -> None:
    """Wait for something that another thread does."""
    waited = threading.Event()
    for _ in range(int(within_s / 0.02)):
        if holds():
            return
        waited.wait(0.02)
    message = "it did not come to pass"
    raise AssertionError(message)
