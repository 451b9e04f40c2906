"""What was planted: tables that lie beside the logs and are never read by detection."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import TIME_TYPE
from stillwatch.simulate.ids import hex_ids
from stillwatch.simulate.roster import PROGRAMMES, USES, Roster

__all__ = ["MARKER", "TRUTH_ACCOUNT", "TRUTH_EXCHANGE", "account_table", "account_truth", "write_manifest"]

MARKER = ".stillwatch"
"""A folder with this file is not logs."""

TRUTH_EXCHANGE: pa.Schema = pa.schema(
    [
        pa.field("exchange_id", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("population", pa.string(), nullable=False),
        pa.field("campaign", pa.string()),
        pa.field("entity", pa.string(), nullable=False),
    ],
    metadata={"stillwatch.table": "truth_exchange"},
)
"""`campaign` is null when legitimate; `entity` is the family or organisation that one draw per unit is made from."""

TRUTH_ACCOUNT: pa.Schema = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("population", pa.string(), nullable=False),
        pa.field("campaign", pa.string()),
    ],
    metadata={"stillwatch.table": "truth_account"},
)
"""`campaign` names the campaign whose operator has the account, whatever else it carries."""


def account_table(roster: Roster, account_ids: pa.Array, organisation_ids: pa.Array, salt: int) -> pa.Table:
    """What the provider knows, account by account."""
    rng = np.random.default_rng(salt)
    used = roster.column("domain")
    columns = [
        account_ids,
        organisation_ids,
        pa.array(roster.column("created_us") - rng.integers(0, 1_000_000, len(roster)), TIME_TYPE),
        hex_ids("pay_", roster.column("payment"), salt + 5),
        pa.array(roster.domains).take(pa.array(used)),
        pa.array(PROGRAMMES).take(pa.array(roster.column("programme"), mask=roster.column("programme") < 0)),
        pa.array(roster.column("verified"), pa.int32()),
        pa.array(USES).take(pa.array(roster.column("use"), mask=roster.column("use") < 0)),
    ]
    return pa.table(columns, schema=ACCOUNT)


def account_truth(
    roster: Roster, account_ids: pa.Array, populations: Sequence[str], campaigns: Sequence[str]
) -> pa.Table:
    """Whose each account is; a campaign's accounts have its name as population."""
    campaign, population = roster.column("campaign"), roster.column("population")
    names = pa.array([*populations, *campaigns])
    place = np.where(campaign >= 0, campaign + len(populations), population)
    planted = pa.array(list(campaigns), pa.string()).take(pa.array(campaign, mask=campaign < 0))
    return pa.table([account_ids, names.take(pa.array(place)), planted], schema=TRUTH_ACCOUNT)


def _counts(table: pa.Table, by: str, count: str | None = None) -> dict[str, int]:
    """Rows for each value of a column, or the sum of another, names sorted, nulls left out."""
    known = table.filter(table[by].is_valid())
    found = known.group_by(by).aggregate([([], "count_all") if count is None else (count, "sum")])
    return dict(sorted(zip(found[by].to_pylist(), found.column(1).to_pylist(), strict=True)))


def _exchange_counts(path: Path) -> pa.Table:
    """Exchanges by population, campaign and entity, read a part at a time."""
    keys = ["population", "campaign", "entity"]
    with pq.ParquetFile(path) as file:
        parts = [
            pa.Table.from_batches([batch]).group_by(keys).aggregate([([], "count_all")])
            for batch in file.iter_batches(columns=keys)
        ]
    whole = pa.concat_tables(parts).group_by(keys).aggregate([("count_all", "sum")])
    return whole.rename_columns([*keys, "n"])


def write_manifest(folder: Path, facts: Mapping[str, object]) -> dict[str, object]:
    """Count what the truth tables of `folder` hold and write ``manifest.json``."""
    exchanges = _exchange_counts(folder / "exchanges.parquet")
    accounts = pq.read_table(folder / "accounts.parquet")
    units = exchanges.group_by(["population", "entity"]).aggregate([])
    manifest = {
        **facts,
        "exchanges": pc.sum(exchanges["n"]).as_py(),
        "accounts": accounts.num_rows,
        "exchanges_by_population": _counts(exchanges, "population", "n"),
        "exchanges_by_campaign": _counts(exchanges, "campaign", "n"),
        "accounts_by_population": _counts(accounts, "population"),
        "accounts_by_campaign": _counts(accounts, "campaign"),
        "entities_by_population": _counts(units, "population"),
    }
    folder.joinpath("manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
    return manifest
