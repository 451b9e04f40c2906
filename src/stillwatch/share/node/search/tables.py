"""What a node remembers of back-searches; its folder is for its owner alone."""

from enum import StrEnum
from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, MetaData, String, Table

__all__ = ["INCOMING", "OUTGOING", "SEARCHES", "SEARCH_TABLES", "SETUPS", "UNCOUNTED", "State"]


class State(StrEnum):
    """How far a search is, on one side of it."""

    ASKED = "asked"
    ANSWERING = "answering"
    ANSWERED = "answered"
    COUNTED = "counted"
    APPROVED = "approved"
    REVEALED = "revealed"
    FEW = "few"
    DECLINED = "declined"
    BROKEN = "broken"
    EXPIRED = "expired"


UNCOUNTED: Final = (State.DECLINED.value,)
"""States in which a search is not one of those that its asker may make in an epoch."""

SEARCH_TABLES: Final = MetaData()

SEARCHES: Final = Table(
    "node_searches",
    SEARCH_TABLES,
    Column("search_id", String(36), primary_key=True),
    Column("side", String(6), nullable=False),
    Column("other", String(36), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("days", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", String(200)),
    Column("opened_s", BigInteger, nullable=False),
    Column("searched_days", Integer),
    Column("coverage", JSON),
    Column("digest", String(64)),
    Column("setup", String(64)),
    Column("matches", Integer),
    Column("secret", LargeBinary),
    Column("listed", LargeBinary),
    Column("rows", LargeBinary),
    Column("person", String(128)),
    Column("salt", LargeBinary),
    Column("own_word", JSON),
    Column("their_word", JSON),
)
"""One row a search.

days, searched_days     That were asked for; that were searched.
digest      Names what was counted: a yes is to that.
matches     Lower end of the bucket; null: none, or not counted yet.
secret, listed, rows    Of the asker its key, its values (once revealed: those that matched) and the counted answer; of
            the holder what it would reveal. They go with the search's end.
person, salt    Who of this side said yes; what crosses is a salted hash of the name.
own_word, their_word    The signed approvals.
"""

SETUPS: Final = Table(
    "node_search_setups",
    SEARCH_TABLES,
    Column("digest", String(64), primary_key=True),
    Column("owner", String(36), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("made_s", BigInteger, nullable=False),
    Column("index_ns", BigInteger),
    Column("secret", LargeBinary),
    Column("data", LargeBinary, nullable=False),
)
"""Set-ups: its own with the key and the index they are of, and those of others."""

OUTGOING: Final = Table(
    "node_search_outgoing",
    SEARCH_TABLES,
    Column("search_id", String(36), primary_key=True),
    Column("stage", String(10), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("n_parts", Integer, nullable=False),
    Column("reader", String(36), nullable=False),
    Column("data", LargeBinary, nullable=False),
)
"""Sealed parts that the forum has not confirmed yet; sent again they are the same."""

INCOMING: Final = Table(
    "node_search_incoming",
    SEARCH_TABLES,
    Column("search_id", String(36), primary_key=True),
    Column("stage", String(10), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""Sealed parts that were fetched, until their message is whole and taken."""
