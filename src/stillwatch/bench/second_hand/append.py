"""Add to a folder that `simulate` wrote: logs, accounts and truth; what is there stays, files are replaced whole."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.bench.second_hand.traffic import Made
from stillwatch.errors import MissingData
from stillwatch.model.exchange import EXCHANGE
from stillwatch.simulate.truth import write_manifest

__all__ = ["append", "planted"]

_ROW_GROUP: Final = 50_000
_WINDOWS: Final = 64


def planted(folder: Path) -> set[str]:
    """Campaigns and populations a folder holds already.

    Raises  MissingData when it holds no truth.
    """
    path = folder / "truth" / "manifest.json"
    if not path.is_file():
        msg = f"{path} is not there; run 'stillwatch simulate' first"
        raise MissingData(msg)
    manifest = json.loads(path.read_text("utf-8"))
    return {*manifest["accounts_by_campaign"], *manifest["accounts_by_population"]}


def append(folder: Path, made: Sequence[Made], note: Mapping[str, object]) -> None:
    """Write everything; each file is written beside and then renamed.

    note    Kept in the manifest under ``second_hand``, after those of earlier calls.
    """
    truth = folder / "truth"
    for one in made:
        if one.moves is not None and one.moves.num_rows:
            _move(folder, one.moves)
    _write_logs(folder / "logs", [m.exchanges for m in made])
    _merge(folder / "accounts.parquet", [m.accounts for m in made], sort_by="account_id")
    _merge(truth / "accounts.parquet", [m.truth_accounts for m in made], sort_by="account_id")
    _merge(truth / "exchanges.parquet", [m.truth_exchanges for m in made], sort_by=None)
    facts = json.loads((truth / "manifest.json").read_text("utf-8"))
    write_manifest(truth, {**facts, "second_hand": [*facts.get("second_hand", []), dict(note)]})


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _merge(path: Path, tables: Sequence[pa.Table], *, sort_by: str | None) -> None:
    whole = pa.concat_tables([pq.read_table(path), *tables])
    new = _beside(path)
    pq.write_table(whole.sort_by(sort_by) if sort_by else whole, new, compression="zstd")
    new.replace(path)


def _write_logs(logs: Path, tables: Sequence[pa.Table]) -> None:
    """One more part in order of time; tables are merged window by window, only one of which is copied at a time."""
    number = 1 + max((int(p.stem.rpartition("-")[2]) for p in logs.glob("part-*.parquet")), default=-1)
    path = logs / f"part-{number:04d}.parquet"
    times = [t["time"].cast(pa.int64()).to_numpy() for t in tables]
    first, last = min(int(t[0]) for t in times), max(int(t[-1]) for t in times)
    edges = np.linspace(first, last + 1, _WINDOWS + 1).astype(np.int64)
    edges[-1] = last + 1
    cuts = [np.searchsorted(t, edges) for t in times]
    new = _beside(path)
    with pq.ParquetWriter(new, EXCHANGE, compression="zstd") as writer:
        for i in range(_WINDOWS):
            pieces = [t.slice(c[i], c[i + 1] - c[i]) for t, c in zip(tables, cuts, strict=True)]
            window = pa.concat_tables(pieces)
            if window.num_rows:
                writer.write_table(window.sort_by([("time", "ascending"), ("exchange_id", "ascending")]), _ROW_GROUP)
    new.replace(path)


def _move(folder: Path, moves: pa.Table) -> None:
    """Rewrite what a relay changes about exchanges it carries: columns of `moves`, looked up by exchange_id."""
    paths = [*sorted((folder / "logs").glob("*.parquet")), folder / "truth" / "exchanges.parquet"]
    for path in paths:
        table = pq.read_table(path)
        at = pc.index_in(table["exchange_id"], value_set=moves["exchange_id"].combine_chunks())
        here = at.is_valid()
        if not pc.any(here).as_py():
            continue
        for name in moves.column_names:
            if name == "exchange_id" or name not in table.column_names:
                continue
            place = table.schema.get_field_index(name)
            changed = pc.if_else(here, moves[name].combine_chunks().take(at.combine_chunks()), table[name])
            table = table.set_column(place, table.schema.field(name), changed)
        new = _beside(path)
        pq.write_table(table, new, compression="zstd", row_group_size=_ROW_GROUP)
        new.replace(path)
