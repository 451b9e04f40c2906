"""Which logs were counted already, so that no exchange counts twice: a digest and a sample of exchange ids each."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.memory.tables import rows_where
from stillwatch.detect.views.mixing import mix
from stillwatch.errors import InvalidInput
from stillwatch.model.column import Column, schema_of
from stillwatch.model.engine import Dataset, Engine
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import among

__all__ = ["DAY_US", "INPUT", "Input", "InputMemory", "day_words"]

DAY_US: Final = 86_400_000_000
SAMPLE: Final = 2_048
"""Smallest hashes of exchange ids kept of an input: an overlap of one in a hundred shows in about twenty of them."""
MOST_OVERLAP: Final = 0.01
"""Logs that are cut by hour or day repeat a few rows at the seams; more than this were counted before."""

INPUT: pa.Schema = schema_of(
    "input",
    (
        Column("digest", pa.string(), "Digest of all exchange ids and times, whatever their order.", required=True),
        Column("day", pa.int32(), "Day of the last exchange, days since 1970.", required=True),
        Column("first_us", pa.int64(), "First exchange, microseconds since 1970.", required=True),
        Column("last_us", pa.int64(), "Last exchange.", required=True),
        Column("n", pa.int64(), "Exchanges.", required=True),
        Column("sample", pa.list_(pa.uint64()), "The smallest hashes of exchange ids, ascending.", required=True),
    ),
)


@dataclass(frozen=True, slots=True)
class Input:
    """What tells one set of exchanges from another; merging is commutative.

    total, parity   Sum and exclusive or of the hashes of id and time.
    sample          The smallest hashes of ids, ascending, `SAMPLE` at most.
    """

    n: int = 0
    first_us: int = np.iinfo(np.int64).max
    last_us: int = np.iinfo(np.int64).min
    total: int = 0
    parity: int = 0
    sample: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))

    @classmethod
    def of(cls, engine: Engine, exchanges: Dataset) -> Self:
        """Of all exchanges, table EXCHANGE."""
        found: Self = engine.reduce(exchanges.select(["exchange_id", "time"]), cls, cls.add)
        return found

    def add(self, batch: pa.RecordBatch) -> Self:
        """With the exchanges of a batch."""
        if not batch.num_rows:
            return self
        exchange = hash_strings(batch.column("exchange_id"))
        return self.with_hashes(exchange, batch.column("time").cast(pa.int64()).to_numpy(zero_copy_only=False))

    def with_hashes(self, exchange: NDArray[np.uint64], time_us: NDArray[np.int64]) -> Self:
        """With one exchange or more, by the hashes of their ids and their times."""
        both = mix(exchange, time_us.astype(np.uint64))
        one = type(self)(
            len(exchange),
            int(time_us.min()),
            int(time_us.max()),
            int(np.add.reduce(both)),
            int(np.bitwise_xor.reduce(both)),
            np.unique(mix(exchange))[:SAMPLE],
        )
        return self.merge(one)

    def merge(self, other: Self) -> Self:
        """Both as one."""
        return type(self)(
            self.n + other.n,
            min(self.first_us, other.first_us),
            max(self.last_us, other.last_us),
            (self.total + other.total) % (1 << 64),
            self.parity ^ other.parity,
            np.unique(np.concatenate([self.sample, other.sample]))[:SAMPLE],
        )

    @property
    def day(self) -> int:
        """Day of the last exchange, days since 1970."""
        return self.last_us // DAY_US

    @property
    def digest(self) -> str:
        """The same for the same exchanges in any order and files."""
        known = f"{self.n} {self.first_us} {self.last_us} {self.total} {self.parity} ".encode()
        return hashlib.blake2b(known + self.sample.astype("<u8").tobytes(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class InputMemory:
    """Inputs counted in the window: table INPUT, sorted by digest."""

    table: pa.Table = field(default_factory=INPUT.empty_table)

    @classmethod
    def of_day(cls, seen: Input) -> Self:
        """One input."""
        row = {"digest": seen.digest, "day": seen.day, "sample": seen.sample.tolist()}
        row |= {"first_us": seen.first_us, "last_us": seen.last_us, "n": seen.n}
        return cls(pa.Table.from_pylist([row], schema=INPUT))

    def merge(self, other: Self) -> Self:
        """Inputs of both; one that both have counts once."""
        both = pa.concat_tables([self.table, other.table])
        digests, at = np.unique(np.array(both["digest"].to_pylist(), str), return_index=True)
        del digests
        return type(self)(both.take(pa.array(at, pa.int64())).combine_chunks())

    def since(self, day: int) -> Self:
        """Inputs of `day` or later."""
        return type(self)(rows_where(self.table, self.table["day"].to_numpy() >= day))

    def check(self, seen: Input) -> None:
        """Refuse exchanges that were counted before.

        Raises  InvalidInput when more than one in a hundred were, as far as samples show.
        """
        for row in self.table.to_pylist():
            if (share := _overlap(seen, row)) > MOST_OVERLAP or row["digest"] == seen.digest:
                msg = (
                    f"{share:.0%} of these exchanges were counted already, in a scan of the logs of "
                    f"{day_words(row['first_us'])} to {day_words(row['last_us'])} ({row['n']:,} exchanges); "
                    f"give only newer logs, or start anew with another --state folder"
                )
                raise InvalidInput(msg)


def _overlap(seen: Input, row: Mapping[str, Any]) -> float:
    """Share of the new exchanges that the earlier input holds, among those that both samples would show."""
    earlier = np.array(row["sample"], np.uint64)
    ends = [int(s[-1]) for s, n in ((earlier, row["n"]), (seen.sample, seen.n)) if len(s) == SAMPLE and n > SAMPLE]
    mine = seen.sample[seen.sample <= np.uint64(min(ends, default=(1 << 64) - 1))]
    return float(among(earlier, mine).mean()) if len(mine) else 0.0


def day_words(time_us: int) -> str:
    """Day of a time as people write it.

    >>> day_words(86_400_000_000)
    '1970-01-02'
    """
    return f"{datetime.fromtimestamp(time_us / 1e6, UTC):%Y-%m-%d}"
