"""Which accounts of an alarmed family belong to it, before any account is named."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.accounts import StoredShare
from stillwatch.detect.views import view_of
from stillwatch.detect.views.mixing import mix
from stillwatch.model.column import Column, schema_of
from stillwatch.model.view import Fingerprints

__all__ = ["ATTRIBUTED", "BARE_BAR", "CELL_MEMBER", "TEXT_BAR", "Background", "attribute", "content_cells"]

TEXT_BAR: Final = 4.0
"""Bits an account needs in a family with a template: what it sent is the template's text already."""
BARE_BAR: Final = 8.0
"""Bits it needs where nothing but client and pace put it into the family, as they put bystanders."""
_CONTENT_CLIP: Final = 3.0
_CLIENT_CLIP: Final = 8.0
_MAX_EXCHANGES: Final = 30
_OWN_TOPIC: Final = 0.3
_BLOCK_ROWS: Final = 64

CELL_MEMBER_COLUMNS: tuple[Column, ...] = (
    Column("family", pa.uint64(), "Family id.", required=True),
    Column("account", pa.uint64(), "Account hash.", required=True),
    Column("cell", pa.uint64(), "Content cell.", required=True),
    Column("client", pa.uint64(), "Client key.", required=True),
    Column("topic", pa.uint64(), "Topic sketch.", required=True),
    Column("head", pa.bool_(), "Opens a conversation.", required=True),
    Column("exchange", pa.uint64(), "Exchange hash, for order.", required=True),
)
CELL_MEMBER: pa.Schema = schema_of("cell-member", CELL_MEMBER_COLUMNS)

ATTRIBUTED_COLUMNS: tuple[Column, ...] = (
    Column("family", pa.uint64(), "Family id.", required=True),
    Column("account", pa.uint64(), "Account hash.", required=True),
    Column("n", pa.int64(), "Exchanges of the account in the family.", required=True),
    Column("attribution_bits", pa.float64(), "log2 of family over background for this account.", required=True),
)
ATTRIBUTED: pa.Schema = schema_of("attributed", ATTRIBUTED_COLUMNS)


def content_cells(fingerprints: Fingerprints) -> NDArray[np.uint64]:
    """Coarse kind of a prompt: elicitation classes, script, octave of length, opening turn or not."""
    octave = np.log2(np.maximum(fingerprints["n_tokens"], 1)).astype(np.uint64)
    kind = (
        (fingerprints["elicitation"].astype(np.uint64) << np.uint64(24))
        | (fingerprints["script"].astype(np.uint64) << np.uint64(16))
        | (octave << np.uint64(8))
        | fingerprints["head"].astype(np.uint64)
    )
    return mix(kind)


class Background:
    """How common a cell or client is in all exchanges; keys ascending, from a `Summary`.

    stored  How common keys were in earlier windows; the larger share counts. None when nothing is kept.
    """

    def __init__(self, counts: pa.Table, key: str, stored: StoredShare | None = None) -> None:
        self._keys, self._n = counts[key].to_numpy(), counts["n"].to_numpy()
        self._stored = np.zeros(len(self._keys)) if stored is None else stored(key, self._keys)
        self._total = int(self._n.sum())

    def outside(self, keys: NDArray[np.uint64], n_inside: NDArray[np.int64], n_family: int) -> NDArray[np.float64]:
        """Share of exchanges outside the family with each key, plus one in the number outside."""
        at = np.searchsorted(self._keys, keys)
        share = (np.maximum(self._n[at] - n_inside, 0) + 1) / (max(self._total - n_family, 0) + 1)
        return np.asarray(np.maximum(share, self._stored[at]), np.float64)


def attribute(cells: Background, clients: Background) -> Callable[[pa.Table], pa.Table]:
    """Function that scores every account of every family of a table (`CELL_MEMBER` in, `ATTRIBUTED` out)."""

    def score(table: pa.Table) -> pa.Table:
        columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
        family = columns["family"]
        bounds = np.flatnonzero(np.r_[True, family[1:] != family[:-1], True]) if len(family) else np.zeros(1, np.int64)
        parts = [_family_table({k: v[i:j] for k, v in columns.items()}, cells, clients) for i, j in pairwise(bounds)]
        return pa.concat_tables([ATTRIBUTED.empty_table(), *parts])

    return score


def _family_table(columns: Fingerprints, cells: Background, clients: Background) -> pa.Table:
    accounts, code, n = np.unique(columns["account"], return_inverse=True, return_counts=True)
    bits = _share_bits(columns["cell"], code, n, cells, _CONTENT_CLIP) * np.minimum(n, _MAX_EXCHANGES)
    if not view_of(int(columns["family"][0])).fixes_client:
        bits = bits + np.clip(
            _share_bits(columns["client"], code, n, clients, _CLIENT_CLIP), -_CLIENT_CLIP, _CLIENT_CLIP
        )
    bits = bits + _concentration_bits(columns["topic"], columns["head"], code, len(accounts))
    family = np.full(len(accounts), columns["family"][0])
    return pa.table([family, accounts, n, bits], schema=ATTRIBUTED)


def _share_bits(
    keys: NDArray[np.uint64], code: NDArray[np.int64], n: NDArray[np.int64], background: Background, clip: float
) -> NDArray[np.float64]:
    """Mean over an account's exchanges of log2 of the rest of the family over the background, clipped."""
    values, key_code, n_key = np.unique(keys, return_inverse=True, return_counts=True)
    pairs, first, pair_n = np.unique(code * np.int64(len(values)) + key_code, return_index=True, return_counts=True)
    del pairs
    who, what = code[first], key_code[first]
    p_background = background.outside(values, n_key, len(keys))[what]
    p_family = (n_key[what] - pair_n + p_background) / (len(keys) - n[who] + 1)
    bits = np.clip(np.log2(p_family / p_background), -clip, clip)
    return np.bincount(who, weights=pair_n * bits, minlength=len(n)) / n


def _concentration_bits(
    topic: NDArray[np.uint64], head: NDArray[np.bool_], code: NDArray[np.int64], n_accounts: int
) -> NDArray[np.float64]:
    """log2 density of an account's topic correlation when it draws from the family's list, over one with own topics."""
    use = head & (topic != 0)
    if use.sum() < 3:
        return np.zeros(n_accounts)
    vectors = np.unpackbits(topic[use].astype("<u8").view(np.uint8).reshape(-1, 8), axis=1).astype(np.float32) * 2 - 1
    vectors -= vectors.mean(axis=0)
    square = np.einsum("ij,ij->i", vectors, vectors)
    order = np.argsort(code[use], kind="stable")
    who, first = np.unique(code[use][order], return_index=True)
    n = np.diff(np.r_[first, len(order)])
    sums = np.add.reduceat(vectors[order], first, axis=0)
    pairs = n * (n - 1)
    enough = n >= 3
    r = (np.einsum("ij,ij->i", sums, sums) - np.add.reduceat(square[order], first))[enough]
    r = r / (pairs[enough] * max(float(square.mean()), 1e-9))
    variance = 2 / (_effective_dimensions(vectors) * pairs[enough])
    bits = np.zeros(n_accounts)
    bits[who[enough]] = _log2_normal(r, 0.0, variance + 0.02**2) - _log2_normal(r, _OWN_TOPIC, variance + 0.15**2)
    return np.clip(bits, -20.0, 20.0)


def _effective_dimensions(vectors: NDArray[np.float32]) -> float:
    """(trace C)^2 / trace C^2 of the covariance C: in how many directions the topics really vary.

    Summed over small blocks: families are judged in threads, and products of large matrices would set every core on
    each of them.
    """
    blocks = (vectors[i : i + _BLOCK_ROWS] for i in range(0, len(vectors), _BLOCK_ROWS))
    covariance = sum((block.T @ block for block in blocks), np.zeros((64, 64), np.float32)) / len(vectors)
    return max(float(np.trace(covariance) ** 2 / max(float((covariance**2).sum()), 1e-12)), 1.0)


def _log2_normal(x: NDArray[np.float64], mean: float, variance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-((x - mean) ** 2 / variance + np.log(2 * np.pi * variance)) / 2 / np.log(2), np.float64)
