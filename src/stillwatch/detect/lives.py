"""When each account began, fell silent and took up a new model, and how common each of these hours is among all."""

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect._kernels_background import event_shares, n_alike_inside
from stillwatch.detect.views.mixing import mix
from stillwatch.model.column import Column, schema_of
from stillwatch.model.family import LIFE_BIN_HOURS, SETTLED_US, Lives
from stillwatch.stats.lookup import HashIndex

__all__ = ["FEWEST_EVENTS", "LIFE", "LifeBook", "lives"]

HOUR_US: Final = 3_600_000_000
LEAST_SILENCE_US: Final = 24 * HOUR_US
SILENCE_FACTOR: Final = 2
SETTLED_EXCHANGES: Final = 5
FEWEST_EVENTS: Final = 5
"""Fewer stops, or changes, in a family are nothing to judge."""

LIFE_COLUMNS: tuple[Column, ...] = (
    Column("account", pa.uint64(), "Account hash.", required=True),
    Column("n", pa.int64(), "Exchanges.", required=True),
    Column("first_us", pa.int64(), "First exchange.", required=True),
    Column("last_us", pa.int64(), "Last exchange.", required=True),
    Column("longest_gap_us", pa.int64(), "Longest time between two exchanges that follow one another.", required=True),
    Column(
        "changed_us",
        pa.int64(),
        "First use of the model taken up last, 0 when the account never changed.",
        required=True,
    ),
    Column("changed_to", pa.uint64(), "That model, 0 when the account never changed.", required=True),
)
LIFE: pa.Schema = schema_of("life", LIFE_COLUMNS)


def lives(table: pa.Table) -> pa.Table:
    """Life of every account of a table of whole accounts, sorted by account and time.

    A change of model counts for accounts that are settled: a day old, with five exchanges before it.
    """
    account, time_us, model = (table[name].to_numpy() for name in ("account", "time_us", "model"))
    if not len(account):
        return LIFE.empty_table()
    first = np.flatnonzero(np.r_[True, account[1:] != account[:-1]])
    last = np.r_[first[1:], len(account)] - 1
    gap = np.diff(time_us, prepend=time_us[0])
    gap[first] = 0
    changed = _changes(account, model, first, time_us)
    columns = {
        "account": account[first],
        "n": last - first + 1,
        "first_us": time_us[first],
        "last_us": time_us[last],
        "longest_gap_us": np.maximum.reduceat(gap, first),
        "changed_us": np.where(changed >= 0, time_us[changed], 0),
        "changed_to": np.where(changed >= 0, model[changed], np.uint64(0)),
    }
    return pa.table([pa.array(columns[field.name], field.type) for field in LIFE], schema=LIFE)


def _changes(
    account: NDArray[np.uint64], model: NDArray[np.uint64], first: NDArray[np.int64], time_us: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Row at which each account took up its latest model after settling in, -1 where it did not. Shape: accounts."""
    code = np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(account)]))
    other = np.flatnonzero((model != model[first][code]) & (model != 0))
    found = np.full(len(first), -1, np.int64)
    _, at = np.unique(mix(account[other], model[other]), return_index=True)
    rows = np.sort(other[at])
    start = first[code[rows]]
    settled = (rows - start >= SETTLED_EXCHANGES) & (time_us[rows] - time_us[start] >= SETTLED_US)
    found[code[rows[settled]]] = rows[settled]
    return found


@dataclass(frozen=True, slots=True)
class LifeBook:
    """Lives of all accounts, sorted by account hash, and the window they were seen in.

    account                 Shape n.
    first_us                First exchange. Shape n.
    started_us              First exchange, 0 when the account was there within a day of the outset. Shape n.
    stopped_us              Last exchange of an account that fell silent, else 0. Shape n. Silent: for a day, and for
                            twice its longest silence before.
    changed_us              First use of the model taken up last, 0 when it never changed. Shape n.
    per_day                 Exchanges a day between first and last, at least one day. Shape n.
    bins                    Hash of the bin that it stopped in, then of the bin and model it changed to, for every width
                            of `LIFE_BIN_HOURS`; 0 when it did not. Shape (n, 6).
    n_alike                 Accounts with the same hash, this one included. Shape (n, 6).
    n_known                 Accounts with any. Shape 6.
    starts_by_hour          Accounts that started in each hour of the window. Shape: hours.
    origin_us               Start of the first of these hours.
    """

    account: NDArray[np.uint64]
    first_us: NDArray[np.int64]
    started_us: NDArray[np.int64]
    stopped_us: NDArray[np.int64]
    changed_us: NDArray[np.int64]
    per_day: NDArray[np.float64]
    bins: NDArray[np.uint64]
    n_alike: NDArray[np.int64]
    n_known: NDArray[np.int64]
    starts_by_hour: NDArray[np.int64]
    origin_us: int
    _index: HashIndex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the accounts: they are asked for with every family."""
        object.__setattr__(self, "_index", HashIndex(self.account))

    @classmethod
    def build(cls, table: pa.Table) -> Self:
        """From a table of LIFE, sorted by account."""
        life = {name: table[name].to_numpy() for name in LIFE.names}
        first, last = life["first_us"], life["last_us"]
        begin, end = (int(first.min()), int(last.max())) if len(first) else (0, 0)
        origin = begin // HOUR_US * HOUR_US
        started = np.where(first - begin >= SETTLED_US, first, 0)
        silent = end - last >= np.maximum(LEAST_SILENCE_US, SILENCE_FACTOR * life["longest_gap_us"])
        stopped = np.where(silent & (last - first >= SETTLED_US), last, 0)
        bins = np.column_stack(
            [_bins(stopped, np.zeros(len(stopped), np.uint64), width) for width in LIFE_BIN_HOURS]
            + [_bins(life["changed_us"], life["changed_to"], width) for width in LIFE_BIN_HOURS]
        )
        known = started[started > 0]
        return cls(
            account=life["account"],
            first_us=first,
            started_us=started,
            stopped_us=stopped,
            changed_us=life["changed_us"],
            per_day=life["n"] * 24 * HOUR_US / np.maximum(last - first, 24 * HOUR_US),
            bins=bins,
            n_alike=np.column_stack([n_alike_inside(np.ascontiguousarray(column)) for column in bins.T]),
            n_known=np.count_nonzero(bins, axis=0),
            starts_by_hour=np.bincount((known - origin) // HOUR_US, minlength=(end - origin) // HOUR_US + 1),
            origin_us=origin,
        )

    def of(self, accounts: NDArray[np.uint64]) -> Lives:
        """Lives of the accounts of a family, against all others."""
        rows = self._index.positions(accounts)
        started = self.started_us[rows]
        mine = (started[started > 0] - self.origin_us) // HOUR_US
        bins = self.bins[rows]
        return Lives(
            first_us=self.first_us[rows],
            started_us=started,
            stopped_us=self.stopped_us[rows],
            changed_us=self.changed_us[rows],
            per_day=self.per_day[rows],
            bins=bins,
            p_background=self._background(bins, self.n_alike[rows]),
            starts_outside=self.starts_by_hour - np.bincount(mine, minlength=len(self.starts_by_hour)),
            origin_us=self.origin_us,
        )

    def _background(self, bins: NDArray[np.uint64], n_alike: NDArray[np.int64]) -> NDArray[np.float64]:
        """Shares of the others; columns with too few events to judge stay at 1."""
        n_inside = np.count_nonzero(bins, axis=0)
        n_outside = np.maximum(self.n_known - n_inside, 0)
        return np.asarray(event_shares(bins, n_alike, n_outside, FEWEST_EVENTS), np.float64)


def _bins(when_us: NDArray[np.int64], what: NDArray[np.uint64], hours: int) -> NDArray[np.uint64]:
    """Hash of bin and kind, 0 where there was no event."""
    return np.where(when_us > 0, mix((when_us // (hours * HOUR_US)).astype(np.uint64), what), np.uint64(0))
