"""The exchanges that a watch has before it, and which of them are counted."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.model.column import Column, schema_of
from stillwatch.model.engine import Dataset, Engine
from stillwatch.sketch import hash_strings
from stillwatch.state.closings import REMEMBERED, Closing, known_hashes
from stillwatch.state.inputs import Input
from stillwatch.stats.lookup import among

__all__ = ["Pending"]

_SEEN: pa.Schema = schema_of(
    "seen",
    (
        Column("exchange", pa.uint64(), "Hash of the exchange id.", required=True),
        Column("time_us", pa.int64(), "Microseconds since 1970.", required=True),
    ),
)


@dataclass
class Pending:
    """All exchanges that were read, row by row.

    exchange    Hashes of their ids, each once. Shape n.
    time_us     Microseconds since 1970. Shape n.
    is_counted  By a closing. Shape n.
    horizon_us  What is older and not counted is too late.
    """

    exchange: NDArray[np.uint64]
    time_us: NDArray[np.int64]
    is_counted: NDArray[np.bool_]
    horizon_us: int = -1

    @classmethod
    def of(cls, engine: Engine, exchanges: Dataset, known: list[Closing], period_us: int) -> Self:
        """From table EXCHANGE and the closings so far."""

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            time_us = batch["time"].cast(pa.int64())
            return pa.record_batch([pa.array(hash_strings(batch["exchange_id"])), time_us], schema=_SEEN)

        table = engine.map(exchanges.select(["exchange_id", "time"]), step, _SEEN).to_table()
        exchange, time_us = (table[name].to_numpy() for name in _SEEN.names)
        found = cls(exchange, time_us, among(known_hashes(known), exchange))
        if known:
            found._remember_until(known[-1].end_us, period_us)
            if known[0].number > 1:
                found.horizon_us = max(found.horizon_us, known[0].start_us)
        return found

    def uncounted(self, end_us: int) -> NDArray[np.bool_]:
        """Rows from before `end_us` that no closing has counted and that are not too late."""
        return ~self.is_counted & (self.time_us < end_us) & (self.time_us >= self.horizon_us)

    def count(self, rows: NDArray[np.bool_], end_us: int, period_us: int) -> None:
        """A closing that ends there has counted these rows."""
        self.is_counted |= rows
        self._remember_until(end_us, period_us)

    def _remember_until(self, end_us: int, period_us: int) -> None:
        self.horizon_us = max(self.horizon_us, end_us - REMEMBERED * period_us)

    @property
    def n_too_late(self) -> int:
        """Rows that are left out."""
        return int((~self.is_counted & (self.time_us < self.horizon_us)).sum())

    def start_us(self, known: list[Closing], period_us: int) -> int | None:
        """Where the next period to be closed begins: the last closing's end, else the first exchange's period."""
        if known:
            return known[-1].end_us
        first = self._first_us()
        return None if first is None else first - first % period_us

    def end_us(self, start_us: int, due_us: int, period_us: int) -> int:
        """Where it ends: at the next boundary, or behind a gap without exchanges, `due_us` at most."""
        first = self._first_us()
        quiet = due_us if first is None else min(due_us, first - first % period_us)
        return max(start_us - start_us % period_us + period_us, quiet)

    def limit_us(self, period_us: int) -> int:
        """Up to where periods may be closed: one quiet period behind the newest exchange, whatever the clock says.

        Were they closed up to a clock that has jumped ahead, all that comes once it is right again would be too late.
        """
        newest = int(self.time_us.max(initial=-1))
        return newest - newest % period_us + 2 * period_us if newest >= 0 else 0

    def _first_us(self) -> int | None:
        rows = self.uncounted(np.iinfo(np.int64).max)
        return int(self.time_us[rows].min()) if rows.any() else None

    def digest(self, rows: NDArray[np.bool_]) -> str | None:
        """Digest of these rows as an input, None when there are none."""
        if not rows.any():
            return None
        return Input().with_hashes(self.exchange[rows], self.time_us[rows]).digest

    def window(self, last: Closing | None) -> NDArray[np.bool_]:
        """Rows of the last closing, and all that are not counted and not too late."""
        again = among(last.exchange, self.exchange) if last is not None else np.zeros(len(self.exchange), np.bool_)
        return again | self.uncounted(np.iinfo(np.int64).max)
