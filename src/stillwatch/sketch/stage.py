"""All exchanges to fingerprints: three passes over the prompts, and templates at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.model.column import Column, schema_of
from stillwatch.model.engine import Dataset, Engine
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.fingerprint import FINGERPRINT_COLUMNS, SEGMENT_COLUMNS, SEGMENTS_PER_PROMPT, SIGNATURE_LENGTH
from stillwatch.model.progress import Stages
from stillwatch.model.view import Fingerprints
from stillwatch.sketch.fingerprint import sketch
from stillwatch.sketch.hash import hash_strings
from stillwatch.sketch.memory import Counted, PhraseMemory
from stillwatch.sketch.phrases import PhraseCounts
from stillwatch.sketch.signatures import SignatureBook, Signatures
from stillwatch.sketch.templates import Templates, cluster
from stillwatch.stats.lookup import among
from stillwatch.stats.summary import Firsts

__all__ = ["SKETCHED", "Sketched", "fingerprints_of", "sketch_exchanges"]

SKETCHED: pa.Schema = schema_of(
    "sketched",
    (
        *FINGERPRINT_COLUMNS,
        *SEGMENT_COLUMNS,
        Column("signatures", pa.binary(), "Signatures of the batch, in its first row only."),
    ),
)
_FINGERPRINT_INPUT = [name for name in EXCHANGE.names if name != "output_text"]


@dataclass(frozen=True, slots=True)
class Sketched:
    """Fingerprints of all exchanges, row-aligned with these, and what they were cut with.

    counted     What these exchanges add to the counts of earlier ones.
    """

    rows: Dataset
    counts: PhraseCounts
    book: SignatureBook
    templates: Templates
    counted: Counted


def sketch_exchanges(
    engine: Engine, exchanges: Dataset, stages: Stages, memory: PhraseMemory | None = None
) -> Sketched:
    """Count the phrases of distinct prompts, cut segments by their counts, cluster these into templates.

    memory  What is remembered of earlier prompts; None when nothing is kept.
    """
    total = exchanges.count()
    with stages.stage("distinct prompts"):
        contents, chosen = _representatives(engine, exchanges, memory or PhraseMemory())
    with stages.stage("count phrases"):
        n_prompts = len(chosen) if memory is None else memory.room(len(chosen))
        counted = Counted(_count_phrases(engine, exchanges, chosen, n_prompts), contents)
        counts = counted.counts if memory is None else memory.all_with(counted.counts)
    with stages.stage("cut segments"):
        step = stages.counting("cut segments", total, _sketch_with(counts), lambda batch: batch.num_rows)
        rows = engine.map(exchanges.select(_FINGERPRINT_INPUT), step, SKETCHED)
    with stages.stage("cluster templates"):
        parts = rows.to_table(["signatures"])["signatures"].drop_null().to_pylist()
        book = reduce(SignatureBook.merge, map(_decoded, parts), SignatureBook.empty())
        templates = cluster(book, known=None if memory is None else memory.leaders.book())
    return Sketched(rows, counts, book, templates, counted)


def _representatives(
    engine: Engine, exchanges: Dataset, memory: PhraseMemory
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Hashes, ascending: of distinct prompts not counted yet, and of the exchange with the smallest hash of each."""

    def fold(firsts: Firsts, batch: pa.RecordBatch) -> Firsts:
        content = hash_strings(batch.column("prompt_text"))
        table = pa.table({"content": content, "exchange": hash_strings(batch.column("exchange_id"))})
        return firsts.add(table.filter(pa.array((content != 0) & ~among(memory.contents, content))))

    columns = exchanges.select(["exchange_id", "prompt_text"])
    found = engine.reduce(columns, lambda: Firsts("content", ("exchange",)), fold).table()
    if found is None:
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64)
    return found["content"].to_numpy(), np.sort(found["exchange"].to_numpy())


def _count_phrases(
    engine: Engine, exchanges: Dataset, chosen: NDArray[np.uint64], n_prompts_expected: int
) -> PhraseCounts:

    def fold(counts: PhraseCounts, batch: pa.RecordBatch) -> PhraseCounts:
        exchange = hash_strings(batch.column("exchange_id"))
        counts.add(batch.column("prompt_text"), among(chosen, exchange))
        return counts

    columns = exchanges.select(["exchange_id", "prompt_text"])
    return engine.reduce(columns, lambda: PhraseCounts.empty(n_prompts_expected), fold)


def _sketch_with(counts: PhraseCounts) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    def step(batch: pa.RecordBatch) -> pa.RecordBatch:
        prints, cut, book = sketch(batch, counts)
        signatures = [_encoded(book)] + [None] * (batch.num_rows - 1) if batch.num_rows else []
        columns = [*prints.columns, *cut.columns, pa.array(signatures, pa.binary())]
        return pa.RecordBatch.from_arrays(columns, schema=SKETCHED)

    return step


def _encoded(book: SignatureBook) -> bytes:
    """A book as an Arrow stream, so that it can travel in a column."""
    found = book.signatures
    table = pa.table(
        {
            "signature": found.signature,
            "minhashes": pa.FixedSizeListArray.from_arrays(pa.array(found.minhashes.ravel()), SIGNATURE_LENGTH),
            "rows": found.rows,
            "exchange": found.exchange,
            "span": pa.FixedSizeListArray.from_arrays(pa.array(found.span.ravel()), 2),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _decoded(data: bytes) -> SignatureBook:
    table = pa.ipc.open_stream(data).read_all()
    flat = {name: table[name].combine_chunks().flatten().to_numpy() for name in ("minhashes", "span")}
    return SignatureBook(
        (
            Signatures(
                table["signature"].to_numpy(),
                flat["minhashes"].reshape(-1, SIGNATURE_LENGTH),
                table["rows"].to_numpy(),
                table["exchange"].to_numpy(),
                flat["span"].reshape(-1, 2),
            ),
        )
    )


def fingerprints_of(batch: pa.RecordBatch | pa.Table, templates: Templates) -> Fingerprints:
    """Columns as arrays, each signature replaced by its template."""
    arrays = {
        name: batch[name].to_numpy(zero_copy_only=False)
        if isinstance(batch, pa.RecordBatch)
        else batch[name].to_numpy()
        for name in batch.schema.names
        if name != "signatures"
    }
    for i in range(SEGMENTS_PER_PROMPT):
        arrays[f"signature_{i}"] = templates.lookup(arrays[f"signature_{i}"])
    return arrays
