"""Prompts and traces that people really made, when a folder with them is given."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.errors import MissingData
from stillwatch.simulate.arrays import FloatArray, IntArray
from stillwatch.simulate.prefixes import Prefixes, read_prefixes

__all__ = ["Corpora", "keyword_topics", "read_corpora", "unwrap"]

_LONGEST_CHARS = 6_000
_TOPIC_TEXTS = 60
_WRAPPER_REPEATS = 5
_SHORTEST_CHARS = 16


@dataclass(frozen=True, slots=True)
class Corpora:
    """What a folder of real data gives.

    texts, roles, sources    Prompts, row by row: text, role and base corpus.
    systems                  System prompts, row by row; null where none was recorded.
    chat_tokens, code_tokens    Lengths of a real conversation service's and a real coding service's requests and
                             answers, shape (requests, 2).
    prefixes                 Prefixes that real requests have in common.
    clients                  Per real heavy client: 10-minute windows (s from the start of a Monday), rates, and
                             coefficients of variation of the gaps.
    datacentres              First addresses of real data-centre blocks of 65,536 or more.
    """

    texts: pa.Array
    roles: IntArray
    role_names: tuple[str, ...]
    sources: IntArray
    source_names: tuple[str, ...]
    systems: pa.Array
    chat_tokens: FloatArray
    code_tokens: FloatArray
    prefixes: Prefixes
    clients: tuple[tuple[FloatArray, FloatArray, FloatArray], ...]
    datacentres: IntArray

    def rows(self, *roles: str) -> IntArray:
        """Rows of the given roles."""
        wanted = [i for i, name in enumerate(self.role_names) if name in roles]
        return np.flatnonzero(np.isin(self.roles, wanted))


def _codes(column: pa.ChunkedArray) -> tuple[IntArray, tuple[str, ...]]:
    """Codes and names of a text column, names sorted: independent of the file's order."""
    names = tuple(sorted(pc.unique(pc.cast(column, pa.string())).to_pylist()))
    codes = pc.index_in(pc.cast(column, pa.string()), value_set=pa.array(names))
    return codes.to_numpy().astype(np.int64), names


def _clients(path: Path, fewest_windows: int = 300) -> tuple[tuple[FloatArray, FloatArray, FloatArray], ...]:
    """Clients seen in many windows."""
    table = pq.read_table(path)
    codes, names = _codes(table["client_id"])
    columns = [table[name].to_numpy().astype(np.float64) for name in ("window_start_s", "rate_per_s", "cv")]
    order = np.lexsort((columns[0], codes))
    found = np.split(order, np.searchsorted(codes[order], np.arange(1, len(names))))
    return tuple(
        (columns[0][rows], columns[1][rows], columns[2][rows]) for rows in found if len(rows) >= fewest_windows
    )


def _lengths(azure: pa.Table, workload: str) -> FloatArray:
    """Input and output tokens of the requests of one service, shape (requests, 2)."""
    mine = azure.filter(pc.equal(azure["workload"], workload))
    return np.column_stack([mine[name].to_numpy().astype(np.float64) for name in ("input_tokens", "output_tokens")])


def _datacentres(path: Path) -> IntArray:
    """First addresses of IPv4 blocks of at least 65,536 addresses."""
    starts = []
    for line in path.read_text("utf-8").split():
        address, _, bits = line.partition("/")
        if bits.isdigit() and int(bits) <= 16:
            a, b, *_ = (int(part) for part in address.split("."))
            starts.append(a << 24 | b << 16)
    return np.array(starts, np.int64)


def read_corpora(folder: Path) -> Corpora:
    """Read a folder laid out as the project's data manifest says.

    Raises    MissingData when a file is not there.
    """
    names = (
        "prompts.parquet",
        "traces/servegen.parquet",
        "traces/azure_llm_2023.parquet",
        "traces/mooncake_conversation.parquet",
        "network/datacenter_ipv4.txt",
    )
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        message = f"corpora folder {folder} must hold {', '.join(names)}; not found: {', '.join(missing)}"
        raise MissingData(message)
    prompts = pq.read_table(folder / names[0])
    lengths = pc.utf8_length(prompts["text"])
    prompts = prompts.filter(pc.and_(pc.less_equal(lengths, _LONGEST_CHARS), pc.greater(lengths, 0)))
    roles, role_names = _codes(prompts["role"])
    sources, source_names = _codes(prompts["corpus"])
    azure = pq.read_table(folder / names[2])
    return Corpora(
        texts=prompts["text"].combine_chunks(),
        roles=roles,
        role_names=role_names,
        sources=sources,
        source_names=source_names,
        systems=prompts["system"].combine_chunks().cast(pa.string())
        if "system" in prompts.column_names
        else pa.nulls(len(prompts), pa.string()),
        chat_tokens=_lengths(azure, "conv"),
        code_tokens=_lengths(azure, "code"),
        prefixes=read_prefixes(folder / names[3]),
        clients=_clients(folder / names[1]),
        datacentres=_datacentres(folder / names[4]),
    )


def unwrap(texts: pa.Array, sources: IntArray) -> tuple[pa.Array, IntArray]:
    """Questions without what a data set wraps round them, and the source of each; no question twice.

    A sentence or line that stands in five texts or more is wrapping.

    >>> wrapped = pa.array([f"Think first. Is {word} a long river? Options: yes" for word in "abcdef"])
    >>> unwrap(wrapped, np.zeros(6, np.int64))[0][0].as_py()
    'Is a a long river?'
    """
    marked = pc.replace_substring_regex(pc.replace_substring(texts, "\\n", "\n"), r"([.?!:])\s+", "\\1\n")
    lines = pc.split_pattern_regex(marked, r"\s*\n\s*")
    flat = pc.list_flatten(lines).dictionary_encode()
    codes = flat.indices.to_numpy()
    parents = pc.list_parent_indices(lines).to_numpy()
    kept = (np.bincount(codes)[codes] < _WRAPPER_REPEATS) & (
        pc.utf8_length(flat.dictionary).to_numpy(zero_copy_only=False)[codes] > 1
    )
    offsets = np.concatenate([[0], np.cumsum(np.bincount(parents[kept], minlength=len(texts)))])
    rows = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat.dictionary.take(pa.array(codes[kept])))
    bare = pc.binary_join(rows, " ")
    _, first = np.unique(bare.dictionary_encode().indices.to_numpy(), return_index=True)
    long = pc.utf8_length(bare).to_numpy(zero_copy_only=False) >= _SHORTEST_CHARS
    chosen = np.sort(first[long[first]])
    return bare.take(pa.array(chosen)), sources[chosen]


def keyword_topics(texts: pa.Array) -> IntArray:
    """Topic of each text: of its words, the one whose document frequency is closest to a handful of dozens.

    >>> keyword_topics(pa.array(["blue sky", "blue car", "rain"])).tolist()
    [0, 0, 1]
    """
    words = pc.split_pattern_regex(pc.utf8_lower(texts), r"[^\w]+")
    flat = pc.list_flatten(words)
    parents = pc.list_parent_indices(words).to_numpy().astype(np.int64)
    coded = flat.dictionary_encode()
    codes = coded.indices.to_numpy().astype(np.int64)
    frequency = np.bincount(codes).astype(np.float64)
    short = pc.less(pc.utf8_length(coded.dictionary), 4).to_numpy(zero_copy_only=False)
    badness = np.abs(np.log(frequency / _TOPIC_TEXTS)) + 10.0 * short
    order = np.lexsort((codes, badness[codes], parents))
    first = np.ones(len(order), bool)
    first[1:] = parents[order][1:] != parents[order][:-1]
    best = codes[order][first]
    _, topics = np.unique(best, return_inverse=True)
    return topics.astype(np.int64)
