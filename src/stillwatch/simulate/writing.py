"""A drafted run written out: logs in files of bounded size, accounts, and the truth beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.progress import Progress
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.ids import hex_ids
from stillwatch.simulate.populations import POPULATIONS
from stillwatch.simulate.render import Renderer
from stillwatch.simulate.truth import TRUTH_EXCHANGE, account_table, account_truth
from stillwatch.simulate.world import World

__all__ = ["write_run"]

_ROWS_PER_FILE = 150_000
_ROWS_PER_GROUP = 50_000
_NAMES = tuple(population.name for population in POPULATIONS)


def _truth_rows(draft: Draft, logs: pa.Table, campaigns: Sequence[str], entities: pa.Array) -> pa.Table:
    """The truth of some written rows."""
    population, campaign = draft["population"].astype(np.int64), draft["campaign"].astype(np.int64)
    labels = pa.array([*_NAMES, *campaigns])
    place = np.where(population < 0, campaign + len(_NAMES), population)
    return pa.table(
        [
            logs["exchange_id"],
            logs["account_id"],
            labels.take(pa.array(place)),
            pa.array(list(campaigns), pa.string()).take(pa.array(campaign, mask=campaign < 0)),
            entities.take(pa.array(draft["entity"])),
        ],
        schema=TRUTH_EXCHANGE,
    )


def _write_logs(
    out: Path, world: World, draft: Draft, renderer: Renderer, campaigns: Sequence[str], on_progress: Progress
) -> tuple[Path, ...]:
    """Write logs and their truth, file by file."""
    rng, entities = world.rng("render"), pa.array(world.entities, pa.string())
    paths: list[Path] = []
    with pq.ParquetWriter(out / "truth" / "exchanges.parquet", TRUTH_EXCHANGE, compression="zstd") as truth:
        for first in range(0, len(draft), _ROWS_PER_FILE):
            rows = draft.take(np.arange(first, min(first + _ROWS_PER_FILE, len(draft))))
            logs = renderer.render(rng, rows, first)
            path = out / "logs" / f"part-{len(paths):04d}.parquet"
            pq.write_table(
                logs, path, compression="zstd", row_group_size=_ROWS_PER_GROUP, dictionary_pagesize_limit=4 << 20
            )
            truth.write_table(_truth_rows(rows, logs, campaigns, entities))
            paths.append(path)
            on_progress("write", first + len(rows), len(draft))
    return tuple(paths)


def _in_use(world: World, draft: Draft) -> npt.NDArray[np.bool_]:
    """Accounts to write: all but those that an operator bought and never used, which no log could give away."""
    used = np.zeros(len(world.roster), bool)
    used[draft["account"]] = True
    return used | (world.roster.column("campaign") < 0)


def write_run(
    out: Path, world: World, draft: Draft, campaigns: Mapping[str, object], on_progress: Progress
) -> tuple[Path, ...]:
    """Write everything but the manifest, in the order of the draft; the paths of the logs."""
    names = list(campaigns)
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
        corpora=world.corpora,
    )
    logs = _write_logs(out, world, draft, renderer, names, on_progress)
    in_use = pa.array(_in_use(world, draft))
    accounts = account_table(world.roster, account_ids, organisation_ids, salt)
    truth = account_truth(world.roster, account_ids, _NAMES, names)
    pq.write_table(accounts.filter(in_use).sort_by("account_id"), out / "accounts.parquet", compression="zstd")
    pq.write_table(truth.filter(in_use).sort_by("account_id"), out / "truth" / "accounts.parquet")
    return logs
