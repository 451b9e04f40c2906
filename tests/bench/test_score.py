"""Scoring against truth: counted by hand on a few rows."""

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from stillwatch.bench.score import Score, score, score_tables
from stillwatch.errors import MissingData
from stillwatch.model.findings import FINDING_EXCHANGE, STREAM

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def truth(rows: list[tuple[str, str, str | None]]) -> tuple[pa.Table, pa.Table]:
    """Truth of exchanges (exchange, account, campaign) and of their accounts."""
    exchanges = pa.table(
        [pa.array(column, pa.string()) for column in zip(*rows, strict=True)],
        names=["exchange_id", "account_id", "campaign"],
    )
    campaign = {a: c for _, a, c in sorted(rows, key=lambda row: row[2] is not None)}
    accounts = pa.table(
        {
            "account_id": pa.array(list(campaign), pa.string()),
            "population": pa.array([c or "people" for c in campaign.values()], pa.string()),
            "campaign": pa.array(list(campaign.values()), pa.string()),
        }
    )
    return exchanges, accounts


def reported(rows: list[tuple[str, str, str]], verdicts: dict[str, str]) -> tuple[pa.Table, pa.Table]:
    """Streams and exchanges of findings from (exchange, campaign id, account)."""
    exchanges = pa.table(
        [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] if rows else [[], [], []],
        schema=FINDING_EXCHANGE,
    )
    blank: dict[str, Any] = {f.name: 0 if pa.types.is_integer(f.type) else 0.0 for f in STREAM}
    streams = [
        blank | {"campaign_id": c, "account_id": a, "verdict": verdicts[c], "first_seen": NOW, "last_seen": NOW}
        for c, a in sorted({(c, a) for _, c, a in rows})
    ]
    return pa.Table.from_pylist(streams, schema=STREAM), exchanges


def judge(planted: list[tuple[str, str, str | None]], found: list[tuple[str, str, str]], **verdicts: str) -> Score:
    """Score of findings against truth."""
    return score_tables(*truth(planted), *reported(found, verdicts))


PLANTED: list[tuple[str, str, str | None]] = [(f"x{i}", f"a{i % 4}", "harvest-1") for i in range(10)] + [
    (f"y{i}", f"p{i}", None) for i in range(5)
]


def test_everything_found_and_nobody_else() -> None:
    """Recall and precision of 1, no false account."""
    result = judge(PLANTED, [(f"x{i}", "c1", f"a{i % 4}") for i in range(10)], c1="harvest")
    assert (result.n_found, result.exchange_recall, result.exchange_precision) == (1, 1.0, 1.0)
    assert (result.account_recall, result.n_false_accounts, result.n_legitimate_accounts) == (1.0, 0, 5)


def test_half_of_it_with_two_people_in_it() -> None:
    """Five of ten exchanges and two people's: covered by half, purity 5/7, so not found; two false accounts."""
    found = [(f"x{i}", "c1", f"a{i % 4}") for i in range(5)] + [(f"y{i}", "c1", f"p{i}") for i in range(2)]
    result = judge(PLANTED, found, c1="harvest")
    campaign = result.campaigns[0]
    assert (campaign.coverage, campaign.found) == (0.5, False)
    assert campaign.purity == pytest.approx(5 / 7)
    assert dict(result.false_accounts) == {"people": 2}
    assert result.exchange_precision == pytest.approx(5 / 7)


def test_a_campaign_in_two_pieces_counts_its_best_piece() -> None:
    """Coverage is that of one reported campaign; recall counts both."""
    found = [(f"x{i}", "c1" if i < 6 else "c2", f"a{i % 4}") for i in range(10)]
    campaign = judge(PLANTED, found, c1="harvest", c2="harvest").campaigns[0]
    assert (campaign.coverage, campaign.purity, campaign.exchange_recall, campaign.found) == (0.6, 1.0, 1.0, True)


def test_only_the_verdict_harvest_accuses() -> None:
    """The same exchanges called unclear or tool find nothing and accuse nobody."""
    found = [(f"y{i}", "c1", f"p{i}") for i in range(3)] + [(f"x{i}", "c2", f"a{i % 4}") for i in range(10)]
    result = judge(PLANTED, found, c1="unclear", c2="tool")
    assert (result.n_found, result.n_false_accounts) == (0, 0)
    assert dict(result.unclear_accounts) == {"people": 3}
    assert math.isnan(result.exchange_precision)


def test_people_called_a_relay_are_counted() -> None:
    """A verdict that leaves a question open over legitimate accounts is not passed over."""
    result = judge(PLANTED, [(f"y{i}", "c1", f"p{i}") for i in range(3)], c1="relay")
    assert dict(result.relay_accounts) == {"people": 3}
    assert "relay 3 (people 3), not accused" in result.to_text()


@pytest.mark.parametrize(
    ("verdict", "said"),
    [("harvest", "found"), ("unclear", "MISSED: 100% of it in one unclear campaign")],
)
def test_the_outcome_says_where_a_campaign_went(verdict: str, said: str) -> None:
    """A planted campaign that was reported under another verdict is missed, and the text says what became of it."""
    campaign = judge(PLANTED, [(f"x{i}", "c1", f"a{i % 4}") for i in range(10)], c1=verdict).campaigns[0]
    assert campaign.outcome == said
    assert campaign.best_coverage == 1.0


def test_a_campaign_mixed_with_people_is_not_pure_enough() -> None:
    """Covered by a harvest campaign that holds others too: missed, and the text says why."""
    found = [(f"x{i}", "c1", f"a{i % 4}") for i in range(10)] + [(f"y{i}", "c1", f"p{i}") for i in range(5)]
    campaign = judge(PLANTED, found, c1="harvest").campaigns[0]
    assert campaign.outcome == "MISSED: 100% of it in one harvest campaign, not pure enough"


def test_nothing_reported() -> None:
    """No findings: recall 0, and the text says MISSED."""
    result = judge(PLANTED, [])
    assert result.exchange_recall == 0
    assert "MISSED" in result.to_text()
    assert '"n_found": 0' in result.to_json()


def test_a_folder_without_truth_is_told_what_to_do(tmp_path: Path) -> None:
    """The error names the file and the next step."""
    with pytest.raises(MissingData, match="stillwatch simulate"):
        score(tmp_path)
