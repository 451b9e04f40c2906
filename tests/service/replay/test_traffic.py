"""From logs and findings on disk to what a policy is asked about."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.act.preview.made import blocks
from tests.detect.stream_index.made import batch_of, everything, met
from tests.service.replay.made import ACCOUNTS, CAMPAIGN, FINDINGS, LOGS, START, exchange, findings, stream, written

from stillwatch.act.preview.figures import Count
from stillwatch.act.preview.judge import judge
from stillwatch.act.preview.preview import previewed
from stillwatch.detect.stream_index.facts import FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.errors import MissingData
from stillwatch.ingest import ingest, installation_salt
from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.replay.streams import ByFindings, ByIndex
from stillwatch.service.replay.traffic import Source, seen_of


def test_findings_name_the_exchanges_that_are_touched(tmp_path: Path) -> None:
    """Of four exchanges of the account the two that the findings name are touched, and nobody else's."""
    folder, policy = written(tmp_path), blocks()
    source = Source([folder / LOGS], ByFindings.of_folder(folder / FINDINGS), folder / ACCOUNTS)
    found = previewed(judge(policy, seen_of(source, policy.uses)), source.streams.evidence)
    assert (found.traffic.exchanges, found.touched, found.refused) == (90, Count(2, 1, 1, 1), 2)
    (case,) = found.hardest
    assert (case.account_id, case.organisation_id, case.programme, case.verified_level) == ("a", "o", "research", 2)
    assert case.bits_over_bar == 40.0
    assert found.effects[1].campaign_id == CAMPAIGN


def test_progress_is_told(tmp_path: Path) -> None:
    """Bytes done grow to all."""
    folder, told = written(tmp_path), list[tuple[int, int]]()
    source = Source([folder / LOGS], ByFindings.of_folder(folder / FINDINGS))
    seen_of(source, (), lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0


def test_ids_are_compared_whole() -> None:
    """Of exchanges with and without a campaign each gets its own, whatever their order."""
    streams = ByFindings(findings([stream("a", 3)], [("x-9", "a"), ("x-1", "a"), ("x-5", "a")]))
    batch = pa.RecordBatch.from_pylist([exchange(i, "a") for i in range(12)], EXCHANGE)
    assert np.flatnonzero(streams.campaign_of(batch) >= 0).tolist() == [1, 5, 9]
    assert streams.campaigns == [CAMPAIGN]
    assert streams.campaign_of(batch.slice(0, 0)).tolist() == []


def test_an_id_with_the_same_hash_is_no_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are compared by their text, so that no collision accuses anybody."""
    monkeypatch.setattr(
        "stillwatch.service.replay.streams.hash_strings", lambda column: np.full(len(column), 7, np.uint64)
    )
    streams = ByFindings(findings([stream("a", 1)], [("x-1", "a")]))
    batch = pa.RecordBatch.from_pylist([exchange(i, "a") for i in range(3)], EXCHANGE)
    assert streams.campaign_of(batch).tolist() == [-1, 0, -1]


def test_findings_that_accuse_nobody() -> None:
    """No campaign, no place."""
    streams = ByFindings(findings([], []))
    batch = pa.RecordBatch.from_pylist([exchange(0, "a")], EXCHANGE)
    assert streams.campaign_of(batch).tolist() == [-1]


def test_an_index_that_is_not_there(tmp_path: Path) -> None:
    """The folder is named."""
    with pytest.raises(MissingData, match="no stream index"):
        ByIndex(tmp_path)


def test_an_index_looks_exchanges_up(tmp_path: Path) -> None:
    """Through logs on disk an exchange is of the campaign that the index says of it, prompts, talks and all."""
    rows = [one | {"time": START + timedelta(seconds=i), "max_tokens": 9} for i, one in enumerate(met())]
    index, batch = everything(), batch_of(rows)
    IndexFolder(tmp_path / "index").write(index, FactsBook.empty())
    (tmp_path / LOGS).mkdir()
    pq.write_table(pa.Table.from_batches([batch]), tmp_path / LOGS / "0.parquet")
    found = seen_of(Source([tmp_path / LOGS], ByIndex(tmp_path / "index")), ())
    kept = ingest([tmp_path / LOGS], salt=installation_salt())
    said = np.concatenate([index.campaign_of(part) for part in kept.batches()])
    assert found.n_exchanges == len(said) > len(rows) / 2
    assert np.sort(found.accused["campaign"]).tolist() == np.sort(said[said >= 0]).tolist()
    assert 0 < len(found.accused["campaign"]) < len(said)
