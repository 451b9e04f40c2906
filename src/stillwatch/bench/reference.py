"""Build a reference of legitimate families from simulated legitimate traffic."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch import __version__
from stillwatch.bench.third_hand import add_innocents
from stillwatch.detect.families import members
from stillwatch.detect.harvest.score import Reference
from stillwatch.detect.legitimate import draw
from stillwatch.detect.reference import ReferenceFile, feature_arrays, size_bars, unit_counts
from stillwatch.detect.views import view_of
from stillwatch.engine import LocalEngine
from stillwatch.ingest import ingest
from stillwatch.model.calibration import Calibration
from stillwatch.model.progress import Progress, Stages
from stillwatch.scan import Scanned, measure
from stillwatch.simulate import simulate
from stillwatch.sketch import hash_strings

__all__ = ["SEEDS", "build", "legitimate_families", "reference_of"]

SEEDS: Final = (9001, 9002, 9003, 9004, 9005, 9006)
"""Seeds of the default reference; nothing is ever scored on these."""
_THIRD_SHARE: Final = 1 / 3
"""Of every seed's exchanges, what the third hand's customers send: one author thinks of too few kinds."""

_LABELLED = pa.schema([("family", pa.uint64()), ("exchange", pa.uint64())])
_MAJORITY: Final = 0.5


def build(
    out: Path,
    *,
    exchanges: int = 400_000,
    seeds: Sequence[int] = SEEDS,
    corpora: Path | None = None,
    on_progress: Progress | None = None,
) -> ReferenceFile:
    """Simulate legitimate populations, measure their families, keep one draw per unit, and set the bar.

    A unit is an organisation, tool, class or relay where one sends most of a family's exchanges, else the family
    itself. The bar of each size class is the conformal quantile of its units' scores, each with its own unit left out
    of the reference: a new legitimate unit of that class reaches it with probability 1/200, or 1 / (units + 1) when
    there are fewer.

    exchanges   Per seed; every second seed simulates a quarter of it, so that small families are known too.
    """
    sizes = [exchanges // (4 if i % 2 else 1) for i in range(len(seeds))]
    parts = [legitimate_families(n, seed, corpora, on_progress) for n, seed in zip(sizes, seeds, strict=True)]
    table = pa.concat_tables(parts)
    n_units = len(pc.unique(table["unit"]))
    seen = f"{len(table)} families of {n_units} units, {sum(sizes):,} exchanges"
    reference = reference_of(table, f"simulated, {seen}, seeds {seeds[0]} to {seeds[-1]}", sum(sizes))
    reference.save(out)
    return reference


def reference_of(table: pa.Table, name: str, n_exchanges: int) -> ReferenceFile:
    """Reference of simulated families, with its bars.

    table   MEASURED with kind and unit, as `legitimate_families` gives it; several may be concatenated.
    """
    effects, errors = feature_arrays(table)
    _, unit = np.unique(np.array(table["unit"].to_pylist()), return_inverse=True)
    families = Reference(effects, errors, unit, tuple(table["kind"].to_pylist()))
    n_accounts = table["n_accounts"].to_numpy()
    view = tuple(view_of(int(family)).name for family in table["family"].to_numpy())
    bars = size_bars(families, n_accounts)
    calibration = Calibration(
        created_at=datetime.now(UTC),
        first=None,
        last=None,
        lag_days=0.0,
        n_own=0,
        n_simulated=int(unit.max()) + 1,
        rules={},
        exchanges={"read": n_exchanges, "recent": 0, "excluded": 0, "used": n_exchanges},
        families={"kept": len(table)},
        units=unit_counts(unit, view, n_accounts),
        software=__version__,
    )
    return ReferenceFile(
        name=name,
        is_default=False,
        families=families,
        bar_bits=bars[-1].bits,
        n_accounts=n_accounts,
        view=view,
        is_own=np.zeros(len(n_accounts), np.bool_),
        bars=bars,
        calibration=calibration,
    )


def legitimate_families(
    exchanges: int, seed: int, corpora: Path | None = None, on_progress: Progress | None = None
) -> pa.Table:
    """Families of simulated legitimate traffic, one a unit and view: MEASURED with kind (population) and unit."""
    stages = Stages(on_progress)
    with TemporaryDirectory() as folder, LocalEngine() as engine:
        with stages.stage(f"simulate seed {seed}"):
            n_third = int(exchanges * _THIRD_SHARE)
            simulate(Path(folder), exchanges=exchanges - n_third, seed=seed, campaigns=(), corpora=corpora)
            add_innocents(Path(folder), exchanges=n_third, seed=seed, corpora=corpora)
        scanned = measure(engine, ingest([folder]), stages)
        truth = pq.read_table(Path(folder) / "truth" / "exchanges.parquet")
        plain = scanned.measured.families.filter(pa.array(_unexplained(scanned)))
        return _draw(_label(engine, scanned, truth), plain, seed)


def _unexplained(scanned: Scanned) -> NDArray[np.bool_]:
    """Families that no owner and no verified declaration explains: those are judged by ownership, not by the score."""
    streams, book = scanned.measured.streams, scanned.measured.book
    family, account = streams["family"].to_numpy(), streams["account"].to_numpy()
    wanted = scanned.measured.families["family"].to_numpy()
    start, stop = (np.searchsorted(family, wanted, side) for side in ("left", "right"))
    return np.array([not book.ownership(account[i:j]).explained for i, j in zip(start, stop, strict=True)])


def _label(engine: LocalEngine, scanned: Scanned, truth: pa.Table) -> pa.Table:
    """Largest entity and population of every family with its share: family, kind, unit, share."""
    grouping, wanted = scanned.measured.grouping, scanned.measured.families["family"].to_numpy()
    pairs = engine.map(
        scanned.sketched.rows, lambda b: members(scanned.columns(b), grouping, wanted, _LABELLED), _LABELLED
    ).to_table()
    labels = pa.table(
        {"exchange": hash_strings(truth["exchange_id"]), "kind": truth["population"], "unit": truth["entity"]}
    )
    counted = pairs.join(labels, "exchange").group_by(["family", "kind", "unit"]).aggregate([([], "count_all")])
    total = counted.group_by("family").aggregate([("count_all", "sum")])
    ranked = counted.join(total, "family").sort_by(
        [("family", "ascending"), ("count_all", "descending"), ("unit", "ascending")]
    )
    first = np.unique(ranked["family"].to_numpy(), return_index=True)[1]
    best = ranked.take(pa.array(first))
    return best.append_column("share", pc.divide(pc.cast(best["count_all"], pa.float64()), best["count_all_sum"]))


def _draw(labels: pa.Table, measured: pa.Table, seed: int) -> pa.Table:
    """One family per unit and view, chosen by hash; families that no unit dominates are units of their own."""
    labels = labels.filter(pc.is_in(labels["family"], value_set=measured["family"].combine_chunks()))
    family = labels["family"].to_numpy()
    mixed = labels["share"].to_numpy() < _MAJORITY
    unit = [
        f"{seed}:family:{f:016x}" if m else f"{seed}:{u}"
        for f, m, u in zip(family, mixed, labels["unit"].to_pylist(), strict=True)
    ]
    kind = ["mixed" if m else k for m, k in zip(mixed, labels["kind"].to_pylist(), strict=True)]
    rows = draw(family, unit).tolist()
    at = np.searchsorted(measured["family"].to_numpy(), family[rows])
    table = measured.take(pa.array(at))
    return table.append_column("kind", pa.array([kind[r] for r in rows])).append_column(
        "unit", pa.array([unit[r] for r in rows])
    )
