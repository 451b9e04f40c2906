"""One scan in a process of its own, and what it moved: started by ``benchmarks.scale``, one JSON file per scan.

Usage: ``.venv/bin/python -m benchmarks.scan_child FOLDER --findings DIR --json FILE [--memory 4GB] [--threads N]``

Bytes are counted where the engine hands batches to functions and takes them back; nothing in ``src/`` knows of it.
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.held import held_bytes

from stillwatch import engine as engine_room
from stillwatch.model.engine import Mergeable
from stillwatch.report import write_findings

T = TypeVar("T", pa.RecordBatch, pa.Table)
M = TypeVar("M", bound=Mergeable)


class Tally:
    """What every stage read, wrote, carried and used; fed by progress and by the counting engine.

    The stage at work is the one that reported last. `cpu_s` of all threads and the high-water mark of memory go to it.
    """

    def __init__(self) -> None:
        self.stage = "start"
        self.cpu_s: dict[str, float] = {}
        self.peak_bytes: dict[str, int] = {}
        self.moved: dict[str, dict[str, dict[str, float]]] = {}
        self.counts: Any = None
        self._last_s = 0.0
        self._lock = threading.Lock()

    def on_progress(self, stage: str, done: float, total: float) -> None:
        """Give what was used since the last report to the stage that used it."""
        with self._lock:
            self._settle()
            self.stage = "between stages" if done == total == 1 else stage

    def _settle(self) -> None:
        now_s = time.process_time()
        self.cpu_s[self.stage] = self.cpu_s.get(self.stage, 0.0) + now_s - self._last_s
        self._last_s = now_s
        self.peak_bytes[self.stage] = high_water_bytes()

    def finish(self) -> None:
        """Settle the last stage."""
        with self._lock:
            self._settle()

    def add(self, verb: str, **sizes: float) -> None:
        """Add sizes to the stage at work; `carried_bytes` and `state_bytes` keep their largest."""
        with self._lock:
            mine = self.moved.setdefault(self.stage, {}).setdefault(verb, {})
            for name, size in sizes.items():
                most = name in {"carried_bytes", "state_bytes"}
                mine[name] = max(mine.get(name, 0.0), size) if most else mine.get(name, 0.0) + size


def high_water_bytes() -> int:
    """Most memory this process has had so far: VmHWM, which, unlike ru_maxrss, knows nothing of the parent."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def stored_bytes(dataset: Any) -> int:  # noqa: ANN401 - whatever data set the engine has
    """Compressed size of the selected columns in the files of a data set."""
    wanted, total = set(dataset.schema.names), 0
    for path in dataset.paths:
        metadata = pq.read_metadata(path)
        for i in range(metadata.num_row_groups):
            group = metadata.row_group(i)
            columns = (group.column(j) for j in range(group.num_columns))
            total += sum(c.total_compressed_size for c in columns if c.path_in_schema.split(".")[0] in wanted)
    return total


def counting_engine(tally: Tally) -> type:
    """A local engine that tells the tally what passes through its verbs."""

    class CountingEngine(engine_room.LocalEngine):
        """Counts, and works as before."""

        def dataset(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Any:  # noqa: ANN401
            made = super().dataset(_counted(batches, tally), schema)
            tally.add("dataset", calls=1, stored_out_bytes=stored_bytes(made))
            return made

        def map(self, dataset: Any, fn: Callable[[Any], Any], schema: pa.Schema) -> Any:  # noqa: ANN401
            made = super().map(dataset, _watched(fn, "map", tally), schema)
            _add_call(tally, "map", dataset, fn, made)
            return made

        def reduce(self, dataset: Any, zero: Callable[[], M], fold: Callable[[M, Any], M]) -> M:  # noqa: ANN401
            def watched(summary: M, batch: pa.RecordBatch) -> M:
                tally.add("reduce", rows_in=batch.num_rows, in_bytes=batch.nbytes)
                return fold(summary, batch)

            summary = super().reduce(dataset, zero, watched)
            if type(summary).__name__ == "PhraseCounts":
                tally.counts = summary
            _add_call(tally, "reduce", dataset, fold, None)
            tally.add("reduce", state_bytes=held_bytes(summary))
            return summary

        def group(
            self,
            dataset: Any,  # noqa: ANN401
            key: str,
            order_by: tuple[str, ...],
            fn: Callable[[Any], Any],
            schema: pa.Schema,
        ) -> Any:  # noqa: ANN401
            made = super().group(dataset, key, order_by, _watched(fn, "group", tally), schema)
            _add_call(tally, "group", dataset, fn, made)
            return made

    return CountingEngine


def _counted(batches: Iterable[pa.RecordBatch], tally: Tally) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        tally.add("dataset", rows_out=batch.num_rows, out_bytes=batch.nbytes)
        yield batch


def _watched(fn: Callable[[T], T], verb: str, tally: Tally) -> Callable[[T], T]:
    def watched(data: T) -> T:
        made = fn(data)
        sizes = {"rows_in": data.num_rows, "in_bytes": data.nbytes, "rows_out": made.num_rows, "out_bytes": made.nbytes}
        tally.add(verb, **sizes)
        return made

    return watched


def _add_call(tally: Tally, verb: str, dataset: Any, fn: Callable[..., Any], made: Any) -> None:  # noqa: ANN401
    tally.add(verb, calls=1, stored_in_bytes=stored_bytes(dataset), carried_bytes=held_bytes(fn))
    if made is not None:
        tally.add(verb, stored_out_bytes=stored_bytes(made))


def noise_of(counts: Any, n_draws: int = 1_000_000) -> dict[str, float]:  # noqa: ANN401 - PhraseCounts, or nothing
    """What the phrase counter reads for phrases that nobody sent: a random line, a random cell of each of its rows."""
    if counts is None:
        return {}
    rng = np.random.default_rng(5)
    lines = counts.cells.reshape(-1, 16)
    line = rng.integers(len(lines), size=n_draws)
    read = np.minimum(lines[line, rng.integers(8, size=n_draws)], lines[line, 8 + rng.integers(8, size=n_draws)])
    return {
        "n_prompts": int(counts.n_prompts),
        "size_bytes": int(counts.cells.nbytes),
        "mean_cell": float(counts.cells.mean()),
        "absent_mean": float(read.mean()),
        "absent_median": float(np.median(read)),
        "absent_above_zero": float((read > 0).mean()),
        "absent_at_20": float((read >= 20).mean()),
    }


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Scan, write the findings, and give all figures."""
    tally = Tally()
    from stillwatch.scan import scan  # noqa: PLC0415 - the module of that name is callable, and patched below

    sys.modules["stillwatch.scan"].LocalEngine = counting_engine(tally)  # type: ignore[attr-defined]
    start_s = time.perf_counter()
    findings = scan(options.folder, memory=options.memory, threads=options.threads, on_progress=tally.on_progress)
    scan_s = time.perf_counter() - start_s
    tally.finish()
    write_findings(findings, options.findings)
    return {
        "scan_s": scan_s,
        "with_report_s": time.perf_counter() - start_s,
        "high_water_bytes": high_water_bytes(),
        "exchanges": findings.tally.rows_kept,
        "accounts": findings.n_accounts,
        "families": findings.n_families,
        "campaigns": len(findings.campaigns),
        "stage_s": dict(findings.stage_s),
        "stage_cpu_s": tally.cpu_s,
        "stage_peak_bytes": tally.peak_bytes,
        "moved": tally.moved,
        "phrase_counts": noise_of(tally.counts),
    }


def main(arguments: list[str]) -> int:
    """Scan one folder."""
    parser = argparse.ArgumentParser(prog="benchmarks.scan_child", description="One scan and what it moved.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--findings", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args(arguments)
    options.json.write_text(json.dumps(run(options), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
