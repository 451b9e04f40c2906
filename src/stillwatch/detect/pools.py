"""Known lists of questions, and which exchanges send items of them: a public set, or what an earlier campaign sent.

A pool of texts is a count of its own four-word phrases. A prompt belongs to it when nine words or more in a row are
found there, whatever stands around them: the cutter of segments reads the prompt with the pool's counts in place of the
traffic's. Phrases that more than four items share are the pool's wording, not its questions, and are left out. A pool
of hashes is what is kept of a campaign: the fills of its templates and its bare prompts, no text. It finds the same
items again, in the same template or bare, and merges with others by union.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.ingest.pool_files import read_pool
from stillwatch.model.campaign import Verdict
from stillwatch.model.column import Column, schema_of
from stillwatch.model.engine import Dataset, Engine
from stillwatch.model.findings import Findings
from stillwatch.model.view import Grouping
from stillwatch.sketch import PhraseCounts, hash_strings, segments
from stillwatch.stats.lookup import among

__all__ = ["POOL", "POOLED", "HashPool", "Pool", "TextPool", "asked_by", "load_pool", "pooled", "pooled_exchanges"]

_PHRASES_AN_ITEM: Final = 16
_MOST_ITEMS: Final = 4
_REPEATS: Final = 32
"""The cutter wants phrases that recur in twenty prompts: every item counts as so many."""

POOL: pa.Schema = schema_of(
    "pool", (Column("hash", pa.uint64(), "Hash of a fill or of a whole prompt.", required=True),)
)

POOLED_COLUMNS: tuple[Column, ...] = (
    Column("exchange", pa.uint64(), "Exchange hash.", required=True),
    Column("pool", pa.uint64(), "Hash of the pool whose item it sends.", required=True),
)
POOLED: pa.Schema = schema_of("pooled", POOLED_COLUMNS)


@dataclass(frozen=True, slots=True)
class TextPool:
    """A pool whose texts are known.

    key     Hash that names the pool, from its items alone.
    counts  Its phrases, as the cutter reads them.
    whole   Hashes of its texts, ascending; short ones are only found by these.
    """

    key: int
    counts: PhraseCounts
    whole: NDArray[np.uint64]

    @classmethod
    def of(cls, texts: pa.Array) -> Self:
        """Count the phrases of distinct texts.

        >>> pool = TextPool.of(pa.array(["Which of the two trains that leave at nine arrives first in Leeds?"]))
        >>> pool.holds(pa.array(["Think! Which of the two trains that leave at nine arrives first in Leeds? Thanks"]))
        array([ True])
        """
        counts = PhraseCounts.empty(_PHRASES_AN_ITEM * len(texts)).add(texts, np.ones(len(texts), np.bool_))
        counts.cells[counts.cells > _MOST_ITEMS] = 0
        counts.cells *= np.uint32(_REPEATS)
        whole = np.sort(hash_strings(texts))
        return cls(_key(whole), counts, whole)

    def holds(self, texts: pa.Array) -> NDArray[np.bool_]:
        """Whether each text sends an item."""
        ids = pa.array(np.arange(len(texts)).astype(str), pa.string())
        cut, _ = segments(pa.record_batch({"exchange_id": ids, "prompt_text": texts}), self.counts)
        return np.asarray((cut["signature_0"].to_numpy() != 0) | among(self.whole, hash_strings(texts)), np.bool_)


@dataclass(frozen=True, slots=True)
class HashPool:
    """A pool of which only hashes are kept: no text can be read from it, though one can be recognised.

    hashes  Of fills and of whole prompts, ascending, each once; 0 is none.
    """

    hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, *parts: NDArray[np.uint64]) -> Self:
        """From any arrays of hashes.

        >>> HashPool.of(np.array([5, 0, 3], np.uint64), np.array([3], np.uint64)).hashes.tolist()
        [3, 5]
        """
        found = np.unique(np.concatenate([np.zeros(0, np.uint64), *parts]))
        return cls(found[found != 0])

    @property
    def key(self) -> int:
        """Hash that names the pool, from its items alone."""
        return _key(self.hashes)

    def merge(self, other: Self) -> Self:
        """Both as one."""
        return type(self).of(self.hashes, other.hashes)

    def save(self, path: Path) -> None:
        """Write it where `load_pool` finds it, for its owner alone: whoever reads it can test guesses of prompts."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            pq.write_table(pa.table({"hash": self.hashes}, schema=POOL), file, compression="zstd")


Pool = TextPool | HashPool


def load_pool(path: Path) -> Pool:
    """Read a pool: texts as `read_pool` takes them, or hashes as `HashPool.save` writes them.

    Raises  As `read_pool`; InvalidInput when a saved pool holds nothing.
    """
    try:
        is_saved = path.is_file() and pq.read_schema(path).equals(POOL)
    except (OSError, pa.ArrowException):
        is_saved = False
    if not is_saved:
        return TextPool.of(read_pool(path))
    try:
        pool = HashPool.of(pq.ParquetFile(path).read()["hash"].to_numpy())
    except (OSError, pa.ArrowException) as wrong:
        msg = f"pool {path} is damaged; save it again"
        raise UnreadableSource(msg) from wrong
    if not len(pool.hashes):
        msg = f"pool {path} must hold at least 1 item, got 0"
        raise InvalidInput(msg)
    return pool


def _key(ascending: NDArray[np.uint64]) -> int:
    """One hash of all; the same items give the same one."""
    return int(hash_strings(pa.array([ascending.astype("<u8").tobytes().hex()]))[0])


def pooled_exchanges(engine: Engine, exchanges: Dataset, rows: Dataset, pools: Sequence[Pool]) -> pa.Table:
    """Exchanges that send an item of a pool, table POOLED, ascending; the first of the pools that holds it.

    exchanges   Table EXCHANGE, read when there are pools of texts.
    rows        Sketched rows, read when there are pools of hashes.
    """
    found = (
        _texts(engine, exchanges, pool) if isinstance(pool, TextPool) else _hashes(engine, rows, pool) for pool in pools
    )
    table = pa.concat_tables([POOLED.empty_table(), *found])
    exchange, first = np.unique(table["exchange"].to_numpy(), return_index=True)
    return pa.table({"exchange": exchange, "pool": table["pool"].to_numpy()[first]}, schema=POOLED)


def pooled(grouping: Grouping, sketched: pa.RecordBatch, batch: pa.RecordBatch, pools: Sequence[Pool]) -> Grouping:
    """The same grouping, for some exchanges alone: which of them send an item of a pool.

    sketched    Their sketched rows.
    batch       The exchanges.
    """
    found = [_held_text(batch, pool) if isinstance(pool, TextPool) else _held_hashes(sketched, pool) for pool in pools]
    table = pa.Table.from_batches(found, POOLED)
    exchange, first = np.unique(table["exchange"].to_numpy(), return_index=True)
    return replace(grouping, pooled_exchange=exchange, pooled_key=table["pool"].to_numpy()[first])


def asked_by(engine: Engine, rows: Dataset, findings: Findings) -> HashPool:
    """Fills and whole prompts of all exchanges that the findings call a harvest."""
    harvests = [c.campaign_id for c in findings.campaigns if c.verdict is Verdict.HARVEST]
    accused = findings.exchanges.filter(pc.is_in(findings.exchanges["campaign_id"], value_set=pa.array(harvests)))
    wanted = np.sort(hash_strings(accused["exchange_id"]))

    def step(batch: pa.RecordBatch) -> pa.RecordBatch:
        sent = batch.filter(pa.array(among(wanted, batch["exchange"].to_numpy())))
        return pa.record_batch([np.r_[sent["content"].to_numpy(), sent["fill"].to_numpy()]], schema=POOL)

    return HashPool.of(
        engine.map(rows.select(["exchange", "content", "fill"]), step, POOL).to_table()["hash"].to_numpy()
    )


def _texts(engine: Engine, exchanges: Dataset, pool: TextPool) -> pa.Table:
    columns = exchanges.select(["exchange_id", "prompt_text"])
    return engine.map(columns, lambda batch: _held_text(batch, pool), POOLED).to_table()


def _held_text(batch: pa.RecordBatch, pool: TextPool) -> pa.RecordBatch:
    return _matched(hash_strings(batch["exchange_id"])[pool.holds(batch["prompt_text"])], pool)


def _hashes(engine: Engine, rows: Dataset, pool: HashPool) -> pa.Table:
    columns = rows.select(["exchange", "content", "fill"])
    return engine.map(columns, lambda batch: _held_hashes(batch, pool), POOLED).to_table()


def _held_hashes(batch: pa.RecordBatch, pool: HashPool) -> pa.RecordBatch:
    values: dict[str, NDArray[Any]] = {name: batch[name].to_numpy() for name in ("exchange", "content", "fill")}
    held = among(pool.hashes, values["content"]) | among(pool.hashes, values["fill"])
    return _matched(values["exchange"][held], pool)


def _matched(exchange: NDArray[np.uint64], pool: Pool) -> pa.RecordBatch:
    return pa.record_batch([exchange, np.full(len(exchange), pool.key, np.uint64)], schema=POOLED)
