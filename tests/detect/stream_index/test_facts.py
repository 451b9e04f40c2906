"""Facts of streams: what a scan found, by campaign and account."""

from dataclasses import replace
from pathlib import Path

from tests import traffic
from tests.scanning import harvests, write

import stillwatch
from stillwatch.detect.reference import ReferenceFile
from stillwatch.detect.stream_index.facts import FactsBook
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
