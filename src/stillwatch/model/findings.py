"""The result of a scan: campaigns, their streams and exchanges, and what became of every row read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from stillwatch.model.calibration import Bar, Calibration
from stillwatch.model.campaign import Campaign
from stillwatch.model.column import Column, schema_of
from stillwatch.model.exchange import TIME_TYPE

__all__ = [
    "CAMPAIGNS_VERSION",
    "FINDING_EXCHANGE",
    "FINDING_EXCHANGE_COLUMNS",
    "HELD_STREAM",
    "STREAM",
    "STREAM_COLUMNS",
    "Findings",
    "Tally",
]

CAMPAIGNS_VERSION = 1
"""Version of campaigns.json; a change of meaning raises it."""

STREAM_COLUMNS: tuple[Column, ...] = (
    Column("campaign_id", pa.string(), "Campaign the stream belongs to.", required=True),
    Column("account_id", pa.string(), "The account whose exchanges these are.", required=True),
    Column("verdict", pa.string(), "Verdict of the campaign.", required=True),
    Column("account_bits", pa.float64(), "Score of the account inside its best family, bits.", required=True),
    Column(
        "attribution_bits",
        pa.float64(),
        "How much better the family explains the account than the background.",
        required=True,
    ),
    Column("n_exchanges", pa.int64(), "Exchanges of the stream.", required=True),
    Column("account_n_exchanges", pa.int64(), "All exchanges of the account; the rest is not accused.", required=True),
    Column("share_of_account", pa.float64(), "n_exchanges / account_n_exchanges, 0 to 1.", required=True),
    Column("output_tokens", pa.int64(), "Output tokens of the stream, 0 when the logs do not say.", required=True),
    Column("first_seen", TIME_TYPE, "First exchange of the stream.", required=True),
    Column("last_seen", TIME_TYPE, "Last exchange of the stream.", required=True),
)

STREAM: pa.Schema = schema_of("stream", STREAM_COLUMNS)

FINDING_EXCHANGE_COLUMNS: tuple[Column, ...] = (
    Column("exchange_id", pa.string(), "Id of the exchange in the logs.", required=True),
    Column("campaign_id", pa.string(), "Campaign it belongs to.", required=True),
    Column("account_id", pa.string(), "Account that sent it.", required=True),
)

FINDING_EXCHANGE: pa.Schema = schema_of("finding-exchange", FINDING_EXCHANGE_COLUMNS)

HELD_STREAM: pa.Schema = schema_of(
    "held-stream",
    (
        Column("campaign_id", pa.string(), "Campaign.", required=True),
        Column("family", pa.uint64(), "A family of the campaign.", required=True),
        Column("account", pa.uint64(), "Hash of an account whose exchanges in the family are accused.", required=True),
        Column("rank", pa.int32(), "The lower wins an exchange that several families hold.", required=True),
    ),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of every row: ``rows_read == rows_kept + rows_quarantined + rows_duplicate``, always.

    formats         Rows read by reader name.
    n_sources       Files (or standard input) read.
    """

    rows_read: int
    rows_kept: int
    rows_quarantined: int
    rows_duplicate: int
    n_sources: int
    formats: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Findings:
    """What `stillwatch.scan` returns.

    campaigns       Most bits first: harvest, then the rest by verdict.
    streams         Table `STREAM`.
    exchanges       Table `FINDING_EXCHANGE`.
    quarantine      Table `QUARANTINE`.
    tally           What became of every row.
    n_accounts      Accounts seen in the kept rows.
    n_families      Families that were scored.
    not_judged      What the whole input cannot show, as codes (no-addresses, no-payments, no-text, ...).
    reference       Name of the legitimate reference; ``is_default_reference`` asks for a warning in every report.
    stage_s         Seconds by stage; in run.json, as they differ from run to run.
    calibration     Where the reference comes from; None when its file does not say.
    calibration_age_days    Days between the calibration and the scan; None when its file does not say. In run.json.
    bars            Bar of each size class.
    comparable_units    By campaign id: legitimate units of the same view and half to twice the accounts of its
                    strongest family; campaigns that the reference says nothing of are left out.
    beyond_calibration  Families beside which fewer than 20 comparable units stand, by view and size class.
    held            Table `HELD_STREAM`: which families hold the streams, so that a new exchange can be looked up. It is
                    not written out.
    """

    campaigns: tuple[Campaign, ...]
    streams: pa.Table
    exchanges: pa.Table
    quarantine: pa.Table
    tally: Tally
    n_accounts: int
    n_families: int
    not_judged: tuple[str, ...]
    reference: str
    is_default_reference: bool
    reference_units: int
    bar_bits: float
    version: str
    stage_s: Mapping[str, float] = field(default_factory=dict)
    calibration: Calibration | None = None
    calibration_age_days: float | None = None
    bars: tuple[Bar, ...] = ()
    comparable_units: Mapping[str, int] = field(default_factory=dict)
    beyond_calibration: Mapping[str, int] = field(default_factory=dict)
    held: pa.Table = field(default_factory=HELD_STREAM.empty_table)
