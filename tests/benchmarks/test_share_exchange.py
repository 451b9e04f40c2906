"""The benchmark of the exchange: what it publishes may cross, what it counts is right, and a small run adds up."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from benchmarks.share_exchange_member import indicators, memory
from benchmarks.share_exchange_world import WARM_UP_S, World
from sqlalchemy import insert

from benchmarks import share_exchange
from stillwatch.model.indicator import SightingAnswer
from stillwatch.share.answers.check import check as search
from stillwatch.share.guard.check import check
from stillwatch.share.stix.write import indicator_bundle
from stillwatch.share.taxii.store import Store
from stillwatch.share.taxii.tables import RECORDS

LOCAL = 2_000


def test_indicators_pass_the_guard_and_some_are_seen() -> None:
    """One in twenty has tags of the nodes' own; the others were looked for and not seen."""
    held, now = memory(LOCAL), datetime.now(UTC)
    found = list(indicators(100, LOCAL))
    assert all(check(indicator_bundle(one, str(uuid.uuid4())), now=datetime.now(UTC)) == [] for one in found[:5])
    answers = [search(one, held, now).answer for one in found]
    assert 0 < answers.count(SightingAnswer.SEEN) < 20
    assert set(answers) == {SightingAnswer.SEEN, SightingAnswer.LOOKED_NOT_SEEN}


def test_times_are_of_what_counts(tmp_path: Path) -> None:
    """The warm-up is left out; a sighting's time is that of the forum, from the moment its indicator was begun."""
    world = World(tmp_path, "", 2.0, 1.0, 10, ())
    assert World.of(world.text()) == world
    assert world.n == 2 * (WARM_UP_S + 1)
    store = Store(tmp_path / "forum.db")
    row = dict.fromkeys(("collection_id", "type", "version", "origin", "digest"), "") | {
        "version_us": 0,
        "size_bytes": 0,
    }
    document = b'{"sighting_of_ref":"indicator--7"}'
    more = {"kind": "object", "object_id": "s", "type": "sighting", "sequence": 1, "added_us": 12_500_000}
    with store.engine.begin() as connection:
        connection.execute(insert(RECORDS).values(**row | more, document=document))
    store.close()
    begun = {str(n): (float(n), 10.0, n + 0.25) for n in range(8)}
    checked = [{name: start + 1.5 for name, (start, *_) in begun.items()}]
    answered, checks, sightings = share_exchange._waited(
        world, dict(list(begun.items())[:7]) | {"7": begun["7"]}, checked
    )
    assert (answered, checks) == ([0.25] * 2, [1.5] * 2)
    assert sightings == [2.5]


def test_a_small_run_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Forum, publisher and one node as processes: every indicator is answered, checked, and sighted at the forum."""
    found = share_exchange.measured(5.0, 1.0, 1, LOCAL)
    assert len(found.answered) == len(found.checked) == len(found.sighting) == 5
    assert set(found.cpu_s) == {"forum", "node 1", "publisher"}
    share_exchange.told(found)
    told = capsys.readouterr().out
    assert all(name in told for name in ("publish to checked", "publish to sighting", "node 1", "MB"))
