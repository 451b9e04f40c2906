"""A forum with its mailbox on loopback, and members whose nodes have a few made-up addresses."""

import functools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
from sqlalchemy import Engine, select
from tests.share.hub import PLENTY, admit, started

from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.model.indicator import SignalKind
from stillwatch.model.search_index import INDEX_TABLES, SIGNAL
from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.roster import Roster
from stillwatch.share.forum.app import Settings, forum_app
from stillwatch.share.forum.ledger_api import ledger_routes
from stillwatch.share.forum.member_keys import MEMBER_KEY_TABLES, key_routes
from stillwatch.share.forum.recording import ledger_events
from stillwatch.share.forum.relay import relay_routes
from stillwatch.share.forum.sealing_keys import sealing_key_routes
from stillwatch.share.forum.server import forum_server
from stillwatch.share.node import service
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.node import Node
from stillwatch.share.node.search.asking import Question
from stillwatch.share.node.search.mailbox import Mailbox
from stillwatch.share.node.search.office import Moved, Office, listed, matched
from stillwatch.share.node.search.own import Own
from stillwatch.share.node.search.tables import SEARCHES
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.sealed.keys import SealingKey, publication
from stillwatch.share.taxii.store import Store
from stillwatch.share.warnings.lists import load_warning_lists
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database
from stillwatch.web.listen import Listen

__all__ = ["EPOCH", "Exchange", "Member", "addresses", "exchanging", "index_of"]

EPOCH = 2969
LISTS = load_warning_lists()


def addresses(first: int, last: int) -> list[str]:
    """Addresses of one public network."""
    return [f"41.7.0.{i}" for i in range(first, last)]


def index_of(values: Sequence[str], days: int = 14) -> LocalIndex:
    """Index of a window in which each address has an account."""
    n = len(values)
    columns = {
        "kind": ["address"] * n,
        "value": list(values),
        "account": np.arange(1, n + 1, dtype=np.uint64),
        "family": np.zeros(n, np.uint64),
    }
    empty = {name: schema.empty_table() for name, schema in INDEX_TABLES.items()}
    last = datetime(2026, 11, 27, tzinfo=UTC)
    return LocalIndex(
        pa.table(columns, schema=SIGNAL),
        np.empty(0, np.uint64),
        empty["families"],
        empty["streams"],
        {},
        np.empty(0, np.uint64),
        {SignalKind.ADDRESS: 0.97},
        last - timedelta(days=days),
        last,
        n,
    )


class Member:
    """A member with its node's folder: the node is opened anew for each step, as after a restart."""

    def __init__(self, forum: "Exchange", folder: Path, *, read: bool = True) -> None:
        folder.mkdir()
        self.forum, self.folder = forum, folder
        self.member_id, token = forum.roster.add_member(folder.name)
        forum.collections.grant(self.member_id, forum.campaigns, read=read, write=True)
        self.token = token.text
        self.signing, self.sealing = SigningKey.generate(), SealingKey.generate()
        self.index, self.epoch, self.index_ns = index_of(addresses(0, 60)), EPOCH, 1
        self.open_kinds = frozenset({SignalKind.ADDRESS})
        told = json.dumps(self.signing.verify_key.jwk()).encode()
        service._asked("POST", f"{forum.url}/member/key/", self.token, told)

    @contextmanager
    def office(self) -> Iterator[Office]:
        """The node's searches, opened."""
        engine = open_database(self.folder / "node.db", NODE_TABLES)
        keys_of = functools.partial(service._keys_at, self.forum.url, self.token)
        node = Node(self.member_id, engine, self.signing, keys_of)
        own = Own(node, self.sealing, self.index, self.index_ns, self.epoch, self.open_kinds, LISTS)
        try:
            http = httpx.Client(verify=False, timeout=60.0)  # noqa: S501 - certificates of the system take a while to read
            with Mailbox(self.forum.url, self.token, http) as post:
                post.publish_key(publication(self.sealing.public, self.member_id, self.signing, datetime.now(UTC)))
                yield Office(own, post)
        finally:
            engine.dispose()

    def ask(self, other: "Member | str", values: Sequence[str], days: int = 14) -> str:
        """Ask another member."""
        member_id = other if isinstance(other, str) else other.member_id
        with self.office() as office:
            return office.ask(member_id, Question(SignalKind.ADDRESS, values, days))

    def turn(self) -> list[Moved]:
        """Take what came, and send."""
        with self.office() as office:
            return office.turn()

    def approve(self, search: str, name: str) -> str:
        """Say yes."""
        with self.office() as office:
            return office.approve(search, name)

    def told(self, search: str) -> dict[str, Any]:
        """What the node lists of a search."""
        with self.office() as office:
            return listed(office.records.get(search))

    def found(self, search: str) -> list[str]:
        """Values that both have."""
        with self.office() as office:
            return matched(office.records.get(search))

    def row(self, search: str) -> Any:
        """Everything that the node's database has of a search."""
        with self.office() as office, office.records.engine.begin() as connection:
            return connection.execute(select(SEARCHES).where(SEARCHES.c.search_id == search)).one()

    def http(self) -> httpx.Client:
        """Client with the member's token, past the node."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.forum.url, headers=headers, timeout=20.0, verify=False)  # noqa: S501


class Exchange:
    """A forum, its ledger and its mailbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.signing = SigningKey.generate()
        on_event = ledger_events(self.signing)
        self.store = Store(folder / "forum.db", on_event)
        LEDGER_TABLES.create_all(self.engine)
        MEMBER_KEY_TABLES.create_all(self.engine)
        self.access = Access(self.engine, PLENTY)
        self.roster = Roster(self.engine, on_event)
        self.collections = Collections(self.engine, on_event)
        self.campaigns = self.collections.add("Campaigns", alias="campaigns")
        routes = [
            *ledger_routes(self.engine, self.access, self.signing),
            *key_routes(self.engine, self.access, on_event),
            *sealing_key_routes(self.engine, self.access, on_event),
            *relay_routes(self.engine, self.access, on_event),
        ]
        self.app = forum_app(self.store, self.access, admit, Settings(routes=routes, on_event=on_event))
        self.url = ""

    @property
    def engine(self) -> Engine:
        """The forum's database."""
        return self.store.engine

    def member(self, name: str, **how: Any) -> Member:
        """A new member."""
        return Member(self, self.folder / name, **how)


@contextmanager
def exchanging(folder: Path) -> Iterator[Exchange]:
    """A forum that answers."""
    found = Exchange(folder)
    try:
        with started(forum_server(found.app, Listen("127.0.0.1", 0))) as port:
            found.url = f"http://127.0.0.1:{port}"
            yield found
    finally:
        found.store.close()
