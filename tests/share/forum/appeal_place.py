"""A forum with its ledger and appeals on loopback, three members at it, and an indicator of the first."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from tests.share import made
from tests.share.hub import PLENTY, started

from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.appeals.tables import APPEAL_TABLES
from stillwatch.share.forum.app import Settings, forum_app
from stillwatch.share.forum.appeals import WITHIN, Appeals
from stillwatch.share.forum.appeals_api import appeal_routes
from stillwatch.share.forum.burials import with_tombstones
from stillwatch.share.forum.recording import ledger_events
from stillwatch.share.forum.server import forum_server
from stillwatch.share.guard.check import check
from stillwatch.share.guard.table import schema_hash
from stillwatch.share.life.tombstones import TOMBSTONE_TABLES
from stillwatch.share.node.appeals import AppealDesk
from stillwatch.share.node.post import Post
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.stix.ids import time_text
from stillwatch.share.stix.write import indicator_bundle
from stillwatch.share.taxii.client import Outcome, Taxii
from stillwatch.share.taxii.store import Store
from stillwatch.share.trust.places import PLACE_TABLES, read_on_in
from stillwatch.share.trust.records import RECORD_TABLES
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database
from stillwatch.web.listen import Listen

__all__ = ["Place", "answer_of", "appeal_of", "serving_appeals"]


class Place:
    """The forum; members `a`, `b` and `c` may read and write the campaigns, an auditor may read them."""

    def __init__(self, folder: Path, within: timedelta) -> None:
        self.folder, self.key = folder, _key(folder)
        on_event = with_tombstones(ledger_events(self.key, read_on_in))
        self.store = Store(folder / "forum.db", on_event)
        for tables in (LEDGER_TABLES, APPEAL_TABLES, TOMBSTONE_TABLES, RECORD_TABLES, PLACE_TABLES):
            tables.create_all(self.store.engine)
        self.access = Access(self.store.engine, PLENTY)
        self.roster = Roster(self.store.engine, on_event)
        self.collections = Collections(self.store.engine, on_event)
        self.appeals = Appeals(self.store, self.key, within)
        routes = appeal_routes(self.access, self.appeals, check)
        settings = Settings(routes=routes, on_event=on_event, chores=[self.appeals.settle], chores_s=0.05)
        self.app = forum_app(self.store, self.access, check, settings)
        self.url = ""
        self.ids: dict[str, str] = {}
        self.tokens: dict[str, str] = {}

    def settle_in(self) -> None:
        """Make collection and members."""
        self.campaigns = self.collections.add("Campaigns", alias="campaigns")
        for name, role in (("a", Role.MEMBER), ("b", Role.MEMBER), ("c", Role.MEMBER), ("auditor", Role.AUDITOR)):
            self.join(name, "campaigns", role)

    def join(self, name: str, collection: str, role: Role = Role.MEMBER) -> None:
        """Add a member that may read and write a collection."""
        self.ids[name], token = self.roster.add_member(name, role)
        self.tokens[name] = token.text
        self.collections.grant(self.ids[name], collection, read=True, write=role is Role.MEMBER)

    def publish(self, name: str, *objects: dict[str, Any], collection: str = "campaigns") -> Outcome:
        """Publish as a member."""
        taxii = Taxii(f"{self.url}/taxii2/", self.tokens[name])
        try:
            return taxii.publish(collection, objects)
        finally:
            taxii.close()

    def tell(self, name: str = "a", **changes: Any) -> tuple[str, list[dict[str, Any]]]:
        """Have a member publish an indicator; its id and its objects."""
        indicator = made.indicator(indicator_id=str(uuid.uuid4()), **changes)
        objects = indicator_bundle(indicator, self.ids[name])["objects"]
        assert self.publish(name, *objects).refused == {}
        return indicator.indicator_id, objects

    @contextmanager
    def desk(self, name: str) -> Iterator[AppealDesk]:
        """A member's desk, with its own database."""
        engine = open_database(self.folder / f"{name}.db", NODE_TABLES)
        try:
            yield AppealDesk(Post(self.url, self.tokens[name]), engine)
        finally:
            engine.dispose()

    def client(self, name: str | None) -> httpx.Client:
        """Plain client of a member."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20.0)


def appeal_of(indicator_id: str, **changes: Any) -> dict[str, Any]:
    """Message that files an appeal."""
    told = {"type": "appeal", "indicator_ref": f"indicator--{indicator_id}", "grounds": "stale"}
    return _common() | told | changes


def answer_of(alias: str, answer: str, **changes: Any) -> dict[str, Any]:
    """Message with a holder's word."""
    return _common() | {"type": "appeal-answer", "appeal": alias, "answer": answer} | changes


def _common() -> dict[str, Any]:
    now = datetime.now(UTC).replace(microsecond=0)
    return {"schema": schema_hash(), "id": str(uuid.uuid4()), "created": time_text(now)}


def _key(folder: Path) -> SigningKey:
    path = folder / "forum.key"
    if not path.exists():
        SigningKey.generate().save(path)
    return SigningKey.load(path)


@contextmanager
def serving_appeals(folder: Path, within: timedelta = WITHIN, known: Place | None = None) -> Iterator[Place]:
    """A forum that answers; `known` is one that was served from this folder before."""
    place = Place(folder, within)
    if known is None:
        place.settle_in()
    else:
        place.ids, place.tokens, place.campaigns = known.ids, known.tokens, known.campaigns
    try:
        with started(forum_server(place.app, Listen("127.0.0.1", 0))) as port:
            place.url = f"http://127.0.0.1:{port}"
            yield place
    finally:
        place.store.close()
