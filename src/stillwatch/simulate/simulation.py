"""One run: plan the sizes, draft every part, put the exchanges in time order, write logs and truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stillwatch import __version__
from stillwatch.errors import InvalidInput
from stillwatch.model.progress import Progress
from stillwatch.simulate.corpora import read_corpora
from stillwatch.simulate.draft import Draft, merge
from stillwatch.simulate.plan import Plan, Planned, make_plan
from stillwatch.simulate.population import Population
from stillwatch.simulate.populations import POPULATIONS
from stillwatch.simulate.relay_harvest import cover_for
from stillwatch.simulate.releases import adopt
from stillwatch.simulate.signups import sign_up_late
from stillwatch.simulate.truth import MARKER, write_manifest
from stillwatch.simulate.world import World, make_world
from stillwatch.simulate.writing import write_run

__all__ = ["Simulated", "simulate"]

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Simulated:
    """Where a run lies and what is in it.

    logs        Parquet files of exchanges, in time order.
    accounts    The account table.
    truth       Folder with the truth: exchanges.parquet, accounts.parquet, manifest.json.
    manifest    Seed, sizes, counts and what each campaign was told, as in manifest.json.
    """

    out: Path
    logs: tuple[Path, ...]
    accounts: Path
    truth: Path
    manifest: Mapping[str, object]


def _chosen(names: Sequence[str] | None) -> list[Population]:
    """The populations of the given names; all of them for None."""
    by_name = {population.name: population for population in POPULATIONS}
    unknown = sorted(set(names or ()) - by_name.keys())
    if unknown:
        message = f"populations must be among {', '.join(by_name)}; got {', '.join(unknown)}"
        raise InvalidInput(message)
    return list(POPULATIONS) if names is None else [by_name[name] for name in names]


def _plant(world: World, planned: Planned) -> Draft:
    """One campaign's exchanges, its cover included."""
    rng = world.rng(planned.name)
    draft = planned.campaign.build(world, rng, planned.brief)
    if planned.brief.n_cover and not planned.campaign.mixes:
        draft = Draft.concat([cover_for(world, rng, planned.brief), draft])
    entity = draft["entity"]
    entity[:] = np.where(entity < 0, world.entity(planned.name), entity)
    return draft


def _drafts(world: World, plan: Plan, populations: Sequence[Population], on_progress: Progress) -> Draft:
    """Every part's exchanges; the populations share what is legitimate."""
    weights = np.array([population.share for population in populations])
    bounds = np.rint(np.cumsum(weights) / weights.sum() * plan.legitimate).astype(int) if populations else weights
    drafts, done = [], 0
    for population, n in zip(populations, np.diff(bounds, prepend=0).tolist(), strict=True):
        drafts.append(population.build(world, world.rng(population.name), n, POPULATIONS.index(population)))
        done += n
        on_progress("draft", done, plan.exchanges)
    for planned in plan.campaigns:
        drafts.append(_plant(world, planned))
        done += len(drafts[-1])
        on_progress("draft", done, plan.exchanges)
    return merge(drafts)


def _put_in_time_order(draft: Draft, rng: np.random.Generator) -> None:
    """Rows by time; equal times in random order."""
    shuffled = rng.permutation(len(draft))
    draft.reorder(shuffled[np.argsort(draft["time_us"][shuffled], kind="stable")])


def _silent(stage: str, done: float, total: float) -> None:
    """Report nothing."""


def _prepare(out: Path, days: float, overlap: float) -> None:
    """Refuse bad arguments and folders in use."""
    problems = [
        f"days must be in [1, 365], got {days}" if not 1 <= days <= 365 else "",
        f"overlap must be in [0, 1], got {overlap}" if not 0 <= overlap <= 1 else "",
        f"folder {out} must be empty" if out.exists() and any(out.iterdir()) else "",
    ]
    if any(problems):
        raise InvalidInput("; ".join(problem for problem in problems if problem))


def _make_folders(out: Path) -> None:
    """Make the folders, the truth's marked as no place for logs."""
    for folder in (out / "logs", out / "truth"):
        folder.mkdir(parents=True)
    out.joinpath("truth", MARKER).write_text("truth\n", "utf-8")


def simulate(  # noqa: PLR0913
    out: Path,
    *,
    exchanges: int | None = None,
    scale: float | None = None,
    seed: int,
    days: float = 14,
    campaigns: Sequence[str] | None = None,
    populations: Sequence[str] | None = None,
    corpora: Path | None = None,
    overlap: float = 0.0,
    on_progress: Progress | None = None,
) -> Simulated:
    """Write traffic with known campaigns: ``logs/``, ``accounts.parquet`` and ``truth/``.

    The whole draft is held in memory, 200 to 300 bytes per exchange with its texts and accounts (1.7 GB at scale 1/20,
    2.7 GB at 1/10); logs are written in files of 150,000 exchanges.

    out            Folder, new or empty.
    exchanges      How many, exactly; at least 1,000. This or `scale`.
    scale          Part of the full size, 1/1000 to 1: campaigns of the sizes that were reported, as far as they fall
                   into the window, and 40 million legitimate exchanges in 14 days. 1/20 is about 3.2 million exchanges.
    seed           The same seed, sizes and corpora give the same files.
    days           Window, from Monday 2026-09-07 UTC.
    campaigns      What to plant: names of CAMPAIGNS, each with options or without, as in
                   ``relay-mixed:cover=10,policy=idle``; see `Options`. A name may repeat. None plants DEFAULT with
                   `exchanges` and all with `scale`, () none.
    populations    Names of POPULATIONS to draw; None is all.
    corpora        Folder of real prompts and traces; None uses the built-in grammar.
    overlap        Share of harvested prompts that are ordinary people's, 0 to 1.
    on_progress    Called with stage (draft, write), exchanges done and exchanges in all.
    Raises         InvalidInput for bad arguments, MissingData for an incomplete corpora folder.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = simulate(Path(folder) / "run", exchanges=3000, seed=1, populations=["people"], campaigns=())
    >>> run.manifest["exchanges_by_population"]
    {'people': 3000}
    """
    chosen = _chosen(populations)
    _prepare(out, days, overlap)
    plan = make_plan(exchanges, scale, days, campaigns, populated=bool(chosen))
    real = read_corpora(corpora) if corpora is not None else None
    _make_folders(out)
    report = on_progress or _silent
    world = make_world(seed, plan.exchanges, days, overlap, real)
    draft = _drafts(world, plan, chosen, report)
    adopt(world, draft)
    sign_up_late(world, draft)
    _put_in_time_order(draft, world.rng("order"))
    told = {p.name: {"kind": p.campaign.name, **p.brief.described()} for p in plan.campaigns}
    logs = write_run(out, world, draft, told, report)
    facts = {"format": _FORMAT, "version": __version__, "seed": seed, "days": days, "overlap": overlap, "scale": scale}
    manifest = write_manifest(out / "truth", {**facts, "prompts": world.library.origin, "campaigns": told})
    return Simulated(out, logs, out / "accounts.parquet", out / "truth", manifest)
