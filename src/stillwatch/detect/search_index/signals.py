"""Which account has which value, and which template which bands."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.detect.naming import network_of
from stillwatch.detect.views.ids import TEMPLATE_NUMBER, family_ids
from stillwatch.model.engine import Dataset, Engine
from stillwatch.model.indicator import BAND_COUNT, SignalKind
from stillwatch.model.search_index import SIGNAL
from stillwatch.sketch import hash_strings
from stillwatch.sketch.bands import band_values
from stillwatch.sketch.signatures import SignatureBook
from stillwatch.sketch.templates import Templates
from stillwatch.stats.lookup import among
from stillwatch.stats.summary import Summary

__all__ = ["account_signals", "band_signals", "log_signals"]

_LOGGED: Final = {SignalKind.ADDRESS: "client_address", SignalKind.TLS: "tls_fingerprint"}
_TOLD: Final = {SignalKind.PAYMENT: "payment_fingerprint", SignalKind.EMAIL_DOMAIN: "email_domain"}
_MOST_SIGNATURES: Final = 4
_SHARE_OF_LEADER: Final = 0.1
"""A template is known by its leader and by the most frequent of its other edges."""


def log_signals(engine: Engine, exchanges: Dataset) -> tuple[pa.Table, dict[SignalKind, int]]:
    """Addresses, networks and TLS fingerprints of every account, each pair once; and exchanges that show each kind."""
    tables, shown = [SIGNAL.empty_table()], dict.fromkeys((*_LOGGED, SignalKind.NETWORK), 0)
    for kind, column in _LOGGED.items():
        pairs = _pairs(engine, exchanges.select(["account_id", column]))
        shown[kind] = pc.sum(pairs["n"]).as_py() or 0
        tables.append(_of_accounts(kind, pairs["value"], pairs["account"]))
        if kind is SignalKind.ADDRESS:
            networks = pa.table({"value": _networks(pairs["value"]), "account": pairs["account"]})
            once = networks.group_by(["value", "account"], use_threads=False).aggregate([])
            tables.append(_of_accounts(SignalKind.NETWORK, once["value"], once["account"]))
            shown[SignalKind.NETWORK] = shown[kind]
    return pa.concat_tables(tables), shown


def _pairs(engine: Engine, rows: Dataset) -> pa.Table:
    """Distinct pairs of value and account, and exchanges of each."""

    def fold(summary: Summary, batch: pa.RecordBatch) -> Summary:
        table = pa.table(
            {"value": batch.column(1), "account": hash_strings(batch.column(0)), "n": np.ones(batch.num_rows, np.int64)}
        )
        return summary.add(table.filter(pc.is_valid(table["value"])))

    found = engine.reduce(rows, lambda: Summary(("value", "account"), ("n",)), fold).table()
    return found.set_column(0, "value", found["value"].cast(pa.string()))


def _of_accounts(kind: SignalKind, values: pa.ChunkedArray, accounts: pa.ChunkedArray) -> pa.Table:
    n = len(values)
    columns = [pa.array([kind.value]).take(pa.array(np.zeros(n, np.int64))), values, accounts, np.zeros(n, np.uint64)]
    return pa.table(columns, schema=SIGNAL)


def _networks(addresses: pa.ChunkedArray) -> pa.Array:
    """The /24 or /48 of each address."""
    coded = pc.dictionary_encode(addresses.combine_chunks())
    return pa.array([network_of(text) for text in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def account_signals(accounts: pa.Table, seen: NDArray[np.uint64]) -> pa.Table:
    """Means of payment and mail domains of the accounts that were seen (hashes, ascending); table SIGNAL."""
    account = hash_strings(accounts["account_id"])
    tables = [SIGNAL.empty_table()]
    for kind, column in _TOLD.items():
        rows = pa.array(among(seen, account) & pc.is_valid(accounts[column]).to_numpy(zero_copy_only=False))
        tables.append(_of_accounts(kind, accounts[column].filter(rows), pa.chunked_array([account]).filter(rows)))
    return pa.concat_tables(tables)


def band_signals(book: SignatureBook, templates: Templates, families: NDArray[np.uint64]) -> pa.Table:
    """Bands of the templates of the families (ascending): of their leaders and their most frequent other signatures.

    Somebody else's logs cut the same template at other edges, so that its leader there may be another one of these.
    """
    table = book.signatures
    leader = templates.lookup(table.signature)
    family = family_ids(TEMPLATE_NUMBER, leader)
    rows = np.flatnonzero(among(families, family))
    order = rows[
        np.lexsort((table.signature[rows], -table.rows[rows], leader[rows] != table.signature[rows], family[rows]))
    ]
    first = (
        np.flatnonzero(np.r_[True, family[order][1:] != family[order][:-1]]) if len(order) else np.zeros(0, np.int64)
    )
    size = np.diff(np.r_[first, len(order)])
    place = np.arange(len(order)) - np.repeat(first, size)
    busy = table.rows[order] >= _SHARE_OF_LEADER * np.repeat(table.rows[order[first]], size)
    chosen = order[(place == 0) | ((place <= _MOST_SIGNATURES) & busy)]
    values = band_values(table.minhashes[chosen])
    owners = np.repeat(family[chosen], BAND_COUNT)
    found = pa.table({"value": pa.array(values, pa.string()), "family": owners})
    once = found.group_by(["value", "family"], use_threads=False).aggregate([])
    kinds = pa.array([SignalKind.BAND.value]).take(pa.array(np.zeros(len(once), np.int64)))
    return pa.table([kinds, once["value"], np.zeros(len(once), np.uint64), once["family"]], schema=SIGNAL)
