"""What ``benchmarks.scale`` measured, as tables: totals by size, stages, bytes, and the machine beside them."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from benchmarks.growth import exponent_words, markdown, pretty_bytes, pretty_count

__all__ = [
    "bytes_table",
    "largest_series",
    "least",
    "references_table",
    "score_table",
    "sizes_of",
    "stage_series",
    "stages_table",
    "totals",
]

Results = Mapping[str, Any]

_QUANTITIES: Final = ("wall_s", "cpu_s", "peak_bytes")
_UNNAMED: Final = frozenset({"start", "between stages"})


def sizes_of(results: Results) -> list[float]:
    """Exchanges of each size, ascending."""
    return [float(entry["exchanges"]) for entry in results["sizes"]]


def least(entry: Mapping[str, Any], name: str) -> float:
    """Least value of a quantity over the repetitions: what noise adds to, never takes from."""
    return min(float(run[name]) for run in entry["runs"])


def _middle(entry: Mapping[str, Any], name: str) -> float:
    return median(float(run[name]) for run in entry["runs"])


def totals(results: Results) -> str:
    """Wall time, processor time and memory by size, and their exponents."""
    rows = []
    for entry in results["sizes"]:
        n = entry["exchanges"]
        wall_s, cpu_s, peak_bytes = (least(entry, name) for name in _QUANTITIES)
        rows.append(
            (
                f"{n:,}",
                f"{wall_s:.1f} ({_middle(entry, 'wall_s'):.1f})",
                f"{cpu_s:.1f} ({_middle(entry, 'cpu_s'):.1f})",
                f"{wall_s / n * 1e6:.1f}",
                f"{cpu_s / n * 1e6:.1f}",
                f"{peak_bytes / 1e9:.2f}",
                f"{_fastest(entry)['accounts']:,}",
            )
        )
    for label, floor in (("exponent", 0.0), ("exponent from 1 million on", 1e6)):
        words = [_exponent(results, name, floor) for name in _QUANTITIES]
        rows.append((label, words[0], words[1], "", "", words[2], ""))
    heads = ("exchanges", "wall s (median)", "CPU s (median)", "wall us each", "CPU us each", "peak GB", "accounts")
    return markdown(heads, rows)


def _exponent(results: Results, name: str, floor: float) -> str:
    return exponent_words(sizes_of(results), [least(entry, name) for entry in results["sizes"]], floor * 0.99)


def _fastest(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the child of the fastest run told."""
    fastest: Mapping[str, Any] = min(entry["runs"], key=lambda run: run["wall_s"])["child"]
    return fastest


def score_table(results: Results) -> str:
    """What was found of what was planted."""
    rows = []
    for entry in results["sizes"]:
        found = entry["score"]
        rows.append(
            (
                f"{entry['exchanges']:,}",
                f"{found['n_found']} of {found['n_planted']}",
                f"{found['exchange_recall']:.3f}",
                f"{found['account_recall']:.3f}",
                f"{found['n_false_accounts']} of {found['n_legitimate_accounts']:,}",
            )
        )
    return markdown(("exchanges", "campaigns found", "exchanges found", "accounts found", "accused wrongly"), rows)


def stage_series(results: Results, field: str = "stage_s") -> dict[str, list[float]]:
    """Least seconds of every stage by size; 0 where a size did not have it. Largest at the largest size first."""
    names = {name: None for entry in results["sizes"] for run in entry["runs"] for name in run["child"].get(field, {})}
    series = {
        name: [min(run["child"].get(field, {}).get(name, 0.0) for run in entry["runs"]) for entry in results["sizes"]]
        for name in names
        if name not in _UNNAMED
    }
    return dict(sorted(series.items(), key=lambda item: -item[1][-1]))


def stages_table(results: Results) -> str:
    """Nanoseconds an exchange by stage, with exponents; beside them processor time and two floors of the machine."""
    wall, cpu = stage_series(results), stage_series(results, "stage_cpu_s")
    sizes = sizes_of(results)
    floor = {name: speed["one_ns"] for name, speed in results.get("references", {}).get("speeds", {}).items()}
    memory, xxh3 = (next((ns for name, ns in floor.items() if name.startswith(key)), 0.0) for key in ("memory", "xxh3"))
    rows = []
    for name, seconds in wall.items():
        ns = [s / n * 1e9 for s, n in zip(seconds, sizes, strict=True)]
        cpu_ns = cpu.get(name, [0.0])[-1] / sizes[-1] * 1e9
        rows.append(
            (
                name,
                *(f"{value:,.0f}" for value in ns),
                exponent_words(sizes, seconds),
                exponent_words(sizes, seconds, 0.99e6),
                f"{cpu_ns:,.0f}",
                f"{cpu_ns / memory:,.1f}" if memory else "-",
                f"{cpu_ns / xxh3:,.1f}" if xxh3 else "-",
            )
        )
    columns = [f"ns at {pretty_count(n)}" for n in sizes]
    heads = ("stage", *columns, "exponent", "from 1 million", "CPU ns", "times memory read", "times xxh3")
    return markdown(heads, rows)


def references_table(results: Results) -> str:
    """The machine's own speeds on the same prompts."""
    from benchmarks.physical import table  # noqa: PLC0415 - DuckDB and Arrow stay out of the parent process

    found = results.get("references", {})
    if not found:
        return "Not measured."
    mean = found["size_bytes"] / found["n_prompts"]
    return f"{found['n_prompts']:,} prompts of {mean:.0f} bytes.\n\n{table(dict(found))}"


def bytes_table(results: Results) -> str:
    """Bytes an exchange that every stage reads and writes at the largest size, and what it carries along in all."""
    largest = results["sizes"][-1]
    n, moved = largest["exchanges"], _fastest(largest)["moved"]
    rows = []
    for stage, verbs in moved.items():
        for verb, sizes in verbs.items():
            each = [
                sizes.get(name, 0.0) / n for name in ("in_bytes", "stored_in_bytes", "out_bytes", "stored_out_bytes")
            ]
            rows_each = sizes.get("rows_in", sizes.get("rows_out", 0.0)) / n
            held = [sizes.get(name, 0.0) for name in ("carried_bytes", "state_bytes")]
            words = [pretty_bytes(size) if size else "" for size in held]
            rows.append((stage, verb, f"{rows_each:.2f}", *(f"{e:,.0f}" if e else "" for e in each), *words))
    heads = ("stage", "verb", "rows", "B read", "B read stored", "B written", "B stored", "carried", "summary")
    return markdown(heads, rows)


def largest_series(results: Results, field: str, leave_out: Sequence[str] = ()) -> list[tuple[str, float]]:
    """Per size: the stage that holds most of `carried_bytes` or `state_bytes`, and how much."""
    found = []
    for entry in results["sizes"]:
        sizes = {
            stage: max(verb.get(field, 0.0) for verb in verbs.values())
            for stage, verbs in _fastest(entry)["moved"].items()
            if stage not in leave_out
        }
        stage = max(sizes, key=lambda name: sizes[name], default="")
        found.append((stage, sizes.get(stage, 0.0)))
    return found
