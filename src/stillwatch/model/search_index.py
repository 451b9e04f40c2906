"""What a member's node searches: attributes, templates and families of one window, in clear, for nobody else.

Arrow tables. They hold values that never cross as they are: a node turns them into tags, buckets and levels.
"""

from typing import Final

import pyarrow as pa

from stillwatch.model.column import Column, schema_of
from stillwatch.model.exchange import TIME_TYPE
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.model.indicator import GAP_BINS, PROFILE_HOURS

__all__ = [
    "ACT",
    "CAPABILITIES",
    "INDEXED_FAMILY",
    "INDEXED_STREAM",
    "INDEX_TABLES",
    "INDEX_VERSION",
    "ORDINARY",
    "SIGNAL",
    "WINDOW",
]

INDEX_VERSION: Final = 2
"""Version of the tables; a change of meaning raises it."""

CAPABILITIES: Final = (*ELICITATION_CLASSES, "tools", "plain")

SIGNAL: pa.Schema = schema_of(
    "signal",
    (
        Column("kind", pa.string(), "As in SignalKind.", required=True),
        Column("value", pa.string(), "The value; of a band its number and its two MinHashes.", required=True),
        Column("account", pa.uint64(), "Account hash; 0 for the bands of a family.", required=True),
        Column("family", pa.uint64(), "Family whose template has the band; 0 for what an account has.", required=True),
    ),
)
"""Each value of an account, and each band of a template, once."""

INDEXED_FAMILY: pa.Schema = schema_of(
    "indexed-family",
    (
        Column("family", pa.uint64(), "Family id.", required=True),
        Column("view", pa.string(), "View that put it together.", required=True),
        Column("n_accounts", pa.int64(), "Accounts.", required=True),
        Column("n_exchanges", pa.int64(), "Exchanges.", required=True),
        Column("coordination_bits", pa.float64(), "All channels, log2 of an e-value.", required=True),
        Column("score_bits", pa.float64(), "Joint likelihood ratio against legitimate automation.", required=True),
        Column("campaign_id", pa.string(), "Campaign it is told in; null when it is told in none."),
    ),
)

INDEXED_STREAM: pa.Schema = schema_of(
    "indexed-stream",
    (
        Column("family", pa.uint64(), "Family id.", required=True),
        Column("account", pa.uint64(), "Account hash.", required=True),
        Column("n", pa.int64(), "Exchanges of the account in the family.", required=True),
    ),
)

ACT: pa.Schema = schema_of(
    "act",
    (
        Column("campaign_id", pa.string(), "Campaign.", required=True),
        Column("verdict", pa.string(), "Its verdict.", required=True),
        Column("bits", pa.float64(), "Largest family score.", required=True),
        Column("n_accounts", pa.int64(), "Accounts.", required=True),
        Column("first_seen", TIME_TYPE, "First exchange.", required=True),
        Column("last_seen", TIME_TYPE, "Last exchange.", required=True),
        Column("accounts", pa.list_(pa.uint64()), "Account hashes, ascending.", required=True),
        Column("elicitation", pa.list_(pa.float64(), len(ELICITATION_CLASSES)), "Share by class.", required=True),
        Column("capabilities", pa.list_(pa.float64(), len(CAPABILITIES)), "Share by capability.", required=True),
        Column("temperature", pa.float64(), "What four of five requests send; null when none."),
        Column("top_p", pa.float64(), "The same."),
        Column("max_tokens", pa.int64(), "The same."),
        Column("wants_logprobs", pa.bool_(), "The same."),
        Column(
            "builds", pa.list_(pa.string()), "Client builds of at least a twentieth of the requests.", required=True
        ),
        Column("week", pa.list_(pa.int64(), PROFILE_HOURS), "Exchanges by hour of the week, UTC.", required=True),
        Column(
            "gaps", pa.list_(pa.int64(), GAP_BINS), "Times between exchanges of an account by octave.", required=True
        ),
    ),
)
"""How each campaign acts, in figures."""

ORDINARY: pa.Schema = schema_of(
    "ordinary",
    (Column("account", pa.uint64(), "Account hash; ascending, each once.", required=True),),
)
"""Verified accounts that nobody suspects: of whom a rate is told, with noise."""

WINDOW: pa.Schema = schema_of(
    "window",
    (
        Column("version", pa.int64(), "INDEX_VERSION.", required=True),
        Column("first", TIME_TYPE, "First exchange of all.", required=True),
        Column("last", TIME_TYPE, "Last exchange of all.", required=True),
        Column("n_exchanges", pa.int64(), "Exchanges.", required=True),
        Column("n_accounts", pa.int64(), "Accounts.", required=True),
        Column("kind", pa.string(), "Kind of signal.", required=True),
        Column(
            "coverage", pa.float64(), "Share of exchanges, of account attributes of accounts, with it.", required=True
        ),
    ),
)
"""What was looked through: one row a kind of signal."""

INDEX_TABLES: Final = {
    "signals": SIGNAL,
    "families": INDEXED_FAMILY,
    "streams": INDEXED_STREAM,
    "acts": ACT,
    "ordinary": ORDINARY,
    "window": WINDOW,
}
"""Tables of an index by the name of their file."""
