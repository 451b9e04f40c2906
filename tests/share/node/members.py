"""Two members that each see a part of one harvest, and tags without evaluators."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tests import traffic
from tests.scanning import write

import stillwatch
from stillwatch.model.indicator import Indicator, SignalKind
from stillwatch.share.answers.check import Memory
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.memory import memory_of
from stillwatch.share.node.node import Node
from stillwatch.share.node.publish import indicator_of
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.tags.block import TagBlock
from stillwatch.share.tags.canonical import tag_input
from stillwatch.share.warnings.lists import WarningLists, load_warning_lists
from stillwatch.signing.keys import Keys, SigningKey, keys_of
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
EPOCH = 2969
ALPHA, BETA = "7f3a0f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b", "8e4b1a2f-2d3e-4f4a-9bac-1d2e3f4a5b6c"


def tagged(kind: SignalKind, values: Sequence[str], epoch: int = EPOCH) -> TagBlock:
    """A keyed function that everybody here can evaluate: equal for equal values, as the evaluators' is."""
    outputs = [hashlib.sha512(b"key" + tag_input(kind, epoch, value)).digest() for value in values]
    return TagBlock.of_outputs(kind, epoch, outputs)


def lists() -> WarningLists:
    """Built-in warning lists."""
    return load_warning_lists()


def moved(exchanges: pa.Table) -> pa.Table:
    """The same traffic from public addresses: private ones are on the warning lists."""
    column = exchanges.schema.get_field_index("client_address")
    public = pc.replace_substring_regex(exchanges["client_address"], r"^10\.", "41.")
    return exchanges.set_column(column, exchanges.schema.field("client_address"), public)


def halves(folder: Path) -> dict[str, LocalIndex]:
    """Indexes of two members; the shells of one harvest are dealt to both, people stay where they are."""
    exchanges = moved(traffic.mixed())
    ids = pc.unique(exchanges["account_id"])
    rng = np.random.default_rng(4)
    first = pa.array(rng.random(len(ids)) < 0.5)
    found = {}
    for name, mine in (("alpha", first), ("beta", pc.invert(first))):
        rows = exchanges.filter(pc.is_in(exchanges["account_id"], value_set=ids.filter(mine)))
        stillwatch.scan(write(folder / name / "logs", rows), index=folder / name / "index")
        found[name] = LocalIndex.read(folder / name / "index")
    return found


def harvest_of(index: LocalIndex) -> str:
    """Its one harvest."""
    (name,) = (name for name, act in index.acts.items() if act["verdict"] == "harvest")
    return name


def told(index: LocalIndex, now: datetime = NOW) -> Indicator:
    """Indicator of the member's harvest."""
    return indicator_of(index, harvest_of(index), tagged, lists(), now)


def memory(index: LocalIndex) -> Memory:
    """Its own traffic as tags."""
    return memory_of(index, tagged, EPOCH, lists())


SIGNING = {member: SigningKey.generate() for member in (ALPHA, BETA)}


def keys_at(member_id: str) -> Keys:
    """Public keys as an honest forum tells them."""
    return keys_of([SIGNING[member_id].verify_key]) if member_id in SIGNING else {}


def node(member_id: str) -> Node:
    """A node with an empty database."""
    return Node(member_id, open_database("sqlite://", NODE_TABLES), SIGNING[member_id], keys_at)
