"""One run: plan the shares, draft every part, put the exchanges in time order, write logs and truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch import __version__
from stillwatch.errors import InvalidInput
from stillwatch.model.progress import Progress
from stillwatch.simulate.campaign import Campaign
from stillwatch.simulate.campaigns import CAMPAIGNS
from stillwatch.simulate.corpora import read_corpora
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.ids import hex_ids
from stillwatch.simulate.population import Population
from stillwatch.simulate.populations import POPULATIONS
from stillwatch.simulate.render import Renderer
from stillwatch.simulate.truth import MARKER, TRUTH_EXCHANGE, account_table, account_truth, write_manifest
from stillwatch.simulate.world import World, make_world

__all__ = ["Simulated", "simulate"]

_ROWS_PER_FILE = 150_000
_ROWS_PER_GROUP = 50_000
_FEWEST_EXCHANGES = 1_000
_FORMAT = 1

_Named = TypeVar("_Named", Population, Campaign)


@dataclass(frozen=True, slots=True)
class Simulated:
    """Where a run lies and what is in it.

    logs        Parquet files of exchanges, in time order.
    accounts    The account table.
    truth       Folder with the truth: exchanges.parquet, accounts.parquet, manifest.json.
    manifest    Seed, sizes and counts, as in manifest.json.
    """

    out: Path
    logs: tuple[Path, ...]
    accounts: Path
    truth: Path
    manifest: Mapping[str, object]


def _chosen(names: Sequence[str] | None, known: tuple[_Named, ...], what: str) -> list[_Named]:
    """The plugins of the given names; all of them for None."""
    by_name = {plugin.name: plugin for plugin in known}
    unknown = sorted(set(names or ()) - by_name.keys())
    if unknown:
        message = f"{what} must be among {', '.join(by_name)}; got {', '.join(unknown)}"
        raise InvalidInput(message)
    return list(known) if names is None else [by_name[name] for name in names]


def _campaign_ids(campaigns: Sequence[Campaign]) -> list[str]:
    """The name of each campaign; the second of a kind is called ``kind-2``."""
    ids: list[str] = []
    for campaign in campaigns:
        seen = sum(1 for name in ids if name == campaign.name or name.startswith(f"{campaign.name}-"))
        ids.append(campaign.name if not seen else f"{campaign.name}-{seen + 1}")
    return ids


def _drafts(
    world: World,
    exchanges: int,
    populations: Sequence[Population],
    campaigns: Mapping[str, Campaign],
    on_progress: Progress,
) -> Draft:
    """Every part's exchanges; the populations share what the campaigns leave."""
    counts = [int(exchanges * campaign.share) for campaign in campaigns.values()]
    covers = [int(n * campaign.cover) for n, campaign in zip(counts, campaigns.values(), strict=True)]
    left = exchanges - sum(counts) - sum(covers)
    if left < 0 or (left and not populations):
        message = f"campaigns take {exchanges - left} of {exchanges} exchanges; choose fewer, or some populations"
        raise InvalidInput(message)
    weights = np.array([population.share for population in populations])
    bounds = np.rint(np.cumsum(weights) / weights.sum() * left).astype(int) if populations else np.zeros(0, int)
    drafts, done = [], 0
    for population, n in zip(populations, np.diff(bounds, prepend=0).tolist(), strict=True):
        drafts.append(population.build(world, world.rng(population.name), n, POPULATIONS.index(population)))
        done += n
        on_progress("draft", done, exchanges)
    for number, (name, campaign) in enumerate(campaigns.items()):
        draft = campaign.build(world, world.rng(name), counts[number], covers[number], number)
        entity = draft["entity"]
        entity[:] = np.where(entity < 0, world.entity(name), entity)
        drafts.append(draft)
        done += counts[number] + covers[number]
        on_progress("draft", done, exchanges)
    return Draft.concat(drafts)


def _in_time_order(draft: Draft, rng: np.random.Generator) -> Draft:
    """Rows by time; equal times in random order."""
    shuffled = rng.permutation(len(draft))
    return draft.take(shuffled[np.argsort(draft["time_us"][shuffled], kind="stable")])


def _truth_rows(draft: Draft, logs: pa.Table, names: Sequence[str], campaigns: Sequence[str], world: World) -> pa.Table:
    """The truth of some written rows."""
    population, campaign = draft["population"].astype(np.int64), draft["campaign"].astype(np.int64)
    labels = pa.array([*names, *campaigns])
    place = np.where(population < 0, campaign + len(names), population)
    return pa.table(
        [
            logs["exchange_id"],
            logs["account_id"],
            labels.take(pa.array(place)),
            pa.array(list(campaigns), pa.string()).take(pa.array(campaign, mask=campaign < 0)),
            pa.array(world.entities, pa.string()).take(pa.array(draft["entity"])),
        ],
        schema=TRUTH_EXCHANGE,
    )


def _write(
    out: Path, world: World, draft: Draft, renderer: Renderer, campaigns: Sequence[str], on_progress: Progress
) -> tuple[Path, ...]:
    """Write logs and their truth, file by file."""
    rng, names = world.rng("render"), [population.name for population in POPULATIONS]
    paths: list[Path] = []
    with pq.ParquetWriter(out / "truth" / "exchanges.parquet", TRUTH_EXCHANGE, compression="zstd") as truth:
        for first in range(0, len(draft), _ROWS_PER_FILE):
            rows = draft.take(np.arange(first, min(first + _ROWS_PER_FILE, len(draft))))
            logs = renderer.render(rng, rows, first)
            path = out / "logs" / f"part-{len(paths):04d}.parquet"
            pq.write_table(
                logs, path, compression="zstd", row_group_size=_ROWS_PER_GROUP, dictionary_pagesize_limit=4 << 20
            )
            truth.write_table(_truth_rows(rows, logs, names, campaigns, world))
            paths.append(path)
            on_progress("write", first + len(rows), len(draft))
    return tuple(paths)


def _write_all(
    out: Path, world: World, draft: Draft, campaigns: Sequence[str], on_progress: Progress
) -> tuple[Path, ...]:
    """Write everything but the manifest; the paths of the logs."""
    salt = int(world.rng("ids").integers(2**60))
    account_ids = hex_ids("acct_", np.arange(len(world.roster)), salt + 6)
    organisation_ids = hex_ids("org_", world.roster.column("organisation"), salt + 7)
    renderer = Renderer(
        texts=world.library.all_texts(),
        clients=world.clients,
        networks=world.networks,
        account_ids=account_ids,
        organisation_ids=organisation_ids,
        salt=salt,
        lengths=None if world.corpora is None else world.corpora.output_tokens,
    )
    logs = _write(out, world, draft, renderer, campaigns, on_progress)
    accounts = account_table(world.roster, account_ids, organisation_ids, salt)
    pq.write_table(accounts, out / "accounts.parquet", compression="zstd")
    names = [population.name for population in POPULATIONS]
    pq.write_table(account_truth(world.roster, account_ids, names, campaigns), out / "truth" / "accounts.parquet")
    return logs


def _silent(stage: str, done: float, total: float) -> None:
    """Report nothing."""


def _prepare(out: Path, exchanges: int, days: float, overlap: float) -> None:
    """Refuse bad arguments and folders in use, then make the folders."""
    problems = [
        f"exchanges must be at least {_FEWEST_EXCHANGES}, got {exchanges}" if exchanges < _FEWEST_EXCHANGES else "",
        f"days must be in [1, 365], got {days}" if not 1 <= days <= 365 else "",
        f"overlap must be in [0, 1], got {overlap}" if not 0 <= overlap <= 1 else "",
        f"folder {out} must be empty" if out.exists() and any(out.iterdir()) else "",
    ]
    if any(problems):
        raise InvalidInput("; ".join(problem for problem in problems if problem))
    for folder in (out / "logs", out / "truth"):
        folder.mkdir(parents=True)
    out.joinpath("truth", MARKER).write_text("truth\n", "utf-8")


def simulate(  # noqa: PLR0913
    out: Path,
    *,
    exchanges: int,
    seed: int,
    days: float = 14,
    campaigns: Sequence[str] | None = None,
    populations: Sequence[str] | None = None,
    corpora: Path | None = None,
    overlap: float = 0.0,
    on_progress: Progress | None = None,
) -> Simulated:
    """Write traffic with known campaigns: ``logs/``, ``accounts.parquet`` and ``truth/``.

    out            Folder, new or empty.
    exchanges      How many, exactly; at least 1,000.
    seed           The same seed, sizes and corpora give the same files.
    days           Window, from Monday 2026-09-07 UTC.
    campaigns      Names of CAMPAIGNS to plant; a name may repeat. None plants each once, () none.
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
    chosen = _chosen(populations, POPULATIONS, "populations")
    planted = _chosen(campaigns, CAMPAIGNS, "campaigns")
    ids = _campaign_ids(planted)
    real = read_corpora(corpora) if corpora is not None else None
    _prepare(out, exchanges, days, overlap)
    report = on_progress or _silent
    world = make_world(seed, exchanges, days, overlap, real)
    draft = _drafts(world, exchanges, chosen, dict(zip(ids, planted, strict=True)), report)
    logs = _write_all(out, world, _in_time_order(draft, world.rng("order")), ids, report)
    facts = {"format": _FORMAT, "version": __version__, "seed": seed, "days": days, "overlap": overlap}
    manifest = write_manifest(out / "truth", {**facts, "prompts": world.library.origin})
    return Simulated(out, logs, out / "accounts.parquet", out / "truth", manifest)
