"""What is remembered of families: their newest exchanges as numbers and hashes, so that each can be measured again.

Effects of separate days cannot simply be averaged: what an account repeats tomorrow, how alike the questions of a week
are, whose turn it is at midnight. So the rows that a family is measured on are kept, no more than `MOST_ROWS` a family.
A small family is judged on all that it sent in the window, as if it were scanned whole; a large one shows enough in
its newest rows. Whose turn it is, is a bet on each exchange given those before: what is left out before the first row
kept is a past that nobody bets on, so the e-value stays one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.attribution import CELL_MEMBER_COLUMNS
from stillwatch.detect.families import MEMBER_COLUMNS
from stillwatch.detect.memory.tables import merged, rows_where
from stillwatch.detect.views.mixing import mix
from stillwatch.model.column import schema_of
from stillwatch.stats.lookup import among
from stillwatch.stats.summary import Summary

__all__ = ["KEPT", "MOST_ROWS", "MOST_ROWS_IN_ALL", "FamilyMemory", "newest", "small"]

MOST_ROWS: Final = 2_000
"""Exchanges remembered of one family, the newest; a campaign's accounts take part in several families."""
FEWEST_ACCOUNTS: Final = 2
"""What one account alone sends is no family yet."""
MOST_ROWS_IN_ALL: Final = 20_000_000
"""Above this every family keeps fewer."""

_HELD: Final = {column.name for column in MEMBER_COLUMNS}
KEPT: pa.Schema = schema_of(
    "kept", (*MEMBER_COLUMNS, *(column for column in CELL_MEMBER_COLUMNS if column.name not in _HELD))
)
_STREAM: Final = pa.schema([("family", pa.uint64()), ("account", pa.uint64()), ("n", pa.int64())])
_ORDER: Final = ("family", "time_us", "exchange")


@dataclass(frozen=True, slots=True)
class FamilyMemory:
    """Exchanges of families: table KEPT, sorted by family, time and exchange."""

    rows: pa.Table = field(default_factory=KEPT.empty_table)

    def merge(self, other: Self) -> Self:
        """The newest rows of both; a row that both have counts once."""
        return type(self)(newest(merged([self.rows, other.rows], _ORDER), MOST_ROWS))

    def since(self, time_us: int) -> Self:
        """Rows of that time or later."""
        return type(self)(rows_where(self.rows, self.rows["time_us"].to_numpy() >= time_us))

    def without(self, families: NDArray[np.uint64]) -> Self:
        """Rows of all but those families (ascending)."""
        return type(self)(rows_where(self.rows, ~among(families, self.rows["family"].to_numpy())))

    def residue(self, narrow: NDArray[np.uint64], wide: NDArray[np.uint64]) -> Self:
        """Rows of wide streams whose exchange is in no narrow one, as far as rows of both are kept.

        narrow, wide    Streams, `mix` of family and account, ascending.
        """
        stream = mix(self.rows["family"].to_numpy(), self.rows["account"].to_numpy())
        exchange = self.rows["exchange"].to_numpy()
        told = np.unique(exchange[among(narrow, stream)])
        return type(self)(rows_where(self.rows, among(wide, stream) & ~among(told, exchange)))

    def bounded(self) -> Self:
        """No more than `MOST_ROWS_IN_ALL` rows: fewer of every family, where there are too many."""
        rows, most = self.rows, MOST_ROWS
        while len(rows) > MOST_ROWS_IN_ALL and most > 1:
            most //= 2
            rows = newest(rows, most)
        return type(self)(rows)

    def streams(self, today: pa.Table, *, everywhere: bool = False) -> pa.Table:
        """Streams of a new window (family, account, n) with what is remembered, sorted by family and account.

        everywhere  Families that the new window does not touch as well; else these are left out.
        """
        if not len(self.rows):
            return today
        once = pa.array(np.ones(len(self.rows), np.int64))
        earlier = pa.table([self.rows["family"], self.rows["account"], once], schema=_STREAM)
        if not everywhere:
            touched = np.unique(today["family"].to_numpy())
            earlier = rows_where(earlier, among(touched, earlier["family"].to_numpy()))
        return Summary(("family", "account"), ("n",)).add(today.cast(_STREAM)).add(earlier).table()

    def with_rows(
        self, step: Callable[[pa.Table], pa.Table], order_by: Sequence[str]
    ) -> Callable[[pa.Table], pa.Table]:
        """A step on whole families that gets the remembered rows of each with the new ones, sorted as it wants."""
        if not len(self.rows):
            return step
        family = self.rows["family"].to_numpy()

        def together(table: pa.Table) -> pa.Table:
            wanted = np.unique(table["family"].to_numpy())
            bounds = np.searchsorted(family, wanted, "left"), np.searchsorted(family, wanted, "right")
            slices = [self.rows.slice(i, j - i) for i, j in zip(*bounds, strict=True) if j > i]
            if not slices:
                return step(table)
            earlier = pa.concat_tables(slices).select(table.column_names).cast(table.schema)
            keys = [(name, "ascending") for name in ("family", *order_by)]
            return step(pa.concat_tables([table, earlier]).sort_by(keys).combine_chunks())

        return together


def small(streams: pa.Table, eligible: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Families, ascending, that several accounts send and that are too small to be judged. Sorted by family."""
    family, n_accounts = np.unique(streams["family"].to_numpy(), return_counts=True)
    return np.asarray(np.setdiff1d(family[n_accounts >= FEWEST_ACCOUNTS], eligible), np.uint64)


def newest(table: pa.Table, most: int) -> pa.Table:
    """The last `most` rows of each family of a table sorted by family.

    >>> newest(pa.table({"family": [1, 1, 1, 2], "time_us": [1, 2, 3, 1]}), 2).to_pydict()
    {'family': [1, 1, 2], 'time_us': [2, 3, 1]}
    """
    family = table["family"].to_numpy()
    if not len(family):
        return table
    first = np.flatnonzero(np.r_[True, family[1:] != family[:-1]])
    size = np.diff(np.r_[first, len(family)])
    behind = np.repeat(first + size, size) - np.arange(len(family))
    return rows_where(table, behind <= most)
