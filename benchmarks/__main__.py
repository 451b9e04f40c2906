"""Time, memory and quality of scans of simulated traffic: what `make bench` prints.

Usage: ``.venv/bin/python -m benchmarks [--exchanges N] [--seeds 1,2,3] [--out work/bench]``

Each seed is simulated (with real corpora when ``STILLWATCH_CORPORA`` is set), scanned by the command line in a process
of its own and scored against the truth. The first scan runs twice: cold, with no compiled kernels, then warm.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

COMMAND = str(Path(sys.executable).with_name("stillwatch"))


class Run(NamedTuple):
    """One command: seconds and the largest memory of any command so far, bytes."""

    wall_s: float
    peak_bytes: int


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run stillwatch with its progress hidden; stop everything when it fails."""
    start = time.perf_counter()
    subprocess.run([COMMAND, *arguments], check=True, env=environment, capture_output=True)
    wall_s = time.perf_counter() - start
    return Run(wall_s, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)


def stages(folder: Path) -> dict[str, float]:
    """Seconds by stage of the scan whose findings lie in a folder."""
    found: dict[str, float] = json.loads((folder / "findings" / "run.json").read_text())["stage_s"]
    return found


def scored(folder: Path) -> dict[str, Any]:
    """Findings against the truth."""
    told = subprocess.run([COMMAND, "score", str(folder), "--json"], check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(told.stdout)
    return result


def line(label: str, scan: Run, result: Mapping[str, Any]) -> str:
    """One row of the table."""
    n_found, n_planted = result["n_found"], len(result["campaigns"])
    n_false, n_legitimate = result["n_false_accounts"], result["n_legitimate_accounts"]
    return (
        f"{label:<12} {scan.wall_s:>7.1f} s {scan.peak_bytes / 2**30:>6.2f} GiB   {n_found} of {n_planted} campaigns,"
        f" account recall {result['account_recall']:.3f}, {n_false} false of {n_legitimate:,} accounts"
    )


def bench(out: Path, exchanges: int, seeds: Sequence[int]) -> dict[str, Any]:
    """Simulate, scan and score every seed; all results by label."""
    cold_cache = out / "numba"
    shutil.rmtree(cold_cache, ignore_errors=True)
    results: dict[str, Any] = {}
    for number, seed in enumerate(seeds):
        folder = out / f"seed-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        print(f"seed {seed}: simulating {exchanges:,} exchanges", flush=True)
        run(["simulate", "--out", str(folder), "--exchanges", str(exchanges), "--seed", str(seed)], os.environ)
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(cold_cache)}
        for state in ("cold", "warm") if number == 0 else ("warm",):
            scan = run(["scan", str(folder)], environment)
            result = scored(folder)
            results[f"{seed} {state}"] = {**scan._asdict(), "stage_s": stages(folder), "score": result}
            print(line(f"{seed} {state}", scan, result), flush=True)
    return results


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and write ``results.json`` beside the traffic."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Time, memory and quality of scans.")
    parser.add_argument("--out", type=Path, default=Path("work/bench"), help="folder for traffic and results")
    parser.add_argument("--exchanges", type=int, default=1_000_000, help="exchanges of each seed")
    parser.add_argument("--seeds", default="7,8,9,10,11", help="seeds, separated by commas")
    options = parser.parse_args(arguments)
    print(f"corpora: {os.environ.get('STILLWATCH_CORPORA') or 'none, the built-in grammar writes the prompts'}")
    results = bench(options.out, options.exchanges, [int(seed) for seed in options.seeds.split(",")])
    first = next(label for label in results if label.endswith("warm"))
    print(f"\nstages of {first}:")
    for stage, seconds in results[first]["stage_s"].items():
        print(f"  {stage:<22} {seconds:>7.2f} s")
    (options.out / "results.json").write_text(json.dumps(results, indent=2))
    print(f"results: {options.out / 'results.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
