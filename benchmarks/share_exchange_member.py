"""Members of ``benchmarks.share_exchange``: nodes that check what comes, and one that publishes."""

import asyncio
import contextlib
import json
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import httpx
import numpy as np
from benchmarks.share_exchange_world import World

from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import (
    BAND_COUNT,
    Behaviour,
    Confidence,
    Indicator,
    InformationGrade,
    Share,
    SignalKind,
    SourceGrade,
    Tag,
    Technique,
    Tlp,
)
from stillwatch.share.answers.check import Memory
from stillwatch.share.answers.findings import LocalEvidence
from stillwatch.share.answers.index import KINDS, Local, TagIndex
from stillwatch.share.node.node import Checked, Node
from stillwatch.share.node.service import Service, _keys_at
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.taxii.client import Taxii
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

EPOCH: Final = 2969
OWN_TAGS: Final = 40
SEEN_SHARE: Final = 0.05
"""Share of indicators that have tags which a node has, too."""
THREADS: Final = 16


def local_tags(n: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Tags of a member's own traffic, the same in every process."""
    return np.random.default_rng(5).integers(0, 256, (n, 32), np.uint8)


def indicators(n: int, n_local: int) -> Iterator[Indicator]:
    """Indicators of a campaign each; some share tags with what the nodes have."""
    rng, own = np.random.default_rng(6), local_tags(n_local)
    kinds = [SignalKind.BAND] * BAND_COUNT + [SignalKind.ADDRESS] * (OWN_TAGS - BAND_COUNT)
    for _ in range(n):
        values = rng.integers(0, 256, (OWN_TAGS, 32), np.uint8)
        if rng.random() < SEEN_SHARE:
            start = rng.integers(0, n_local - OWN_TAGS)
            values[BAND_COUNT:] = own[start : start + OWN_TAGS - BAND_COUNT]
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        yield Indicator(
            indicator_id=str(uuid.uuid4()),
            group_id=str(uuid.uuid4()),
            created=now,
            modified=now,
            valid_from=now,
            valid_until=now + timedelta(days=14),
            tlp=Tlp.AMBER,
            confidence=Confidence(SourceGrade.F, InformationGrade.TWO),
            techniques=(Technique.TEMPLATED_PROMPTS, Technique.REASONING_ELICITATION),
            behaviour=Behaviour({"reasoning": Share.MOST}, {}, builds=("openai-python/2",), week=(1, 0, 7) * 56),
            tags=tuple(Tag(k, EPOCH, row.tobytes().hex()) for k, row in zip(kinds, values, strict=True)),
        )


def memory(n: int) -> Memory:
    """What a node remembers: `n` tags of addresses, each of an account of its own, a thousand accounts a family."""
    kind = np.full(n, KINDS.index(SignalKind.ADDRESS), np.uint8)
    account = np.arange(n, dtype=np.uint64)
    family = account // 1000 + 1
    local = Local(local_tags(n), kind, family, account, np.zeros(n, np.bool_))
    coverage = dict.fromkeys(SignalKind, 0.95)
    index = TagIndex.of(local, epoch=EPOCH, days=14, coverage=coverage, n_accounts=n, n_families=n // 1000)
    return Memory(index, {}, lambda family: LocalEvidence(family, Verdict.HARVEST, 40.0, 20.0, 9, 900))


def node_of(world: World, number: int) -> tuple[Node, str]:
    """Node of a member, and its token; the forum is told its key."""
    member_id, token = world.members[number]
    key = SigningKey.generate()
    headers = {"Authorization": f"Bearer {token}"}
    httpx.post(f"{world.url}/member/key/", json=key.verify_key.jwk(), headers=headers).raise_for_status()
    engine = open_database(world.folder / f"node{number}.db", NODE_TABLES)
    return Node(member_id, engine, key, lambda other: _keys_at(world.url, token, other)), token


def service_of(world: World, number: int) -> Service:
    """What a member's node works with but for evaluators and index, which it does not look at here."""
    node, token = node_of(world, number)
    taxii = Taxii(f"{world.url}/taxii2/", token)
    nowhere = world.folder / "nowhere"
    settings = NodeSettings(world.url, "campaigns", nowhere, nowhere, nowhere, ())  # type: ignore[arg-type]
    nothing_told: Any = SimpleNamespace(acts={})
    return Service(settings, node, nothing_told, None, taxii, token, EPOCH, 7, 0)  # type: ignore[arg-type]


def follow(world: World, number: int) -> None:
    """A member's node: check what comes until all has come, and tell when each was."""
    service = service_of(world, number)
    node = service.node
    held = memory(world.local)
    checked: dict[str, float] = {}

    def on_checked(one: Checked) -> None:
        checked[one.indicator.indicator_id] = time.perf_counter()

    async def until_done() -> None:
        watching = asyncio.create_task(service.watch(held, on_checked))
        while len(checked) <= world.n or node.unsent():
            await asyncio.sleep(0.5)
            if watching.done():
                break
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching

    print("ready", flush=True)
    asyncio.run(until_done())
    print(json.dumps(checked), flush=True)
    sys.stdin.read()
    service.taxii.close()
    node.engine.dispose()


def publish(world: World, number: int) -> None:
    """The publisher: tell of indicators at the rate, and when each was begun and answered."""
    service = service_of(world, number)
    service.send(service.node.tell(next(indicators(1, 1000)), "none", datetime.now(UTC)))
    begun: dict[str, tuple[float, float]] = {}
    answered: dict[str, float] = {}

    def one(indicator: Indicator) -> None:
        begun[indicator.indicator_id] = time.perf_counter(), time.time()
        outcome = service.send(service.node.tell(indicator, "none", datetime.now(UTC)))
        assert not outcome.refused, outcome.refused  # noqa: S101 - a figure of refused ones would be none
        answered[indicator.indicator_id] = time.perf_counter()

    print("ready", flush=True)
    sys.stdin.readline()
    start = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = []
        for i, indicator in enumerate(indicators(world.n, world.local)):
            time.sleep(max(0.0, start + i / world.rate - time.perf_counter()))
            waiting.append(pool.submit(one, indicator))
        for done in waiting:
            done.result()
    print(json.dumps({name: [*begun[name], answered[name]] for name in begun}), flush=True)
    sys.stdin.read()
    service.taxii.close()
    service.node.engine.dispose()


if __name__ == "__main__":
    {"node": follow, "publisher": publish}[sys.argv[2]](World.of(sys.argv[1]), int(sys.argv[3]))
