"""How a scan grows with the traffic: time, memory, bytes and quality by size, beside what the machine can do.

Usage: ``.venv/bin/python -m benchmarks.scale [--sizes 0.25,1,4,16] [--traffic DIR] [--out work/scale] [--repeat N]``

Sizes are millions of exchanges. Traffic is simulated once (with real corpora when ``STILLWATCH_CORPORA`` is set) and
used again when it is there. Every scan runs in a process of its own, after one that is thrown away and compiles the
kernels; of several repetitions the least is told, the median beside it. Writes ``results.json``, ``scale.md`` and
pictures. ``--page`` puts the tables between the marks of docs/why/scale.md; ``--only-tables`` measures nothing.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.cost_model import Site, breaks_table, cost_table, model_of
from benchmarks.growth import picture
from benchmarks.pages import into_page
from benchmarks.scale_tables import (
    bytes_table,
    largest_series,
    least,
    references_table,
    score_table,
    sizes_of,
    stage_series,
    stages_table,
    totals,
)

COMMAND = str(Path(sys.executable).with_name("stillwatch"))


class Used(NamedTuple):
    """What one process used; memory is its own largest, not that of processes before it."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def child(arguments: Sequence[str]) -> Used:
    """Run a process with its output hidden.

    Raises  CalledProcessError, after its standard error was printed, when it fails.
    """
    with tempfile.TemporaryFile() as said:
        start_s = time.perf_counter()
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start_s
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            print(said.read().decode(errors="replace"), file=sys.stderr)
            raise subprocess.CalledProcessError(process.returncode, list(arguments))
    return Used(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def traffic_of(folder: Path, millions: float, seed: int) -> Path:
    """Folder with simulated traffic of that size, made when it is not there; a half-made one is made again."""
    place = folder / f"{millions:g}M-seed{seed}"
    if (place / "truth" / "manifest.json").is_file():
        print(f"{place.name}: traffic is there", flush=True)
        return place
    n = round(millions * 1e6)
    print(f"{place.name}: simulating {n:,} exchanges", flush=True)
    partial = place.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    child([COMMAND, "simulate", "--out", str(partial), "--exchanges", str(n), "--seed", str(seed)])
    partial.rename(place)
    return place


def scanned(traffic: Path, out: Path, memory: str, threads: int | None) -> dict[str, Any]:
    """One scan: what its process used, and what it told of itself."""
    findings, told = out / f"findings-{traffic.name}", out / "scan.json"
    shutil.rmtree(findings, ignore_errors=True)
    options = ["--findings", str(findings), "--json", str(told), "--memory", memory]
    options += [] if threads is None else ["--threads", str(threads)]
    used = child([sys.executable, "-m", "benchmarks.scan_child", str(traffic), *options])
    return {**used._asdict(), "child": json.loads(told.read_text())}


def scored(traffic: Path, findings: Path) -> dict[str, Any]:
    """Findings against the truth, the totals alone."""
    told = subprocess.run(
        [COMMAND, "score", str(traffic), "--findings", str(findings), "--json"],
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(told.stdout)
    kept = ("n_found", "exchange_recall", "account_recall", "n_false_accounts", "n_legitimate_accounts")
    return {**{name: found[name] for name in kept}, "n_planted": len(found["campaigns"])}


def sizes_measured(places: Sequence[Path], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Scan every size, the repetitions one round after the other so that a slow minute of the machine is shared."""
    print(f"{places[0].name}: a scan that compiles", flush=True)
    scanned(places[0], options.out, options.memory, options.threads)
    runs: dict[str, list[dict[str, Any]]] = {place.name: [] for place in places}
    for number in range(options.repeat):
        for place in places:
            run = scanned(place, options.out, options.memory, options.threads)
            runs[place.name].append(run)
            print(
                f"{place.name}: {run['wall_s']:.1f} s, {run['cpu_s']:.1f} s of processor,"
                f" {run['peak_bytes'] / 1e9:.2f} GB (round {number + 1} of {options.repeat})",
                flush=True,
            )
    return [
        {
            "name": place.name,
            "exchanges": runs[place.name][0]["child"]["exchanges"],
            "log_bytes": sum(path.stat().st_size for path in (place / "logs").iterdir()),
            "runs": runs[place.name],
            "score": scored(place, options.out / f"findings-{place.name}"),
        }
        for place in places
    ]


def references_measured(place: Path, out: Path, most_bytes: float) -> dict[str, Any]:
    """The machine's own speeds on the prompts of a folder, in a process of its own."""
    told = out / "references.json"
    print(f"{place.name}: what the machine can do", flush=True)
    arguments = ["-m", "benchmarks.physical", str(place), "--most-bytes", str(most_bytes), "--json", str(told)]
    child([sys.executable, *arguments])
    found: dict[str, Any] = json.loads(told.read_text())
    return found


def machine() -> dict[str, Any]:
    """Cores and memory that this process may use, and the version of Python."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": memory_bytes,
        "python": platform.python_version(),
        "corpora": bool(os.environ.get("STILLWATCH_CORPORA")),
        "load": os.getloadavg()[0],
    }


def pictures(results: dict[str, Any], folder: Path) -> None:
    """``scale-time.svg`` and ``scale-stages.svg``."""
    millions = [n / 1e6 for n in sizes_of(results)]
    totals_by_name = {
        "wall time, s": [least(entry, "wall_s") for entry in results["sizes"]],
        "processor time, s": [least(entry, "cpu_s") for entry in results["sizes"]],
        "peak memory, GB": [least(entry, "peak_bytes") / 1e9 for entry in results["sizes"]],
    }
    folder.mkdir(parents=True, exist_ok=True)
    drawn = picture("A scan by size", "seconds or GB", millions, totals_by_name)
    (folder / "scale-time.svg").write_text(drawn, encoding="utf-8")
    largest = dict(list(stage_series(results).items())[:6])
    drawn = picture("The six longest stages by size", "seconds", millions, largest)
    (folder / "scale-stages.svg").write_text(drawn, encoding="utf-8")


def carried_lines(results: dict[str, Any]) -> str:
    """Largest thing that a function carries, and largest summary, by size."""
    lines = []
    for field, words in (("carried_bytes", "carried with a function"), ("state_bytes", "largest summary")):
        told = [
            f"{size / 1e6:,.1f} MB at {n:,.0f} ({stage})"
            for n, (stage, size) in zip(sizes_of(results), largest_series(results, field), strict=True)
        ]
        lines.append(f"- {words}: {'; '.join(told)}")
    return "\n".join(lines)


def noise_lines(results: dict[str, Any]) -> str:
    """What the phrase counter reads for phrases that nobody sent, by size."""
    lines = []
    for entry in results["sizes"]:
        counts = entry["runs"][0]["child"].get("phrase_counts", {})
        if counts:
            lines.append(
                f"- {counts['n_prompts']:,} distinct prompts in {counts['size_bytes'] / 1e6:,.0f} MB: a phrase that"
                f" nobody sent reads {counts['absent_mean']:.2f} on average, more than zero in"
                f" {counts['absent_above_zero']:.1%} of draws, 20 or more in {counts['absent_at_20']:.2%}"
            )
    return "\n".join(lines)


def sections(results: dict[str, Any], site: Site, images: str = "") -> str:
    """Everything as Markdown, for the terminal and for the page; pictures are named when `images` says where."""
    where = results["machine"]
    prompts = "real corpora" if where["corpora"] else "the built-in grammar"
    model = model_of(results)
    shown = [f"![A scan by size]({images}scale-time.svg)", f"![Stages by size]({images}scale-stages.svg)"]
    assumed = (
        f"Assumed: {site.utilisation:.0%} of the cores' time, workers with {site.memory_bytes / 1e9:.0f} GB of memory"
        f" and {site.disk_bytes / 1e12:g} TB of disk."
    )
    measured = (
        f"Measured on {where['cores']} cores and {where['memory_bytes'] / 1e9:.0f} GB with prompts of {prompts};"
        f" load of the machine when it began: {where['load']:.1f}."
    )
    parts = [
        measured,
        *(shown if images else ()),
        totals(results),
        score_table(results),
        "### Stages",
        stages_table(results),
        "### The machine",
        references_table(results),
        "### Bytes by stage",
        bytes_table(results),
        carried_lines(results),
        noise_lines(results),
        "### A day of traffic",
        assumed,
        cost_table(model, site),
        "### What gives way first",
        breaks_table(model, site),
    ]
    return "\n\n".join(part for part in parts if part)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description="How a scan grows with the traffic.")
    parser.add_argument("--sizes", default="0.25,1,4,16", help="millions of exchanges, separated by commas")
    parser.add_argument("--traffic", type=Path, default=Path("work/scale/traffic"), help="folder for the traffic")
    parser.add_argument("--out", type=Path, default=Path("work/scale"), help="folder for results")
    parser.add_argument("--repeat", type=int, default=1, help="scans of each size")
    parser.add_argument("--seed", type=int, default=7, help="seed of the traffic")
    parser.add_argument("--memory", default="4GB", help="limit that the scans are given")
    parser.add_argument("--threads", type=int, help="threads of a scan; every core without it")
    parser.add_argument("--most-bytes", type=float, default=1.5e9, help="prompts for the machine's own speeds, bytes")
    parser.add_argument("--utilisation", type=float, default=Site().utilisation, help="share of the cores' time")
    parser.add_argument("--node-memory", type=float, default=Site().memory_bytes, help="of a worker, bytes")
    parser.add_argument("--node-disk", type=float, default=Site().disk_bytes, help="of a worker, bytes")
    parser.add_argument("--page", type=Path, nargs="?", const=Path("docs/why/scale.md"), help="page to write into")
    parser.add_argument("--images", type=Path, default=Path("docs/images"), help="folder for the page's pictures")
    parser.add_argument("--only-tables", action="store_true", help="take results.json as it is")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write."""
    options = parsed(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "results.json"
    if options.only_tables:
        results = json.loads(kept.read_text())
    else:
        where = machine()
        places = [
            traffic_of(options.traffic, float(s), options.seed) for s in sorted(options.sizes.split(","), key=float)
        ]
        measured = sizes_measured(places, options)
        results = {
            "machine": where,
            "sizes": measured,
            "references": references_measured(places[-1], options.out, options.most_bytes),
        }
        kept.write_text(json.dumps(results, indent=1))
    site = Site(options.utilisation, options.node_memory, options.node_disk)
    text = sections(results, site)
    print(f"\n{text}\n\nresults: {kept}")
    (options.out / "scale.md").write_text(text + "\n", encoding="utf-8")
    pictures(results, options.out)
    if options.page is not None:
        pictures(results, options.images)
        into_page(
            options.page, "scale", sections(results, site, os.path.relpath(options.images, options.page.parent) + "/")
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
