"""Facts of streams: what a scan found, by campaign and account."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests import traffic
from tests.scanning import harvests, write

import stillwatch
from stillwatch.detect.reference import ReferenceFile
from stillwatch.detect.stream_index import facts as facts_module
from stillwatch.detect.stream_index.facts import STREAM_FACTS, FactsBook
from stillwatch.detect.stream_index.rows import RowsByName
from stillwatch.model.calibration import Bar


def test_they_are_what_the_scan_found(tmp_path: Path) -> None:
    """Every stream has facts, with those of its campaign; no other pair has."""
    findings = stillwatch.scan(write(tmp_path / "logs", traffic.mixed()))
    book, (campaign,) = FactsBook.of(findings), harvests(findings)
    assert book.table.num_rows == findings.streams.num_rows > 50
    for row in findings.streams.to_pylist():
        found = book.get(row["campaign_id"], row["account_id"])
        assert found is not None
        assert (found.verdict, found.n_exchanges, found.share_of_account) == (
            row["verdict"],
            row["n_exchanges"],
            row["share_of_account"],
        )
        assert (found.first_seen, found.last_seen) == (row["first_seen"], row["last_seen"])
        assert found.attribution_bits == row["attribution_bits"]
    found = book.get(campaign.campaign_id, "shell-0")
    assert found is not None
    assert (found.bits, found.n_accounts, found.cleared) == (campaign.bits, campaign.n_accounts, False)
    assert found.bar_bits == ReferenceFile.load(None).bar_for(campaign.families[0].n_accounts)
    assert book.get(campaign.campaign_id, "person-0") is None
    assert book.get("campaign-0", "shell-0") is None


def test_the_bar_is_that_of_the_size(tmp_path: Path) -> None:
    """The last class that begins at or under the family's accounts, the first for smaller ones, else the one."""
    findings = stillwatch.scan(write(tmp_path / "logs", traffic.mixed()))
    (campaign,) = harvests(findings)
    n = campaign.families[0].n_accounts

    def bar_with(*lows: int) -> float:
        bars = tuple(Bar(low, None, float(low), 1, 0, 0, 0.5) for low in lows)
        found = FactsBook.of(replace(findings, bars=bars, bar_bits=0.5)).get(campaign.campaign_id, "shell-0")
        assert found is not None
        return found.bar_bits

    assert [bar_with(5, n), bar_with(5, n, n + 1), bar_with(n + 1, n + 9), bar_with()] == [n, n, n + 1, 0.5]


def test_rows_of_one_account_and_of_equal_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account of two campaigns has the facts of each, and another account of the same hash has its own."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"campaign_id": c, "account_id": a, "verdict": "harvest", "first_seen": moment, "last_seen": moment}
        | dict.fromkeys(("bits", "bar_bits", "attribution_bits", "share_of_account"), 1.0)
        | {"n_exchanges": n, "n_accounts": 2}
        for n, (c, a) in enumerate([("c-1", "a"), ("c-2", "b"), ("c-2", "a"), ("c-1", "d")])
    ]
    book = FactsBook(pa.Table.from_pylist(rows, schema=STREAM_FACTS))

    def found() -> dict[tuple[str, str], int]:
        told = {(c, a): book.get(c, a) for c in ("c-1", "c-2", "c-3") for a in "abd"}
        return {key: facts.n_exchanges for key, facts in told.items() if facts is not None}

    expected = {("c-1", "a"): 0, ("c-2", "b"): 1, ("c-2", "a"): 2, ("c-1", "d"): 3}
    assert found() == expected
    monkeypatch.setattr(facts_module, "hash_strings", lambda column: np.full(len(column), 7, np.uint64))
    monkeypatch.setattr(RowsByName, "row", lambda _self, _name: 0)
    book = FactsBook(book.table)
    assert found() == expected
