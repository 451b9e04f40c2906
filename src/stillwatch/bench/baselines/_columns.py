"""What several baselines read of traffic: fingerprints of exchanges, prompt openings, and counts by account."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.baselines._kernels_prompts import leading_tokens
from stillwatch.model.baseline import Traffic
from stillwatch.model.exchange import EXCHANGE
from stillwatch.sketch.fingerprint import fingerprint
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.hash import mix_columns
from stillwatch.sketch.strings import strings_of

__all__ = ["accounts_of", "codes", "distinct_pairs", "fingerprint_columns", "opening_tokens", "openings"]

_ROWS: Final = 100_000
_SOURCES: Final = {
    "content": (("prompt_text",),),
    "elicitation": (("prompt_text",), ("system_text",)),
    "system": (("system_text",),),
    "build": (("client_build", "user_agent"),),
    "prefix": (("client_address",),),
    "tls": (("tls_fingerprint",),),
    "model": (("model",),),
}
"""Columns of FINGERPRINT that baselines use, and what each is made from; marks of several sources are put together, so
that long texts need not be in memory at once."""


def fingerprint_columns(traffic: Traffic, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Columns of FINGERPRINT by name, in order of time, after ``account`` (int64) and ``time_us`` (int64).

    names       Among content, elicitation, system, build, prefix, tls, model.
    """
    times = traffic.read(["time"])
    columns = {"account": accounts_of(times), "time_us": times["time"].cast(pa.int64()).to_numpy()}
    for sources in dict.fromkeys(sources for name in names for sources in _SOURCES[name]):
        wanted = [name for name in names if sources in _SOURCES[name]]
        for name, values in _read_and_print(traffic, sources, wanted).items():
            columns[name] = values if name not in columns else columns[name] | values
    return columns


def _read_and_print(traffic: Traffic, sources: Sequence[str], names: Sequence[str]) -> dict[str, NDArray[Any]]:
    table = traffic.read(sources)
    empty = pa.RecordBatch.from_pylist([], table.schema)
    parts = [_fingerprinted(batch, names) for batch in [empty, *table.to_batches(_ROWS)]]
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _fingerprinted(batch: pa.RecordBatch, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    known = set(batch.schema.names)
    arrays = [batch[f.name] if f.name in known else pa.nulls(len(batch), f.type) for f in EXCHANGE]
    prints = fingerprint(pa.record_batch(arrays, schema=EXCHANGE))
    return {name: prints[name].to_numpy(zero_copy_only=False) for name in names}


def accounts_of(table: pa.Table) -> NDArray[np.int64]:
    """Account of each row of a table that `Traffic.read` gave."""
    return np.asarray(table["account"].to_numpy()).astype(np.int64)


def opening_tokens(texts: pa.ChunkedArray | pa.Array, n_tokens: int) -> NDArray[np.uint64]:
    """First tokens of each text, shape (rows, n_tokens); 0 past the end, numbers alike.

    >>> first, second = opening_tokens(pa.array(["Grade answer 17 now", "grade Answer 4"]), 3).tolist()
    >>> first == second
    True
    """
    return leading_tokens(strings_of(texts), fold_tables(), n_tokens)


def openings(texts: pa.ChunkedArray | pa.Array, n_tokens: int) -> NDArray[np.uint64]:
    """Hash of the first `n_tokens` tokens of each text; of all when it has fewer, 0 when it has none."""
    parts = [np.zeros(0, np.uint64)]
    for first in range(0, len(texts), _ROWS):
        tokens = opening_tokens(texts.slice(first, _ROWS), n_tokens)
        parts.append(mix_columns(*np.ascontiguousarray(tokens.T)))
    return np.concatenate(parts)


def codes(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Numbers 0, 1, ... for distinct hashes, ascending; -1 for 0, which is unknown.

    >>> codes(np.array([7, 0, 9, 7], np.uint64)).tolist()
    [0, -1, 1, 0]
    """
    values, inverse = np.unique(hashes, return_inverse=True)
    return np.asarray(inverse - int(len(values) > 0 and values[0] == 0), np.int64)


def distinct_pairs(
    first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct pairs, ascending, and how often each occurs; numbers are at least 0 and below 2^31.

    >>> [part.tolist() for part in distinct_pairs(np.array([1, 0, 1]), np.array([2, 5, 2]))]
    [[0, 1], [5, 2], [1, 2]]
    """
    keys, count = np.unique(first.astype(np.int64) << 32 | second.astype(np.int64), return_counts=True)
    return keys >> 32, keys & 0xFFFFFFFF, count.astype(np.int64)
