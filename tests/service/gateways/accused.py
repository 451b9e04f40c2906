"""A service whose watch has accused streams by their client, and a policy in force, without hours of traffic before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tests.act.policy.made import MUCH, SMALL
from tests.detect.stream_index.made import batch_of

from stillwatch.act.policy.activations import activate
from stillwatch.act.policy.approvals import approve
from stillwatch.act.policy.book import Signer, highest
from stillwatch.act.policy.previews import Preview, record_preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.act.policy.versions import add_version
from stillwatch.detect.stream_index.facts import STREAM_FACTS, FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.held import HeldStreams
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.nearest import Nearest
from stillwatch.detect.views import family_keys
from stillwatch.model.view import Grouping
from stillwatch.service.home import Home, open_home
from stillwatch.service.settings import read_settings
from stillwatch.sketch import PhraseCounts, SignatureBook, Templates, sketch
from stillwatch.sketch.stage import fingerprints_of

__all__ = ["AGENT", "BLOCKS", "Accused", "accused_in"]

AGENT = "collector-of-answers/1.0"
"""The program that every accused stream is of."""
NOTHING = np.zeros(0, np.uint64)
NO_TEMPLATES = Templates(NOTHING, NOTHING)
REASON = "Requests of this kind are refused for {lasts}. To object: {appeal_url}"
BLOCKS = f"""
name = "of the test"
[[rule]]
name = "harvest"
when = 'stream.accused && stream.verdict == "harvest"'
then = "block"
lasts = "24h"
reason = "{REASON}"
"""


@dataclass(frozen=True)
class Accused:
    """A folder with settings in which all of this is."""

    folder: Path
    accounts: Sequence[str]


def accused_in(folder: Path, settings: str, accounts: Sequence[str]) -> Accused:
    """Make a service whose index accuses these accounts for what one program sends, and whose policy blocks that."""
    (folder / "stillwatch-service.toml").write_text(settings)
    with open_home(read_settings(folder / "stillwatch-service.toml"), is_first=True) as home:
        IndexFolder(home.index).write(_index(accounts), FactsBook(_facts(accounts)))
        _in_force(home, BLOCKS)
    return Accused(folder, accounts)


def _index(accounts: Sequence[str]) -> StreamIndex:
    """What the program sends is held against them, by the view of clients."""
    batch = batch_of([{"account_id": account, "user_agent": AGENT, "turn_count": 1} for account in accounts])
    prints, cut, book = sketch(batch, PhraseCounts.empty(0))
    names = [*prints.schema.names, *cut.schema.names]
    columns = pa.RecordBatch.from_arrays([*prints.columns, *cut.columns], names=names)
    nearest = Nearest.of(SignatureBook.empty(), NO_TEMPLATES)
    found, grouping = fingerprints_of(columns, nearest.templates(book)), Grouping(NOTHING, NOTHING)
    (family,) = family_keys(found, grouping, only="client")
    place = np.zeros(len(accounts), np.int32)
    held = HeldStreams.of(found["account"], family, place, place)
    return StreamIndex(("c-1",), held, NOTHING, place[:0], PhraseCounts.empty(0), nearest, grouping)


def _facts(accounts: Sequence[str]) -> pa.Table:
    now = datetime.now(UTC)
    row: dict[str, Any] = {
        "campaign_id": "c-1",
        "verdict": "harvest",
        "bits": 90.0,
        "bar_bits": 40.0,
        "attribution_bits": 30.0,
        "share_of_account": 1.0,
        "n_exchanges": 500,
        "n_accounts": 100,
        "first_seen": now - timedelta(hours=9),
        "last_seen": now - timedelta(hours=1),
    }
    return pa.Table.from_pylist([row | {"account_id": account} for account in accounts], schema=STREAM_FACTS)


def _in_force(home: Home, text: str) -> None:
    """Add, preview, approve and activate a policy for all accused streams."""
    policy, now = read_policy(text, "test.toml"), datetime.now(UTC)
    ada, bob = Signer(home.key, "ada", now), Signer(home.key, "bob", now)
    preview = Preview(policy.version, now - timedelta(days=7), now, "0" * 64, SMALL, {"traffic": MUCH}, now)
    with home.engine.begin() as connection:
        add_version(connection, policy, ada)
        record_preview(connection, preview, ada)
        approve(connection, policy.version, bob)
        activate(connection, policy.version, 100, ada, seen=highest(connection, ACTIVATIONS))
