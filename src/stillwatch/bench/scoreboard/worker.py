"""One step of the scoreboard in a process of its own, so that its memory is its own and its failure stays with it.

``python -m stillwatch.bench.scoreboard.worker ORDER OUT``: ORDER is JSON with the job and its arguments; tables and
``facts.json`` are written into the folder OUT.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch import __version__
from stillwatch.bench.traffic import FolderTraffic
from stillwatch.detect.ranking import account_bits
from stillwatch.detect.reference import ReferenceFile
from stillwatch.engine import LocalEngine
from stillwatch.errors import MissingData, StillwatchError
from stillwatch.ingest import ingest
from stillwatch.model.engine import Engine
from stillwatch.model.progress import Stages
from stillwatch.scan import Scanned, conclude, examine, measure
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import positions

__all__ = ["ACCOUNT_SCORE", "FACTS", "JOBS", "main", "peak_bytes"]

FACTS: Final = "facts.json"
ACCOUNT_SCORE: Final = pa.schema([("account_id", pa.string()), ("score", pa.float64())])
"""What accounts.parquet holds: every account that sent anything, ascending; -inf cannot be judged or accused."""

_FLOOR_BITS: Final = 0.0
"""Families from here on are attributed for the ranking; below it an account looks more legitimate than not."""
_SALT: Final = b"stillwatch bench"

Facts = dict[str, Any]


def peak_bytes() -> int:
    """Largest memory of this process so far; the kernel's figure for the process itself where it gives one."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def detect(order: Mapping[str, Any], out: Path) -> Facts:
    """Scan a folder: streams, exchanges, and (unless told not to) one number for every account.

    Time and memory are those of the scan as a user runs it; ranking comes after.
    """
    folder, stages, start = Path(order["folder"]), Stages(), time.perf_counter()
    reference = ReferenceFile.load(Path(order["reference"]) if order.get("reference") else None)
    with LocalEngine(workdir=out) as engine:
        scanned = measure(engine, ingest([folder / "logs"], accounts=folder / "accounts.parquet", salt=_SALT), stages)
        findings = conclude(engine, examine(engine, scanned, reference, stages), stages)
        facts = {
            "wall_s": time.perf_counter() - start,
            "peak_bytes": peak_bytes(),
            "stage_s": dict(findings.stage_s),
            "n_exchanges": findings.tally.rows_kept,
            "n_families": findings.n_families,
            "reference": findings.reference,
            "reference_units": findings.reference_units,
            "bar_bits": findings.bar_bits,
        }
        pq.write_table(findings.streams, out / "streams.parquet")
        pq.write_table(findings.exchanges, out / "exchanges.parquet")
        if order.get("ranked", True):
            accounts = FolderTraffic(folder).account_id
            _write_scores(out, accounts, _ranked(engine, scanned, reference, accounts))
    return facts


def _ranked(engine: Engine, scanned: Scanned, reference: ReferenceFile, accounts: pa.Array) -> NDArray[np.float64]:
    examined = examine(engine, scanned, reference, Stages(), _FLOOR_BITS)
    family = scanned.measured.families["family"].to_numpy()
    bits = account_bits(family, examined.score.total_bits, examined.attributed, scanned.measured.book)
    row = positions(scanned.measured.book.account, hash_strings(accounts))
    return np.where(row >= 0, bits[row], -np.inf)


def rank(order: Mapping[str, Any], out: Path) -> Facts:
    """Score every account of a folder by a baseline; its reading of the logs counts into its time."""
    from stillwatch.bench.baselines import BASELINES  # noqa: PLC0415 (some load much; scans should not)

    baseline = next(b for b in BASELINES if b.name == order["baseline"])
    traffic, start = FolderTraffic(Path(order["folder"])), time.perf_counter()
    score = baseline.score(traffic, order["setting"])
    facts = {"wall_s": time.perf_counter() - start, "peak_bytes": peak_bytes()}
    _write_scores(out, traffic.account_id, score)
    return facts


def build(order: Mapping[str, Any], out: Path) -> Facts:
    """Write a world."""
    from stillwatch.bench.worlds import World  # noqa: PLC0415 (a simulation loads much; scans should not)

    start = time.perf_counter()
    world = World(**{**order["world"], "scenarios": tuple(order["world"]["scenarios"])})
    world.build(Path(order["folder"]), Path(order["corpora"]) if order.get("corpora") else None)
    del out
    return {"wall_s": time.perf_counter() - start, "peak_bytes": peak_bytes()}


JOBS: Final[Mapping[str, Callable[[Mapping[str, Any], Path], Facts]]] = {"detect": detect, "rank": rank, "build": build}


def _write_scores(out: Path, accounts: pa.Array, score: NDArray[np.float64]) -> None:
    table = pa.table([accounts, np.asarray(score, np.float64)], schema=ACCOUNT_SCORE)
    pq.write_table(table, out / "accounts.parquet", compression="zstd")


def main(arguments: list[str]) -> int:
    """Do one job; a failure is one line on standard error, and exit code 2 says that something is not installed."""
    order, out = json.loads(arguments[0]), Path(arguments[1])
    out.mkdir(parents=True, exist_ok=True)
    try:
        facts = JOBS[order["job"]](order, out)
    except (MissingData, ImportError) as wrong:
        sys.stderr.write(f"{' '.join(str(wrong).split())}\n")
        return MissingData.exit_code
    except (StillwatchError, MemoryError) as wrong:
        sys.stderr.write(f"{' '.join(str(wrong).split()) or type(wrong).__name__}\n")
        return 1
    (out / FACTS).write_text(json.dumps({**facts, "version": __version__}), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
