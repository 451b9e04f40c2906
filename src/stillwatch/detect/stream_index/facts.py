"""What a decision needs to know of a stream, by campaign and account: a table that is written beside the index."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, Self

import pyarrow as pa

from stillwatch.model.calibration import Bar
from stillwatch.model.campaign import Campaign, Verdict
from stillwatch.model.column import Column, schema_of
from stillwatch.model.decision import StreamFacts
from stillwatch.model.exchange import TIME_TYPE
from stillwatch.model.findings import Findings

__all__ = ["STREAM_FACTS", "FactsBook"]

STREAM_FACTS: pa.Schema = schema_of(
    "stream-facts",
    (
        Column("campaign_id", pa.string(), "Campaign the stream belongs to.", required=True),
        Column("account_id", pa.string(), "The account whose exchanges these are.", required=True),
        Column("verdict", pa.string(), "Verdict of the campaign.", required=True),
        Column("bits", pa.float64(), "Largest family score of the campaign.", required=True),
        Column("bar_bits", pa.float64(), "Bar of a family with as many accounts as that one.", required=True),
        Column("attribution_bits", pa.float64(), "How much better the campaign explains the account.", required=True),
        Column("share_of_account", pa.float64(), "Of the account's exchanges in the window, 0 to 1.", required=True),
        Column("n_exchanges", pa.int64(), "Exchanges of the stream in the window.", required=True),
        Column("n_accounts", pa.int64(), "Accounts of the campaign.", required=True),
        Column("first_seen", TIME_TYPE, "First exchange of the stream in the window.", required=True),
        Column("last_seen", TIME_TYPE, "Last exchange of the stream in the window.", required=True),
    ),
)
_OF_STREAM: Final = ("attribution_bits", "share_of_account", "n_exchanges", "first_seen", "last_seen")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class FactsBook:
    """Facts of every accused stream that has exchanges in the window.

    table   STREAM_FACTS, one row a campaign and account.
    """

    table: pa.Table

    @classmethod
    def of(cls, findings: Findings) -> Self:
        """From what a scan found."""
        campaigns = {campaign.campaign_id: campaign for campaign in findings.campaigns}
        rows = [campaigns[name] for name in findings.streams["campaign_id"].to_pylist()]
        columns = {name: findings.streams[name] for name in STREAM_FACTS.names if name in findings.streams.schema.names}
        columns |= {
            "bits": pa.array([campaign.bits for campaign in rows], pa.float64()),
            "bar_bits": pa.array([_bar(campaign, findings) for campaign in rows], pa.float64()),
            "n_accounts": pa.array([campaign.n_accounts for campaign in rows], pa.int64()),
        }
        return cls(pa.table([columns[name] for name in STREAM_FACTS.names], schema=STREAM_FACTS))

    @classmethod
    def empty(cls) -> Self:
        """Of a scan that accuses nobody.

        >>> FactsBook.empty().get("campaign-0", "account") is None
        True
        """
        return cls(STREAM_FACTS.empty_table())

    def get(self, campaign_id: str, account_id: str) -> StreamFacts | None:
        """Facts of one stream; None when the account has no exchange of the campaign in the window.

        That happens where all that two campaigns hold of an account was told in the other: the scan counts nothing for
        this one, so nothing is known that a decision could rest on.
        """
        row = self._rows.get((campaign_id, account_id))
        if row is None:
            return None
        verdict, bits, bar_bits, n_accounts = self._campaigns[campaign_id]
        attribution_bits, share, n_exchanges, first_us, last_us = (column[row] for column in self._columns)
        return StreamFacts(
            campaign_id=campaign_id,
            verdict=verdict,
            bits=bits,
            bar_bits=bar_bits,
            attribution_bits=float(attribution_bits),
            share_of_account=float(share),
            n_exchanges=int(n_exchanges),
            n_accounts=n_accounts,
            first_seen=_EPOCH + timedelta(microseconds=int(first_us)),
            last_seen=_EPOCH + timedelta(microseconds=int(last_us)),
        )

    @cached_property
    def _rows(self) -> dict[tuple[str, str], int]:
        names = (self.table[name].to_pylist() for name in ("campaign_id", "account_id"))
        return {key: row for row, key in enumerate(zip(*names, strict=True))}

    @cached_property
    def _columns(self) -> tuple[Any, ...]:
        table = self.table.combine_chunks()
        as_numbers = (table[n].cast(pa.int64()) if table[n].type == TIME_TYPE else table[n] for n in _OF_STREAM)
        return tuple(column.to_numpy() for column in as_numbers)

    @cached_property
    def _campaigns(self) -> dict[str, tuple[Verdict, float, float, int]]:
        names = ("campaign_id", "verdict", "bits", "bar_bits", "n_accounts")
        rows = zip(*(self.table[name].to_pylist() for name in names), strict=True)
        return {campaign: (Verdict(verdict), *rest) for campaign, verdict, *rest in rows}


def _bar(campaign: Campaign, findings: Findings) -> float:
    """Bar of the family whose score the campaign has."""
    n_accounts = campaign.families[0].n_accounts if campaign.families else campaign.n_accounts
    if not findings.bars:
        return findings.bar_bits
    return max((bar for bar in findings.bars if bar.low <= n_accounts), key=_low, default=findings.bars[0]).bits


def _low(bar: Bar) -> int:
    return bar.low
