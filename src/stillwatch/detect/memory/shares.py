"""How often clients and kinds of content were seen in earlier windows, by epoch."""

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import pyarrow as pa

from stillwatch.detect.memory.tables import rows_where
from stillwatch.model.column import Column, schema_of
from stillwatch.stats.summary import Summary

__all__ = ["SHARE", "ShareMemory"]

SHARE: pa.Schema = schema_of(
    "share",
    (
        Column("epoch", pa.int32(), "Half a window, counted from 1970.", required=True),
        Column("kind", pa.uint8(), "0 a cell of content, 1 a client.", required=True),
        Column("key", pa.uint64(), "Hash of the cell or client.", required=True),
        Column("n", pa.int64(), "Exchanges.", required=True),
    ),
)
KINDS: Final = ("cell", "client")


@dataclass(frozen=True, slots=True)
class ShareMemory:
    """Exchanges of earlier windows by epoch, kind and key: table SHARE, sorted by these."""

    table: pa.Table = field(default_factory=SHARE.empty_table)

    @classmethod
    def of_day(cls, epoch: int, counts: dict[str, pa.Table]) -> Self:
        """From a table with the columns of its kind and n, for each kind."""
        parts = [
            pa.table(
                [
                    pa.array(np.full(len(table), epoch), pa.int32()),
                    pa.array(np.full(len(table), KINDS.index(kind)), pa.uint8()),
                    table[kind].cast(pa.uint64()),
                    table["n"].cast(pa.int64()),
                ],
                schema=SHARE,
            )
            for kind, table in counts.items()
        ]
        return cls(_sums(parts))

    def merge(self, other: Self) -> Self:
        """Sums of both."""
        return type(self)(_sums([self.table, other.table]))

    def since(self, epoch: int) -> Self:
        """What was counted in `epoch` or later."""
        return type(self)(rows_where(self.table, self.table["epoch"].to_numpy() >= epoch))

    def counted(self, kind: str, today: pa.Table) -> pa.Table:
        """A new window's counts, columns `kind` and n, with those of the earlier ones; sorted by `kind`."""
        mine = rows_where(self.table, self.table["kind"].to_numpy() == KINDS.index(kind))
        if not len(mine):
            return today
        columns = pa.schema([(kind, pa.uint64()), ("n", pa.int64())])
        earlier = pa.table([mine["key"], mine["n"]], schema=columns)
        return Summary((kind,), ("n",)).add(today.select([kind, "n"]).cast(columns)).add(earlier).table()


def _sums(tables: list[pa.Table]) -> pa.Table:
    keys = ("epoch", "kind", "key")
    return Summary(keys, ("n",), tables=[SHARE.empty_table(), *tables]).table().cast(SHARE)
