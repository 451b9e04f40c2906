"""A forum with ledger and trust on loopback, and nodes that talk to it; tags come from a function of the tests."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
from sqlalchemy import Engine
from tests.share.hub import PLENTY, started

from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.model.indicator import SignalKind
from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.quotas import Limits
from stillwatch.share.access.roster import Roster
from stillwatch.share.answers.check import Memory
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.share.feed.stream import Pace
from stillwatch.share.forum.app import Settings, forum_app
from stillwatch.share.forum.ledger_api import ledger_routes
from stillwatch.share.forum.member_keys import MEMBER_KEY_TABLES, key_routes
from stillwatch.share.forum.own import own_routes
from stillwatch.share.forum.recording import ledger_events
from stillwatch.share.forum.server import forum_server
from stillwatch.share.forum.trust_api import make_trust_tables, trust_routes
from stillwatch.share.guard.check import check
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.matches import match_salt
from stillwatch.share.node.memory import memory_of
from stillwatch.share.node.node import Checked, Node
from stillwatch.share.node.post import Post
from stillwatch.share.node.service import Service
from stillwatch.share.node.settings import EvaluatorAt, NodeSettings
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.tags.block import TagBlock
from stillwatch.share.tags.canonical import tag_input
from stillwatch.share.tags.epochs import epoch_of
from stillwatch.share.taxii.client import Taxii
from stillwatch.share.taxii.store import Store
from stillwatch.share.trust.audits import audit
from stillwatch.share.trust.places import read_on, read_on_in
from stillwatch.share.trust.posterior import Audited, AuditOutcome
from stillwatch.share.trust.records import record_audit
from stillwatch.share.warnings.lists import load_warning_lists
from stillwatch.signing.keys import Keys, SigningKey, VerifyKey, keys_of
from stillwatch.store.database import open_database
from stillwatch.web.listen import Listen

__all__ = ["Exchange", "House", "exchanging"]

EPOCH_DAYS = 7


class _Pair:
    """Both evaluators at once: equal tags for equal values, as theirs are."""

    def block(self, kind: SignalKind, values: Sequence[str], _purpose: object, epoch: int) -> TagBlock:
        outputs = [hashlib.sha512(b"key" + tag_input(kind, epoch, value)).digest() for value in values]
        return TagBlock.of_outputs(kind, epoch, outputs)


class Exchange:
    """A forum, its roster and its operator's hands."""

    def __init__(self, path: Path, limits: Limits = PLENTY) -> None:
        self.key = SigningKey.generate()
        self.on_event = ledger_events(self.key, read_on_in)
        self.store = Store(path, self.on_event)
        for tables in (LEDGER_TABLES, MEMBER_KEY_TABLES):
            tables.create_all(self.store.engine)
        make_trust_tables(self.store.engine)
        self.access = Access(self.store.engine, limits)
        self.roster = Roster(self.store.engine, self.on_event)
        self.collections = Collections(self.store.engine, self.on_event)
        self.campaigns = self.collections.add("Campaigns", alias="campaigns")
        guard = lambda item: check(item, now=datetime.now(UTC))  # noqa: E731 - as the forum's process has it
        engine = self.store.engine
        routes = [
            *ledger_routes(engine, self.access, self.key),
            *key_routes(engine, self.access, self.on_event),
            *own_routes(self.access, self.roster),
            *trust_routes(engine, self.access, self.key, guard),
        ]
        settings = Settings(routes=routes, on_event=self.on_event, pace=Pace(heartbeat_s=0.5, stall_s=5.0))
        self.app = forum_app(self.store, self.access, guard, settings)
        self.url = ""

    @property
    def engine(self) -> Engine:
        """The forum's database."""
        return self.store.engine

    def member(self, *, read: bool = True) -> tuple[str, str]:
        """Pseudonym and token of a new member."""
        member_id, token = self.roster.add_member("somebody")
        self.collections.grant(member_id, self.campaigns, read=read, write=True)
        return member_id, token.text

    def get(self, token: str, path: str) -> httpx.Response:
        """Ask the forum."""
        return httpx.get(self.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=20.0)

    def post(self, token: str, path: str, body: bytes) -> httpx.Response:
        """Send something to the forum."""
        return httpx.post(self.url + path, headers={"Authorization": f"Bearer {token}"}, content=body, timeout=20.0)

    def audited(self, member_id: str, n: int, outcome: AuditOutcome = AuditOutcome.CONFIRMED) -> None:
        """A record of that many audited operations for a member, all of its kinds of signals."""
        with self.engine.begin() as connection:
            for i in range(n):
                for kind in SignalKind:
                    record_audit(
                        connection, Audited(f"{member_id[:8]}-{i}", member_id, kind, f"{i}", outcome, datetime.now(UTC))
                    )

    def audit(self, indicator_id: str, outcome: AuditOutcome, kinds: Sequence[SignalKind] = ()) -> None:
        """What `stillwatch forum audit` does."""
        read_on(self.engine)
        with self.engine.begin() as connection:
            told = audit(connection, indicator_id, outcome, kinds, datetime.now(UTC))
            self.on_event("audit", "operator", told, connection)


@dataclass
class House:
    """A member with its node."""

    exchange: Exchange
    member_id: str
    token: str
    service: Service
    memory: Memory
    places: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, exchange: Exchange, index: LocalIndex, folder: Path) -> "House":
        """A node of a new member with that index."""
        member_id, token = exchange.member()
        folder.mkdir(parents=True)
        unused = EvaluatorAt("north", "http://127.0.0.1:9", folder / "none", folder / "none")
        settings = NodeSettings(exchange.url, "campaigns", folder / "forum.token", folder, folder, (unused, unused))
        key = SigningKey.generate()
        key.save(folder / "node.key")
        (folder / "forum.token").write_text(token)
        exchange.post(token, "/member/key/", orjson.dumps(key.verify_key.jwk()))
        post = Post(exchange.url, token)

        def keys_at(of: str) -> Keys:
            told = post.find(f"/keys/{of}") or {"keys": []}
            return keys_of(VerifyKey.of(jwk) for jwk in told["keys"])

        engine, salt = open_database(folder / "node.db", NODE_TABLES), match_salt(folder, make=True)
        node = Node(member_id, engine, key, keys_at, salt)
        epoch = epoch_of(datetime.now(UTC), EPOCH_DAYS)
        pair: Any = _Pair()
        taxii = Taxii(f"{exchange.url}/taxii2/", token)
        service = Service(settings, node, index, pair, taxii, token, epoch, EPOCH_DAYS, 0)
        tagged = service.tagged(Purpose.CHECK)
        return cls(exchange, member_id, token, service, memory_of(index, tagged, epoch, load_warning_lists()))

    def commit(self) -> None:
        """What a node does first."""
        assert self.service.has_committed()

    def publish(self) -> str:
        """Publish the member's one harvest; the indicator's id."""
        (name,) = (name for name, act in self.service.index.acts.items() if act["verdict"] == "harvest")
        identifier, outcome = self.service.publish(name)
        assert outcome.refused == {}
        return identifier

    def read(self) -> list[Checked]:
        """Take everything that the feed has, as the feed would bring it; what was checked."""
        records, _ = self.exchange.store.after(0, [self.exchange.campaigns], limit=10_000)
        found = []
        for record in records:
            place = f"{record.sequence}"
            if place in self.places or record.document is None:
                continue
            self.places.append(place)
            now = datetime.now(UTC)
            found.append(self.service.node.take(orjson.loads(record.document), record.origin, place, self.memory, now))
        self.service.answer()
        return [one for one in found if one is not None]

    def close(self) -> None:
        """Let go of database and connection."""
        self.service.taxii.close()
        self.service.node.engine.dispose()


@contextmanager
def exchanging(path: Path, limits: Limits = PLENTY) -> Iterator[Exchange]:
    """An exchange that answers on loopback."""
    exchange = Exchange(path, limits)
    try:
        with started(forum_server(exchange.app, Listen("127.0.0.1", 0))) as port:
            exchange.url = f"http://127.0.0.1:{port}"
            yield exchange
    finally:
        exchange.store.close()
