"""A service whose watch has accused streams by their client, and a policy in force, without hours of traffic before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from tests.act.policy.made import MUCH, SMALL
from tests.detect.stream_index.made import batch_of
from tests.service.replay.made import CAMPAIGN, findings, stream

from stillwatch.act.policy.activations import activate
from stillwatch.act.policy.approvals import approve
from stillwatch.act.policy.book import Signer, highest
from stillwatch.act.policy.previews import Preview, record_preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.act.policy.versions import add_version
from stillwatch.detect.stream_index.facts import FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.held import HeldStreams
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.nearest import Nearest
from stillwatch.detect.stream_index.window import WINDOW_ACCOUNT
from stillwatch.detect.views import family_keys
from stillwatch.model.findings import Findings
from stillwatch.model.view import Grouping
from stillwatch.report import write_findings
from stillwatch.service.home import Home, open_home
from stillwatch.service.settings import read_settings
from stillwatch.sketch import PhraseCounts, SignatureBook, Templates, hash_strings, sketch
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
        found = _findings(accounts)
        write_findings(found, home.findings)
        IndexFolder(home.index).write(_index(accounts), FactsBook.of(found, _window(accounts)))
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
    return StreamIndex((CAMPAIGN,), held, NOTHING, place[:0], PhraseCounts.empty(0), nearest, grouping)


def _findings(accounts: Sequence[str]) -> Findings:
    """What a watch has found an hour ago."""
    now = datetime.now(UTC)
    seen = {"first_seen": now - timedelta(hours=9), "last_seen": now - timedelta(hours=1)}
    exchanges = [(f"x-{i}", account) for i, account in enumerate(accounts)]
    return findings([stream(account, 500, **seen) for account in accounts], exchanges)


def _window(accounts: Sequence[str]) -> pa.Table:
    """Exchanges of the accused and of a thousand others, so that nobody of them is much of the traffic."""
    names = [*accounts, *(f"other-{i}" for i in range(1000))]
    hashes = hash_strings(pa.array(names))
    order = np.argsort(hashes)
    columns = {
        "account": hashes[order],
        "n_exchanges": np.full(len(names), 500),
        "cost_usd": None,
        "organisation": None,
    }
    whole = {name: pa.nulls(len(names)) if of is None else of for name, of in columns.items()}
    return pa.table([pa.array(whole[f.name]).cast(f.type) for f in WINDOW_ACCOUNT], schema=WINDOW_ACCOUNT)


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
