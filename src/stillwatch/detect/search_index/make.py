"""All tables of an index, and the folder they are written to."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.detect.measure import Measured
from stillwatch.detect.search_index.acts import acts
from stillwatch.detect.search_index.ordinary import ordinary_accounts
from stillwatch.detect.search_index.signals import account_signals, band_signals, log_signals
from stillwatch.detect.views import view_of
from stillwatch.errors import InvalidInput
from stillwatch.model.engine import Dataset, Engine
from stillwatch.model.findings import Findings
from stillwatch.model.indicator import SignalKind
from stillwatch.model.search_index import INDEX_TABLES, INDEX_VERSION, INDEXED_FAMILY, INDEXED_STREAM, WINDOW
from stillwatch.sketch.stage import Sketched

__all__ = ["index_folder", "search_index", "write_index"]


def search_index(  # noqa: PLR0913, PLR0917 - a scan's results, one by one
    engine: Engine,
    exchanges: Dataset,
    sketched: Sketched,
    measured: Measured,
    score_bits: np.ndarray[tuple[int], np.dtype[np.float64]],
    accounts: pa.Table,
    findings: Findings,
) -> dict[str, pa.Table]:
    """Tables by the names of `INDEX_TABLES`.

    score_bits  Of every family of `measured.families`, row by row.
    accounts    The provider's table of accounts.
    """
    logged, shown = log_signals(engine, exchanges)
    told = account_signals(accounts, measured.book.account)
    bands = band_signals(sketched.book, sketched.templates, measured.families["family"].to_numpy())
    n_accounts = len(measured.book.account)
    by_kind = told.group_by("kind").aggregate([("account", "count_distinct")]).to_pylist()
    coverage = {kind.value: n / max(exchanges.count(), 1) for kind, n in shown.items()}
    coverage |= {row["kind"]: row["account_count_distinct"] / max(n_accounts, 1) for row in by_kind}
    covered = measured.covered["content"][0].as_py() if measured.covered.num_rows else 0
    coverage[SignalKind.BAND.value] = covered / max(exchanges.count(), 1)
    return {
        "signals": pa.concat_tables([logged, told, bands]),
        "families": _families(measured, score_bits, findings),
        "streams": measured.streams.select(INDEXED_STREAM.names).cast(INDEXED_STREAM),
        "acts": acts(engine, exchanges, findings),
        "ordinary": ordinary_accounts(measured, accounts, findings),
        "window": _window(measured, exchanges.count(), n_accounts, coverage),
    }


def _families(
    measured: Measured, score_bits: np.ndarray[tuple[int], np.dtype[np.float64]], findings: Findings
) -> pa.Table:
    table = measured.families
    told = {
        int(family.family_id, 16): campaign.campaign_id
        for campaign in findings.campaigns
        for family in campaign.families
    }
    keys = table["family"].to_pylist()
    columns = {
        "view": [view_of(key).name for key in keys],
        "score_bits": score_bits,
        "campaign_id": [told.get(key) for key in keys],
    }
    columns |= {name: table[name] for name in INDEXED_FAMILY.names if name not in columns}
    return pa.table([columns[name] for name in INDEXED_FAMILY.names], schema=INDEXED_FAMILY)


def _window(measured: Measured, n_exchanges: int, n_accounts: int, coverage: Mapping[str, float]) -> pa.Table:
    life = measured.accounts.activity
    first = int(life["first_us"].to_numpy().min(initial=2**62)) if len(life) else 0
    last = int(life["last_us"].to_numpy().max(initial=0)) if len(life) else 0
    rows = [
        {
            "version": INDEX_VERSION,
            "first": first,
            "last": last,
            "n_exchanges": n_exchanges,
            "n_accounts": n_accounts,
            "kind": kind.value,
            "coverage": coverage.get(kind.value, 0.0),
        }
        for kind in SignalKind
    ]
    return pa.Table.from_pylist(rows, schema=WINDOW)


def index_folder(named: str | Path | None) -> Path | None:
    """Folder for an index, before any work is done; None when none is wanted.

    Raises  InvalidInput if it holds something else than an index.
    """
    if named is None:
        return None
    folder, names = Path(named), {f"{name}.parquet" for name in INDEX_TABLES}
    if folder.exists() and (not folder.is_dir() or {path.name for path in folder.iterdir()} - names):
        message = f"--index must be a new or empty folder, or an earlier index; {folder} holds other things"
        raise InvalidInput(message)
    return folder


def write_index(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Write the tables, all or none; only this user may read them.

    Raises  InvalidInput if the folder holds something else than an index.
    """
    index_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    waiting = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, table in tables.items():
            pq.write_table(table, waiting / f"{name}.parquet", compression="zstd")
        shutil.rmtree(folder, ignore_errors=True)
        waiting.rename(folder)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
