"""Whether the statistical claims hold: each study simulates what a claim is about and draws it against the promise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import stats

from stillwatch.bench.line_plot import Axis, Band, Line, plot
from stillwatch.bench.null_sequences import INFRASTRUCTURE_NULLS, TURN_NULLS
from stillwatch.bench.reference import legitimate_families, reference_of
from stillwatch.detect.channels.dispatch import dispatch_turns
from stillwatch.detect.channels.infrastructure import coordination_bits, infrastructure_bits
from stillwatch.detect.harvest.score import Reference, leave_one_unit_out, score_families
from stillwatch.detect.reference import SIZE_CLASSES, ReferenceFile, feature_arrays, size_bars, size_class
from stillwatch.detect.verdicts import UNCLEAR_MARGIN
from stillwatch.engine import LocalEngine
from stillwatch.ingest import ingest
from stillwatch.model.progress import Progress, Stages
from stillwatch.scan import examine, measure
from stillwatch.simulate import simulate
from stillwatch.sketch import hash_strings
from stillwatch.stats.conformal import conformal_p_values

__all__ = [
    "STUDIES",
    "Study",
    "World",
    "attribution_of_bystanders",
    "conformal_ranks",
    "e_value_tails",
    "make_world",
    "one_kind_left_out",
    "run_studies",
]

Floats = NDArray[np.float64]

REFERENCE_SEEDS: Final = tuple(range(9401, 9413))
HELD_OUT_SEEDS: Final = tuple(range(9451, 9463))
ATTACK_SEEDS: Final = (9481, 9482, 9483)
N_EXCHANGES: Final = 60_000
N_DRAWS: Final = 2_000

_CAPTIONS: Final = {
    "ranks": (
        "Above the band: legitimate units score higher than the reference promises, so the bar is too low. "
        "Below it: the bar costs recall for nothing. The band is that of Kolmogorov and Smirnov for two "
        "samples. The promise is one over all units together: some kinds stand higher than others, and a "
        "provider that has mostly those has another rate."
    ),
    "e-values": (
        "A curve above the dashed line breaks the promise of an e-value. Inside the grid of the null it must "
        "not; outside it may, and the table says for whom. A curve ends where no draw went further."
    ),
    "kinds": (
        "Points over the dashed bar are false alarms. If leaving a kind out lifted it over the bar, a "
        "provider with customers that the reference has never seen would see them accused."
    ),
    "attribution": (
        "Bystanders are legitimate accounts in alarmed families of which half the accounts or more are a "
        "campaign's. Over the dashed line they are attributed more often than a likelihood ratio of so many "
        "bits would have it: attribution is clipped and estimated, so its bars (4 bits in a family with a "
        "template, 8 without) promise what this table shows and no more. It cannot spare the members of a "
        "legitimate family that is alarmed as a whole: that is the bar's work."
    ),
}
"""What is drawn, and what would be seen if the claim were wrong."""


@dataclass(frozen=True, slots=True)
class Study:
    """One claim held against simulation.

    caption     What is drawn, and what would be seen if the claim were wrong.
    picture     SVG text.
    heads, rows The table beside the picture.
    figures     Numbers by name, for programs.
    """

    name: str
    title: str
    caption: str
    picture: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: dict[str, float]

    def table(self) -> str:
        """The table in Markdown."""
        lines = [self.heads, ("---",) * len(self.heads), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True)
class World:
    """What the studies look at.

    learnt, held_out    Legitimate families of two disjoint sets of seeds: MEASURED with kind and unit.
    folders             Traffic with planted campaigns, as `simulate` writes it.
    """

    learnt: pa.Table
    held_out: pa.Table
    folders: tuple[Path, ...]


def make_world(
    folder: Path,
    *,
    exchanges: int = N_EXCHANGES,
    learnt: Sequence[int] = REFERENCE_SEEDS,
    held_out: Sequence[int] = HELD_OUT_SEEDS,
    attacked: Sequence[int] = ATTACK_SEEDS,
    on_progress: Progress | None = None,
) -> World:
    """Simulate everything that the studies need; all seeds differ from those of the shipped reference."""
    tables = [
        pa.concat_tables([legitimate_families(exchanges, seed, None, on_progress) for seed in seeds])
        for seeds in (learnt, held_out)
    ]
    folders = tuple(folder / f"seed-{seed}" for seed in attacked)
    for seed, path in zip(attacked, folders, strict=True):
        simulate(path, exchanges=exchanges, seed=seed, on_progress=on_progress)
    return World(tables[0], tables[1], folders)


def conformal_ranks(world: World) -> Study:
    """Ranks of held-out legitimate units among those of a reference made alike, size class by size class."""
    reference = reference_of(world.learnt, "study", 0)
    p, kind = _ranks(reference, world.held_out)
    n, m = reference.n_units, len(p)
    grid = np.linspace(0, 1, 201)
    share = np.searchsorted(np.sort(p), grid, side="right") / max(m, 1)
    width = float(stats.kstwobign.ppf(0.95)) * np.sqrt(1 / n + 1 / max(m, 1))
    ticks = {v: f"{v:g}" for v in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)}
    picture = plot(
        "Conformal ranks of held-out legitimate units",
        Axis("conformal p-value", 0, 1, ticks),
        Axis("share of units at or below", 0, 1, ticks),
        [Line(f"{m} held-out units", grid, share), Line("uniform, as promised", grid, grid, is_bound=True)],
        Band("95 % band, simultaneous", grid, np.clip(grid - width, 0, 1), np.clip(grid + width, 0, 1)),
    )
    rows = [_rank_row("all", p), *(_rank_row(name, p[kind == name]) for name in np.unique(kind))]
    shipped, _ = _ranks(ReferenceFile.load(), world.held_out)
    rows.append(_rank_row("all, against the shipped reference", shipped))
    apart = float(np.abs(share - grid).max())
    return Study(
        "ranks",
        "Conformal ranks against uniform",
        _CAPTIONS["ranks"],
        picture,
        ("units", "number", "p at most .05", "p at most .01", "least p"),
        tuple(rows),
        {
            "units": m,
            "distance": apart,
            "band": width,
            "at_5": float(np.mean(p <= 0.05)),
            "at_1": float(np.mean(p <= 0.01)),
        },
    )


def _ranks(reference: ReferenceFile, table: pa.Table) -> tuple[Floats, NDArray[np.str_]]:
    """Conformal p-value and kind of each unit of a table and size class."""
    own = leave_one_unit_out(reference.families).total_bits
    known = reference.n_accounts if len(reference.n_accounts) else np.zeros(len(own), np.int64)
    bits = score_families(*feature_arrays(table), reference.families).total_bits
    units = np.unique(np.array(table["unit"].to_pylist()), return_inverse=True)[1]
    kinds = np.array(table["kind"].to_pylist())
    sizes = np.array([size_class(int(n)) for n in table["n_accounts"].to_numpy()])
    p, kind = [], []
    for number in range(len(SIZE_CLASSES)):
        rows = np.flatnonzero((known == 0) | (np.array([size_class(int(n)) for n in known]) == number))
        calibration = _highest(reference.families.unit[rows], own[rows])[0]
        mine = np.flatnonzero(sizes == number)
        highest, first = _highest(units[mine], bits[mine])
        p.append(conformal_p_values(highest, calibration))
        kind.append(kinds[mine][first])
    return np.concatenate(p), np.concatenate(kind)


def _highest(unit: NDArray[np.int64], bits: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Highest score of each unit, and the unit's first row."""
    names, first, code = np.unique(unit, return_index=True, return_inverse=True)
    highest = np.full(len(names), -np.inf)
    np.maximum.at(highest, code, bits)
    return highest, first


def _rank_row(name: str, p: Floats) -> tuple[str, ...]:
    return (name, f"{len(p):,}", _share(p <= 0.05), _share(p <= 0.01), f"{p.min(initial=1.0):.4f}")


def _share(hits: NDArray[np.bool_]) -> str:
    """Share with its exact 95 % interval (Clopper-Pearson)."""
    n, k = len(hits), int(hits.sum())
    if not n:
        return "none"
    low = float(stats.beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(stats.beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return f"{k / n:.3f} ({low:.3f} to {high:.3f})"


def e_value_tails(_: World | None = None, *, n_draws: int = N_DRAWS, seed: int = 1) -> Study:
    """How often the channels reach b bits on unrelated accounts, against the 2^-b that an e-value promises."""
    rng = np.random.default_rng(seed)
    found: dict[str, Floats] = {}
    turns, shared = [], []
    for null in TURN_NULLS:
        drawn = [dispatch_turns(*null.draw(rng, 120)) for _ in range(n_draws)]
        place = "" if null.is_in_grid else ", outside the grid"
        found[f"dispatch: {null.name}{place}"] = np.array([turn.bits for turn in drawn])
        found[f"dispatch, highest on the way: {null.name}{place}"] = np.array([turn.peak_bits for turn in drawn])
        turns.append((null, found[f"dispatch: {null.name}{place}"]))
    for sharing in INFRASTRUCTURE_NULLS:
        bits = np.array([infrastructure_bits(*sharing.draw(rng, 60)).total for _ in range(n_draws)])
        found[f"infrastructure: {sharing.name}"] = bits
        shared.append(bits)
    inside = np.concatenate([bits for null, bits in turns if null.is_in_grid])
    pairs = zip(inside, np.resize(np.concatenate(shared), len(inside)), strict=True)
    found["both channels together, inside the grid"] = np.array(
        [coordination_bits(*map(float, pair)) for pair in pairs]
    )
    clocks = {name for name in found if "clocks" in name}
    outside = [b for n, b in found.items() if n.endswith("outside the grid") and "highest" not in n and n not in clocks]
    peaks = [b for n, b in found.items() if "highest" in n and n not in clocks]
    grid = np.linspace(0, 14, 141)
    lines = [
        Line("dispatch, inside the grid", grid, _log10_tail(inside, grid)),
        Line("dispatch, outside the grid", grid, _log10_tail(np.concatenate(outside), grid)),
        Line("... people as punctual as clocks", grid, _log10_tail(found[min(clocks, key=len)], grid)),
        Line("dispatch, highest on the way", grid, _log10_tail(np.concatenate(peaks), grid)),
        Line("infrastructure", grid, _log10_tail(np.concatenate(shared), grid)),
        Line("both, inside the grid", grid, _log10_tail(found["both channels together, inside the grid"], grid)),
        Line("1 / E, as promised", grid, _promised(grid), is_bound=True),
    ]
    return Study(
        "e-values",
        "E-values of unrelated accounts against 1 / E",
        _CAPTIONS["e-values"],
        plot("How often unrelated accounts reach so many bits", *_tail_axes(14.0), lines),
        ("null", "draws", "mean E", "3 bits (1/8)", "6 bits (1/64)", "10 bits (1/1024)", "most bits"),
        tuple(_tail_row(name, bits) for name, bits in found.items()),
        {f"{name}, 10 bits": float(np.mean(bits >= 10)) for name, bits in found.items()},
    )


def _tail_axes(most_bits: float) -> tuple[Axis, Axis]:
    """Bits across, the share that reaches them down, to one in ten thousand."""
    down = {-float(k): label for k, label in enumerate(("1", "1/10", "1/100", "1/1,000", "1/10,000"))}
    step = 2 if most_bits <= 16 else 5
    across = {float(b): str(b) for b in range(0, int(most_bits) + 1, step)}
    return Axis("bits", 0, most_bits, across), Axis("share that reaches so many bits", -4, 0, down)


def _log10_tail(bits: Floats, grid: Floats) -> Floats:
    """log10 of the share at each point of the grid or over it; NaN where there is none."""
    share = 1 - np.searchsorted(np.sort(bits), grid, side="left") / max(len(bits), 1)
    return np.asarray(np.log10(np.where(share > 0, share, np.nan)))


def _promised(grid: Floats) -> Floats:
    """log10 of 2^-b, NaN where it leaves the picture."""
    return np.asarray(np.where(grid * np.log10(2) <= 4, -grid * np.log10(2), np.nan))


def _tail_row(name: str, bits: Floats) -> tuple[str, ...]:
    mean = float(np.mean(np.exp2(np.minimum(bits, 60))))
    shown = f"{mean:.2f}" if mean < 1_000 else f"{mean:.1e}"
    return (name, f"{len(bits):,}", shown, *(_share(bits >= b) for b in (3, 6, 10)), f"{bits.max(initial=-np.inf):.1f}")


def one_kind_left_out(world: World) -> Study:
    """Score of held-out families of each kind when the shipped reference knows the kind, and when it does not."""
    shipped = ReferenceFile.load()
    kinds, names = np.array(world.held_out["kind"].to_pylist()), sorted(set(shipped.families.kind))
    x, s = feature_arrays(world.held_out)
    sizes = world.held_out["n_accounts"].to_numpy()
    rows: list[tuple[str, ...]] = []
    worst, figures = [], {}
    for name in names:
        mine = np.flatnonzero(kinds == name)
        if not len(mine):
            continue
        with_it, bars = score_families(x[mine], s[mine], shipped.families).total_bits, shipped.bars
        less, less_bars = _without(shipped, name)
        without = score_families(x[mine], s[mine], less).total_bits
        n_with, n_without = (_alarms(bits, sizes[mine], b) for bits, b in ((with_it, bars), (without, less_bars)))
        known = int(np.unique(shipped.families.unit[np.array(shipped.families.kind) == name]).size)
        rows.append(
            (
                f"{len(rows) + 1} {name}",
                f"{known:,}",
                f"{len(mine):,}",
                str(n_with),
                f"{with_it.max():.1f}",
                str(n_without),
                f"{without.max():.1f}",
            )
        )
        worst.append((float(with_it.max()), float(without.max())))
        figures[f"{name}, alarms when unknown"] = float(n_without)
    at = np.arange(len(worst), dtype=np.float64)
    values = np.array(worst).reshape(-1, 2)
    bar = shipped.bar_bits
    lines = [
        Line("kind in the reference", at - 0.12, values[:, 0], is_dots=True),
        Line("kind left out", at + 0.12, values[:, 1], is_dots=True),
        Line(f"bar, {bar:.1f} bits", at, np.full(len(at), bar), is_bound=True),
    ]
    low, high = float(min(-10, values.min(initial=0))), float(max(bar + 6, values.max(initial=0) + 4))
    marks = {float(v): str(v) for v in range(-int(-low // 10) * 10, int(high) + 1, 10)}
    across = Axis(
        "kind of legitimate use", -0.5, max(len(at) - 0.5, 0.5), {float(i): str(i + 1) for i in range(len(rows))}
    )
    return Study(
        "kinds",
        "Each legitimate kind left out of the reference",
        _CAPTIONS["kinds"],
        plot("Highest score of each kind, known and unknown", across, Axis("bits", low, high, marks), lines),
        (
            "kind",
            "units in the reference",
            "held-out families",
            "alarms",
            "most bits",
            "alarms, kind unknown",
            "most bits, kind unknown",
        ),
        tuple(rows),
        figures,
    )


def _without(reference: ReferenceFile, kind: str) -> tuple[Reference, tuple[float, ...]]:
    """The reference without a kind, and the bars that it would then have."""
    keep = np.array(reference.families.kind) != kind
    f = reference.families
    less = Reference(f.x[keep], f.s[keep], f.unit[keep], tuple(np.array(f.kind)[keep].tolist()))
    sizes = reference.n_accounts[keep] if len(reference.n_accounts) else np.zeros(int(keep.sum()), np.int64)
    return less, tuple(bar.bits for bar in size_bars(less, sizes))


def _alarms(bits: Floats, n_accounts: NDArray[np.int64], bars: Sequence[object]) -> int:
    """Families over the bar of their size."""
    heights = [bar if isinstance(bar, float) else getattr(bar, "bits", np.inf) for bar in bars]
    return int(sum(b >= heights[size_class(int(n))] for b, n in zip(bits, n_accounts, strict=True)))


def attribution_of_bystanders(world: World) -> Study:
    """Attribution bits of legitimate accounts that alarmed families of a campaign hold as well, against 2^-b."""
    reference = ReferenceFile.load()
    parts = [_attributed(folder, reference) for folder in world.folders]
    names = ("bystanders", "accounts of campaigns", "members of legitimate families")
    found = {name: np.concatenate([part[name] for part in parts]) for name in names}
    grid = np.linspace(0, 30, 121)
    lines = [Line(name, grid, _log10_tail(bits, grid)) for name, bits in found.items()]
    lines.append(Line("1 / 2^bits", grid, _promised(grid), is_bound=True))
    rows = [(name, f"{len(bits):,}", *(_share(bits >= b) for b in (2, 4, 8, 12))) for name, bits in found.items()]
    bystanders = found["bystanders"]
    return Study(
        "attribution",
        "Attribution bits of bystanders",
        _CAPTIONS["attribution"],
        plot("How often accounts in alarmed families reach so many bits", *_tail_axes(30.0), lines),
        ("accounts", "number", "2 bits (1/4)", "4 bits (1/16)", "8 bits (1/256)", "12 bits (1/4096)"),
        tuple(rows),
        {"bystanders": len(bystanders), **{f"at_{b}": float(np.mean(bystanders >= b)) for b in (4, 8)}},
    )


def _attributed(folder: Path, reference: ReferenceFile) -> dict[str, Floats]:
    """Attribution bits of each account of each alarmed family, by what the account is in that family."""
    with LocalEngine() as engine:
        stages = Stages(None)
        scanned = measure(engine, ingest([folder]), stages)
        table = examine(engine, scanned, reference, stages, reference.bar_bits - UNCLEAR_MARGIN).attributed
    truth = pq.read_table(folder / "truth" / "accounts.parquet")
    planted = np.sort(hash_strings(truth.filter(truth["campaign"].is_valid())["account_id"]))
    bits, is_guilty = table["attribution_bits"].to_numpy(), np.isin(table["account"].to_numpy(), planted)
    _, code = np.unique(table["family"].to_numpy(), return_inverse=True)
    guilty = np.bincount(code, weights=is_guilty) >= 0.5 * np.bincount(code) if len(code) else np.zeros(0, np.bool_)
    of_campaign = guilty[code]
    return {
        "bystanders": bits[~is_guilty & of_campaign],
        "accounts of campaigns": bits[is_guilty],
        "members of legitimate families": bits[~is_guilty & ~of_campaign],
    }


STUDIES: Final[tuple[Callable[[World], Study], ...]] = (
    conformal_ranks,
    e_value_tails,
    one_kind_left_out,
    attribution_of_bystanders,
)


def run_studies(out: Path, *, on_progress: Progress | None = None) -> list[Study]:
    """Run all studies and write ``null-NAME.svg`` for each."""
    with TemporaryDirectory() as folder:
        world = make_world(Path(folder), on_progress=on_progress)
        found = [study(world) for study in STUDIES]
    out.mkdir(parents=True, exist_ok=True)
    for study in found:
        (out / f"null-{study.name}.svg").write_text(study.picture, encoding="utf-8")
    return found
