"""A real forum on loopback with its guard, ledger and keys, and members' real nodes that follow its feed."""

import asyncio
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import orjson
import pyarrow as pa
from sqlalchemy import select
from tests.share import signals
from tests.share.hub import PLENTY, started
from tests.share.node.members import tagged

from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.model.indicator import Indicator, SightingAnswer, SignalKind
from stillwatch.model.search_index import ACT, INDEXED_FAMILY, INDEXED_STREAM, SIGNAL
from stillwatch.share.access.access import Access
from stillwatch.share.access.collections import Collections
from stillwatch.share.access.quotas import Limits
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.access.tables import COLLECTIONS
from stillwatch.share.answers.check import Memory
from stillwatch.share.feed.client import Event
from stillwatch.share.feed.stream import Pace
from stillwatch.share.forum.app import Settings, forum_app
from stillwatch.share.forum.ledger_api import ledger_routes
from stillwatch.share.forum.member_keys import MEMBER_KEY_TABLES, key_routes
from stillwatch.share.forum.recording import ledger_events
from stillwatch.share.forum.server import forum_server
from stillwatch.share.guard.check import check
from stillwatch.share.node import own_key, service
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.memory import memory_of
from stillwatch.share.node.node import Checked, Node
from stillwatch.share.node.service import Service
from stillwatch.share.node.settings import EvaluatorAt, NodeSettings
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.tags.epochs import epoch_of
from stillwatch.share.taxii.admission import Admit
from stillwatch.share.taxii.client import Taxii
from stillwatch.share.taxii.media import TAXII_TYPE
from stillwatch.share.taxii.store import Store
from stillwatch.share.warnings.lists import load_warning_lists
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database
from stillwatch.web.listen import Listen

Rows = Sequence[tuple[SignalKind, str, int, int]]
"""Kind, value, account, family; family 0 for what an account has."""


def guard(item: dict[str, Any]) -> Any:
    """The forum's guard with its clock."""
    return check(item, now=datetime.now(UTC))


def local_index(rows: Rows, streams: Sequence[tuple[int, int]], ordinary: int, n_accounts: int) -> LocalIndex:
    """Index of a member: values of its accounts, families by account, and so many accounts that nobody suspects."""
    families = sorted({family for family, _ in streams})
    kinds, values, accounts, owners = zip(*rows, strict=True) if rows else ((), (), (), ())
    signals = pa.table([pa.array([kind.value for kind in kinds], pa.string()), values, accounts, owners], schema=SIGNAL)
    known = [
        {
            "family": family,
            "view": "template",
            "n_accounts": 3,
            "n_exchanges": 900,
            "coordination_bits": 3.0,
            "score_bits": 1.0,
            "campaign_id": None,
        }
        for family in families
    ]
    end = datetime.now(UTC)
    return LocalIndex(
        signals,
        np.array(families, np.uint64),
        pa.Table.from_pylist(known, schema=INDEXED_FAMILY),
        pa.table([[f for f, _ in streams], [a for _, a in streams], [1] * len(streams)], schema=INDEXED_STREAM),
        {row["campaign_id"]: row for row in ACT.empty_table().to_pylist()},
        np.arange(1, ordinary + 1, dtype=np.uint64),
        dict.fromkeys(SignalKind, 1.0),
        end - timedelta(days=14),
        end,
        n_accounts,
    )


class Counting(Node):
    """A node that counts what the feed has brought it, and keeps what it has checked."""

    n_events = 0

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.checked: list[Checked] = []

    def take_all(self, events: Sequence[Event], memory: Memory, now: datetime) -> list[Checked]:
        """As a node's."""
        found = super().take_all(events, memory, now)
        self.checked += found
        self.n_events += len(events)
        return found


@dataclass
class Member:
    """One member: its pseudonym, its token and its running node."""

    member_id: str
    token: str
    service: Service
    memory: Memory

    @property
    def node(self) -> Counting:
        """Its node."""
        return cast("Counting", self.service.node)

    @property
    def answers(self) -> list[SightingAnswer | None]:
        """What each check came to, in their order."""
        return [one.answer.answer for one in self.node.checked]


class Exchange:
    """The forum and its members; `url` once it is served."""

    def __init__(self, folder: Path, admit: Admit = guard, limits: Limits = PLENTY) -> None:
        self.folder, self.url = folder, ""
        self._nodes = ExitStack()
        self.key = SigningKey.generate()
        on_event = ledger_events(self.key)
        self.store = Store(folder / "forum.db", on_event)
        for tables in (LEDGER_TABLES, MEMBER_KEY_TABLES):
            tables.create_all(self.store.engine)
        access = Access(self.store.engine, limits)
        self.roster = Roster(self.store.engine, on_event)
        self.collections = Collections(self.store.engine, on_event)
        with self.store.engine.begin() as connection:
            there = connection.execute(select(COLLECTIONS.c.collection_id)).scalar()
        self.campaigns = there or self.collections.add("Campaigns", alias="campaigns")
        routes = [*ledger_routes(self.store.engine, access, self.key), *key_routes(self.store.engine, access, on_event)]
        settings = Settings(pace=Pace(heartbeat_s=0.5, stall_s=5.0), routes=routes, on_event=on_event)
        self.app = forum_app(self.store, access, admit, settings)

    def token(self, role: Role = Role.MEMBER) -> tuple[str, str]:
        """Pseudonym and token of somebody new who may read and write the campaigns."""
        member_id, token = self.roster.add_member("somebody", role)
        self.collections.grant(member_id, self.campaigns, read=True, write=True)
        return member_id, token.text

    def member(self, index: LocalIndex | None = None) -> Member:
        """A new member with its node."""
        member_id, token = self.token()
        folder = self.folder / member_id
        folder.mkdir()
        return self.opened(member_id, token, index or local_index((), (), 0, 1))

    def opened(self, member_id: str, token: str, index: LocalIndex) -> Member:
        """A member's node, opened on what is in its folder: its key is made and told at first use."""
        folder = self.folder / member_id
        at = EvaluatorAt("none", "http://127.0.0.1", folder, folder)
        settings = NodeSettings(self.url, "campaigns", folder, folder, folder, (at, at))
        key = own_key.own_key(folder, lambda told: service._tell_key(self.url, token, told))
        engine = open_database(folder / "node.db", NODE_TABLES)
        node = Counting(member_id, engine, key, lambda who: service._keys_at(self.url, token, who))
        epoch = epoch_of(datetime.now(UTC), 7)
        running = Service(
            settings, node, index, cast("Any", None), Taxii(f"{self.url}/taxii2/", token), token, epoch, 7, 0
        )
        self._nodes.callback(running.taxii.close)
        self._nodes.callback(engine.dispose)
        return Member(member_id, token, running, memory_of(index, tagged_in(epoch), epoch, load_warning_lists()))

    def catch_up(self, member: Member, events: int | None = None) -> None:
        """Let a member's node follow the feed until it has had so many events, else all there are; then it answers."""
        wanted = self.n_records() if events is None else events

        async def watch() -> None:
            watching = asyncio.create_task(member.service.watch(member.memory, lambda _: None))
            async with asyncio.timeout(60):
                while member.node.n_events < wanted:
                    await asyncio.sleep(0.01)
                    assert not watching.done(), watching.exception()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

        asyncio.run(watch())
        member.service.answer()

    def n_records(self) -> int:
        """Objects and tombstones that the forum holds."""
        return self.store.marks()[0]

    def held(self, kind: str) -> list[dict[str, Any]]:
        """Every version of every object of a type that the forum holds, in the order in which they came."""
        records = self.store.after(0, None, 10_000)[0]
        return [orjson.loads(one.document) for one in records if one.type == kind and one.document]

    def post(self, token: str, content: bytes) -> httpx.Response:
        """Send a publication as it is."""
        headers = {"Accept": TAXII_TYPE, "Content-Type": TAXII_TYPE, "Authorization": f"Bearer {token}"}
        return httpx.post(f"{self.url}/forum/collections/{self.campaigns}/objects/", headers=headers, content=content)

    def publish(self, token: str, *objects: dict[str, Any]) -> dict[str, Any]:
        """Publish objects of whatever form; the forum's status."""
        found: dict[str, Any] = self.post(token, json.dumps({"objects": objects}).encode()).json()
        return found

    def close(self) -> None:
        """Let go of every database and connection."""
        self._nodes.close()
        self.store.close()


def tagged_in(epoch: int) -> Any:
    """The keyed function that every member here can evaluate, in an epoch."""
    return lambda kind, values: tagged(kind, values, epoch)


def told_now(values: Mapping[SignalKind, Sequence[str]], **changes: Any) -> Indicator:
    """An indicator of these values, made now."""
    now = datetime.now(UTC)
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    tags = [tag for kind, of_kind in values.items() for tag in tagged_in(epoch_of(at, 7))(kind, of_kind).tags()]
    told: dict[str, Any] = {
        "indicator_id": str(uuid.uuid4()),
        "group_id": str(uuid.uuid4()),
        "created": at,
        "modified": at,
        "valid_from": at,
        "valid_until": at + timedelta(days=2),
        "tags": tuple(tags),
    }
    return signals.indicator(**(told | changes))


def publishing(member: Member, indicator: Indicator) -> list[dict[str, Any]]:
    """Tell the others of an indicator through the node and its guard; the objects as they were sent."""
    told = member.node.tell(indicator, "campaign-1", datetime.now(UTC))
    assert member.service.send(told).refused == {}
    objects: list[dict[str, Any]] = told.document()["objects"]
    return objects


@contextmanager
def opened_exchange(folder: Path, admit: Admit = guard, limits: Limits = PLENTY) -> Iterator[Exchange]:
    """An exchange that answers."""
    exchange = Exchange(folder, admit, limits)
    try:
        with started(forum_server(exchange.app, Listen("127.0.0.1", 0))) as port:
            exchange.url = f"http://127.0.0.1:{port}"
            yield exchange
    finally:
        exchange.close()


__all__ = [
    "Exchange",
    "Member",
    "guard",
    "local_index",
    "opened_exchange",
    "publishing",
    "tagged_in",
    "told_now",
]
