"""What is remembered of accounts: their first appearance, when they were active, and which models they took up."""

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.lives import LIFE, SETTLED_EXCHANGES
from stillwatch.detect.memory.tables import merged, rows_where, table_of
from stillwatch.model.column import Column, schema_of
from stillwatch.model.family import SETTLED_US
from stillwatch.stats.lookup import among, positions

__all__ = ["FIRST", "USE", "AccountMemory", "first_uses"]

_IN_TIME: Final = ("account", "first_us", "last_us", "n", "longest_gap_us", "changed_us", "changed_to")
_U64: Final = pa.uint64()
_ACCOUNT: Final = Column("account", _U64, "Account hash.", required=True)

FIRST: pa.Schema = schema_of(
    "first",
    (
        _ACCOUNT,
        Column("time_us", pa.int64(), "First exchange, microseconds since 1970.", required=True),
        Column("exchange", _U64, "Its hash.", required=True),
        *(
            Column(name, _U64, "As in FINGERPRINT, of that exchange.", required=True)
            for name in ("prefix", "asn", "tls")
        ),
    ),
)
USE: pa.Schema = schema_of(
    "use",
    (
        _ACCOUNT,
        Column("model", _U64, "Hash of a model.", required=True),
        Column("first_us", pa.int64(), "First time that the account used it.", required=True),
    ),
)


@dataclass(frozen=True, slots=True)
class AccountMemory:
    """Accounts of earlier windows.

    firsts      Table FIRST, one row an account, sorted by it.
    activity    Table LIFE, one row for every account and window it was active in, sorted by account and time.
    uses        Table USE, one row for every account and model, sorted by both.
    """

    firsts: pa.Table = field(default_factory=FIRST.empty_table)
    activity: pa.Table = field(default_factory=LIFE.empty_table)
    uses: pa.Table = field(default_factory=USE.empty_table)

    def merge(self, other: Self) -> Self:
        """Both: the first of the first appearances, all windows."""
        return type(self)(
            merged([self.firsts, other.firsts], ("account",), ("time_us", "exchange", "prefix", "asn", "tls")),
            merged([self.activity, other.activity], _IN_TIME),
            merged([self.uses, other.uses], ("account", "model"), ("first_us",)),
        )

    def since(self, time_us: int) -> Self:
        """Accounts that were active at that time or later, with the windows that ended then or later."""
        activity = rows_where(self.activity, self.activity["last_us"].to_numpy() >= time_us)
        known = np.unique(activity["account"].to_numpy())
        firsts, uses = (
            rows_where(table, among(known, table["account"].to_numpy())) for table in (self.firsts, self.uses)
        )
        return type(self)(firsts, activity, uses)

    def lives(self, today: Self) -> pa.Table:
        """Table LIFE of all accounts, sorted by account, with a new window.

        What an account did within one window is known; that it took up a model between two windows counts when it had
        five exchanges in the windows before, a day after its first.
        """
        if not len(self.activity):
            return today.activity
        both = self.merge(today)
        columns = {name: both.activity[name].to_numpy() for name in LIFE.names}
        first = np.flatnonzero(np.diff(columns["account"], prepend=~columns["account"][:1]) != 0)
        gap = np.maximum(columns["longest_gap_us"], _between(columns, first))
        changed_us, changed_to = _changes(both, columns, first)
        found = {
            "account": columns["account"][first],
            "n": np.add.reduceat(columns["n"], first),
            "first_us": np.minimum.reduceat(columns["first_us"], first),
            "last_us": np.maximum.reduceat(columns["last_us"], first),
            "longest_gap_us": np.maximum.reduceat(gap, first),
            "changed_us": changed_us,
            "changed_to": changed_to,
        }
        return pa.table([pa.array(found[f.name], f.type) for f in LIFE], schema=LIFE)


def first_uses(table: pa.Table) -> pa.Table:
    """Table USE of a table of whole accounts, sorted by account, model and time."""
    account, model, time_us = (table[name].to_numpy() for name in ("account", "model", "time_us"))
    new = np.r_[np.ones(min(len(account), 1), np.bool_), (account[1:] != account[:-1]) | (model[1:] != model[:-1])]
    return table_of(USE, account=account[new], model=model[new], first_us=time_us[new])


_Columns = dict[str, NDArray[np.generic]]


def _between(columns: _Columns, first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Silence between each window of an account and what it sent in the windows before, 0 for its first window."""
    until = np.asarray(columns["last_us"], np.int64).copy()
    bounds = np.r_[first, len(until)]
    several = np.flatnonzero(np.diff(bounds) > 1)
    for start, stop in zip(bounds[several], bounds[several + 1], strict=True):
        np.maximum.accumulate(until[start:stop], out=until[start:stop])
    gap = np.asarray(columns["first_us"], np.int64) - np.r_[until[:1], until[:-1]]
    gap[first] = 0
    return np.asarray(np.maximum(gap, 0), np.int64)


def _changes(
    both: AccountMemory, columns: _Columns, first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """First use of the model taken up last by each account after settling in, and that model; 0 where it did not."""
    account, model, time_us = (both.uses[name].to_numpy() for name in USE.names)
    accounts = np.asarray(columns["account"], np.uint64)[first]
    code = positions(accounts, account)
    begin = np.full(len(accounts), np.iinfo(np.int64).max)
    np.minimum.at(begin, code, time_us)
    is_first = time_us == begin[code]
    n_before = _sent_before(columns, first, code, time_us)
    known = np.sort(_pair(columns["changed_us"], columns["changed_to"]))
    settled = ((n_before >= SETTLED_EXCHANGES) & (time_us - begin[code] >= SETTLED_US)) | among(
        known, _pair(time_us, model)
    )
    rows = np.flatnonzero(settled & ~is_first & (model != 0))
    rows = rows[np.lexsort((model[rows], time_us[rows]))]
    changed_us, changed_to = np.zeros(len(accounts), np.int64), np.zeros(len(accounts), np.uint64)
    changed_us[code[rows]], changed_to[code[rows]] = time_us[rows], model[rows]
    return changed_us, changed_to


def _pair(time_us: NDArray[np.generic], model: NDArray[np.generic]) -> NDArray[np.uint64]:
    return np.asarray(time_us, np.int64).astype(np.uint64) ^ np.asarray(model, np.uint64)


def _sent_before(
    columns: _Columns, first: NDArray[np.int64], code: NDArray[np.int64], time_us: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Exchanges of the account in windows that ended before each use."""
    last, n = np.asarray(columns["last_us"], np.int64), np.asarray(columns["n"], np.int64)
    bounds = np.r_[first, len(last)]
    found = np.zeros(len(code), np.int64)
    for i, (which, time) in enumerate(zip(code.tolist(), time_us.tolist(), strict=True)):
        rows = slice(bounds[which], bounds[which + 1])
        found[i] = n[rows][last[rows] < time].sum()
    return found
