"""The index of served outputs: sketches only, one row an exchange; two of them merge in any order."""

from collections.abc import Iterator
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.served.secret import IndexSecret
from stillwatch.trace.served.shingles import distinct_shingles

__all__ = ["SERVED", "ServedIndex", "flat"]

SERVED: Final = pa.schema(
    [
        pa.field("exchange_id", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("campaign_id", pa.string()),
        pa.field("output", pa.large_list(pa.uint64()), nullable=False),
        pa.field("prompt", pa.large_list(pa.uint64()), nullable=False),
    ]
)
"""Shingles of output and of everything that was sent, ascending; campaign of the exchange's stream where known."""
_NEEDED: Final = ("exchange_id", "account_id", "output_text")
_SENT: Final = ("prompt_text", "system_text")


class ServedIndex:
    """Keyed shingles of what was served and of what was sent; no text, and none can be read from it.

    table    Rows of SERVED, ascending by exchange, each exchange once.
    sign     Of the secret it was made with.
    """

    def __init__(self, table: pa.Table, sign: str) -> None:
        self.table = table
        self.sign = sign

    @classmethod
    def of(cls, exchanges: pa.Table | pa.RecordBatch, secret: IndexSecret) -> Self:
        """Index of exchanges; those without an answer have no row.

        exchanges    Columns of EXCHANGE, and `campaign_id` where the campaign of a row's stream is known.
        Raises       InvalidInput when a column is missing.

        >>> served = pa.table({"exchange_id": ["e1"], "account_id": ["a1"], "output_text": ["x y z"]})
        >>> ServedIndex.of(served, IndexSecret(bytes(16))).n_exchanges
        1
        """
        missing = [name for name in _NEEDED if name not in exchanges.schema.names]
        if missing:
            message = f"exchanges must have the columns {', '.join(_NEEDED)}; missing: {', '.join(missing)}"
            raise InvalidInput(message)
        given = pa.Table.from_batches([exchanges]) if isinstance(exchanges, pa.RecordBatch) else exchanges
        given = given.filter(pc.is_valid(given["output_text"]))
        columns = [given["exchange_id"], given["account_id"], _optional(given, "campaign_id")]
        sketched = (_lists(given["output_text"], secret), _lists(_sent(given), secret))
        return cls(_canonical(pa.Table.from_arrays([*_typed(columns), *sketched], schema=SERVED)), secret.sign)

    @property
    def n_exchanges(self) -> int:
        """Exchanges with an answer."""
        return int(self.table.num_rows)

    def check(self, secret: IndexSecret) -> None:
        """Refuse another secret.

        Raises  InvalidInput when the index was made with another one.
        """
        if secret.sign != self.sign:
            message = f"the index was made with another secret: sign {self.sign}, given {secret.sign}"
            raise InvalidInput(message)

    def merge(self, *others: Self) -> Self:
        """All as one; an exchange in several is kept once.

        Raises  InvalidInput when they were made with different secrets.
        """
        for other in others:
            if self.sign != other.sign:
                message = f"indexes to merge must be made with one secret, got signs {self.sign} and {other.sign}"
                raise InvalidInput(message)
        return type(self)(_canonical(pa.concat_tables([self.table, *(other.table for other in others)])), self.sign)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same exchanges and shingles."""
        return isinstance(other, ServedIndex) and self.sign == other.sign and bool(self.table.equals(other.table))

    __hash__ = None  # type: ignore[assignment]


def flat(column: pa.ChunkedArray) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.int64]]]:
    """Shingles of each chunk of a column of lists, and where each row's begin.

    >>> [(v.tolist(), o.tolist()) for v, o in flat(pa.chunked_array([pa.array([[7], [8, 9]], SERVED[3].type)]))]
    [([7, 8, 9], [0, 1, 3])]
    """
    for chunk in column.chunks:
        offsets = np.asarray(chunk.offsets.to_numpy())
        values = chunk.values.to_numpy()[offsets[0] : offsets[-1]] if len(chunk) else np.empty(0, np.uint64)
        yield values, offsets - offsets[0]


def _optional(given: pa.Table, name: str) -> pa.ChunkedArray:
    if name in given.schema.names:
        return given[name]
    return pa.chunked_array([pa.nulls(given.num_rows, pa.string())])


def _typed(columns: list[pa.ChunkedArray]) -> Iterator[pa.ChunkedArray]:
    for column in columns:
        yield column.cast(pa.string())


def _sent(given: pa.Table) -> pa.Array:
    """Everything that was sent, as one text; shingles that run over a seam are too many, which only takes out more."""
    parts = [_optional(given, name).combine_chunks().cast(pa.large_string()).fill_null("") for name in _SENT]
    return pc.binary_join_element_wise(*parts, pa.scalar("\n", pa.large_string()))


def _lists(texts: pa.Array | pa.ChunkedArray, secret: IndexSecret) -> pa.ChunkedArray:
    values, offsets = distinct_shingles(texts, secret)
    return pa.chunked_array([pa.LargeListArray.from_arrays(offsets, values)])


def _canonical(table: pa.Table) -> pa.Table:
    """One chunk, ascending by exchange; of rows with one id the same one stays, whichever came first."""
    ids = table["exchange_id"].combine_chunks()
    if table.num_rows and pc.all(pc.less(ids[:-1], ids[1:])).as_py() is not False:
        return table.combine_chunks()
    digests = [pa.array(_digests(table[name])) for name in ("output", "prompt")]
    keyed = table.select(["exchange_id", "account_id", "campaign_id"])
    keyed = keyed.append_column("output", digests[0]).append_column("prompt", digests[1])
    order = pc.sort_indices(keyed, sort_keys=[(name, "ascending") for name in keyed.schema.names])
    ids = pc.take(ids, order)
    first = np.ones(len(ids), np.bool_)
    if len(ids) > 1:
        first[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    return table.take(order.filter(pa.array(first))).combine_chunks()


def _digests(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    """Sum of each row's shingles, modulo 2^64."""
    found = [np.empty(0, np.uint64)]
    for values, offsets in flat(column):
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
        found.append(sums[offsets[1:]] - sums[offsets[:-1]])
    return np.concatenate(found)
