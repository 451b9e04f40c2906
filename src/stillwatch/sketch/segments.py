"""Pieces of templates in prompts: stretches of text that recur across many distinct prompts with one steady count."""

import numpy as np
import pyarrow as pa

from stillwatch.model.fingerprint import SEGMENTS
from stillwatch.sketch._kernels_elicitation import Prompts
from stillwatch.sketch._kernels_segments import sketch_rows, spans_of
from stillwatch.sketch.elicitation import default_phrases
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.hash import hash_strings
from stillwatch.sketch.phrases import PhraseCounts
from stillwatch.sketch.signatures import SignatureBook
from stillwatch.sketch.strings import strings_of
from stillwatch.sketch.topic import topic_weights

__all__ = ["segment_spans", "segments", "sketch_prompts"]


def segments(batch: pa.RecordBatch, counts: PhraseCounts) -> tuple[pa.RecordBatch, SignatureBook]:
    """Segments of every prompt of a batch of exchanges.

    batch      EXCHANGE; only `exchange_id` and `prompt_text` are read.
    counts     Phrases of all distinct prompts, these included.
    Returns    A batch of SEGMENTS, row by row, and the signatures met.
    """
    _, rows, book = sketch_prompts(batch, counts)
    return rows, book


def sketch_prompts(batch: pa.RecordBatch, counts: PhraseCounts) -> tuple[Prompts, pa.RecordBatch, SignatureBook]:
    """Segments as `segments` gives them, and what fingerprints hold of the words of the same prompts."""
    counters = (counts.cells, counts.words, topic_weights(counts.n_prompts))
    strings, exchanges = strings_of(batch["prompt_text"]), hash_strings(batch["exchange_id"])
    prompts, cut, book = sketch_rows(strings, exchanges, fold_tables(), counters, default_phrases())
    columns = [*np.ascontiguousarray(cut.signatures.T), cut.fills, cut.topics]
    rows = pa.record_batch([pa.array(column) for column in columns], schema=SEGMENTS)
    return prompts, rows, SignatureBook.of_kernel(book)


def segment_spans(text: str, counts: PhraseCounts) -> list[tuple[int, int]]:
    """Bytes of `text` (first, past the end) that are segments; what lies between them are a template's slots.

    >>> sent = [f"Think it through step by step and then grade the answer of {n}: {n * n}" for n in range(30)]
    >>> template = "think it through, step by step, and then grade the answer of Kim: yes"
    >>> segment_spans(template, PhraseCounts.empty(30).add(pa.array(sent), np.ones(30, np.bool_)))
    [(0, 60)]
    """
    spans = spans_of(strings_of(pa.array([text], pa.string())), fold_tables(), counts.cells)
    return [(int(first), int(end)) for first, end in spans]
