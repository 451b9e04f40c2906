"""What a decision needs to know of streams, and of accounts in the window: tables that are written beside the index."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.stream_index.rows import RowsByName
from stillwatch.detect.stream_index.window import WINDOW_ACCOUNT
from stillwatch.model.calibration import Bar
from stillwatch.model.campaign import Campaign, Verdict
from stillwatch.model.column import Column, schema_of
from stillwatch.model.decision import StreamFacts
from stillwatch.model.exchange import TIME_TYPE
from stillwatch.model.findings import Findings
from stillwatch.sketch import hash_strings

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
    """Facts of every accused stream that has exchanges in the window, and figures of all accounts in it.

    table       STREAM_FACTS, one row a campaign and account.
    accounts    WINDOW_ACCOUNT.
    """

    table: pa.Table
    accounts: pa.Table = field(default_factory=WINDOW_ACCOUNT.empty_table)

    @classmethod
    def of(cls, findings: Findings, accounts: pa.Table | None = None) -> Self:
        """From what a scan found; without figures of accounts their numbers of exchanges are 0."""
        campaigns = {campaign.campaign_id: campaign for campaign in findings.campaigns}
        rows = [campaigns[name] for name in findings.streams["campaign_id"].to_pylist()]
        columns = {name: findings.streams[name] for name in STREAM_FACTS.names if name in findings.streams.schema.names}
        columns |= {
            "bits": pa.array([campaign.bits for campaign in rows], pa.float64()),
            "bar_bits": pa.array([_bar(campaign, findings) for campaign in rows], pa.float64()),
            "n_accounts": pa.array([campaign.n_accounts for campaign in rows], pa.int64()),
        }
        table = pa.table([columns[name] for name in STREAM_FACTS.names], schema=STREAM_FACTS)
        return cls(table, WINDOW_ACCOUNT.empty_table() if accounts is None else accounts)

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
        row = self._row(campaign_id, account_id)
        if row is None:
            return None
        of_campaign = self._known.campaigns[self._known.campaign[row]]
        attribution_bits, share, n_exchanges, first_us, last_us = (column[row] for column in self._known.columns)
        return StreamFacts(
            campaign_id=campaign_id,
            verdict=of_campaign.verdict,
            bits=of_campaign.bits,
            bar_bits=of_campaign.bar_bits,
            attribution_bits=float(attribution_bits),
            share_of_account=float(share),
            n_exchanges=int(n_exchanges),
            n_accounts=of_campaign.n_accounts,
            first_seen=_EPOCH + timedelta(microseconds=int(first_us)),
            last_seen=_EPOCH + timedelta(microseconds=int(last_us)),
        )

    def _row(self, campaign_id: str, account_id: str) -> int | None:
        known = self._known
        hashes, first = known.rows.hashes, known.rows.row(account_id)
        at = first
        while first >= 0 and at < len(hashes) and hashes[at] == hashes[first]:
            row = int(known.order[at])
            is_campaign = known.campaigns[known.campaign[row]].campaign_id == campaign_id
            if is_campaign and known.account_ids[row].as_py() == account_id:
                return row
            at += 1
        return None

    def prepare(self) -> Self:
        """Make now what the first `get` would make; arrays only, so that it takes the interpreter from nobody."""
        assert self._known is not None  # noqa: S101 - it is made by being asked for
        return self

    @cached_property
    def _known(self) -> "_Known":
        table = self.table.combine_chunks()
        hashes = hash_strings(table["account_id"])
        order = np.argsort(hashes, kind="stable")
        as_numbers = (table[n].cast(pa.int64()) if table[n].type == TIME_TYPE else table[n] for n in _OF_STREAM)
        named = table["campaign_id"].combine_chunks().dictionary_encode()
        codes, firsts = np.unique(named.indices.to_numpy(), return_index=True)
        rows = table.select(_OfCampaign._fields).take(pa.array(firsts)).to_pylist() if len(codes) else []
        return _Known(
            RowsByName(hashes[order]),
            order,
            table["account_id"].combine_chunks(),
            named.indices.to_numpy(),
            tuple(column.to_numpy() for column in as_numbers),
            tuple(_OfCampaign(**row | {"verdict": Verdict(row["verdict"])}) for row in rows),
        )


class _OfCampaign(NamedTuple):
    """What all rows of a campaign share."""

    campaign_id: str
    verdict: Verdict
    bits: float
    bar_bits: float
    n_accounts: int


class _Known(NamedTuple):
    """The table as it is looked up.

    rows        By the hash of the account.
    order       Row of the table of each of these.
    campaign    Place of each row's campaign.
    columns     Those of `_OF_STREAM`.
    """

    rows: RowsByName
    order: NDArray[np.int64]
    account_ids: pa.Array
    campaign: NDArray[np.int32]
    columns: tuple[NDArray[Any], ...]
    campaigns: tuple[_OfCampaign, ...]


def _bar(campaign: Campaign, findings: Findings) -> float:
    """Bar of the family whose score the campaign has."""
    n_accounts = campaign.families[0].n_accounts if campaign.families else campaign.n_accounts
    if not findings.bars:
        return findings.bar_bits
    return max((bar for bar in findings.bars if bar.low <= n_accounts), key=_low, default=findings.bars[0]).bits


def _low(bar: Bar) -> int:
    return bar.low
