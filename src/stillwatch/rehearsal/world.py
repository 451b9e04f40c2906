"""Traffic of three providers with one operation over all of them: one list, one means of payment, other addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.simulate import simulate

__all__ = ["CARRIER", "SHARES", "Provider", "make_world"]

SHARES: Final[Mapping[str, float]] = {"alpha": 0.45, "beta": 0.35, "gamma": 0.2}
"""Providers by the share of all accounts that are theirs."""
CARRIER: Final = "100.64.7.9"
"""An address that many innocent people share; some of the operation's requests come from there too."""
_CARRIER_SHARE: Final = 0.02
_PUBLIC: Final = "41."
"""Simulated addresses are private ones; warning lists would leave all of them out, so they are moved."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One member's traffic.

    planted     Values that must never cross: addresses, domains, payments, account ids, pieces of prompts.
    """

    name: str
    logs: Path
    n_exchanges: int
    n_harvest_accounts: int
    planted: tuple[str, ...]


def make_world(folder: Path, exchanges: int, seed: int) -> dict[str, Provider]:
    """Simulate one operation of 180 accounts among everybody else, and deal all accounts to three providers."""
    whole = folder / "whole"
    harvest = f"reasoning-harvest:accounts=180,per_account={max(10, exchanges // 2_000)},payment_group=180"
    simulate(whole, exchanges=exchanges, seed=seed, campaigns=(harvest,))
    logs = pa.concat_tables([pq.read_table(path) for path in sorted((whole / "logs").glob("*.parquet"))])
    accounts = pq.read_table(whole / "accounts.parquet")
    truth = pq.read_table(whole / "truth" / "accounts.parquet")
    rng = np.random.default_rng(seed)
    logs = _on_the_move(logs, rng)
    owner = _owners(accounts)
    return {
        name: _provider(folder / name, logs, accounts, truth, owner == number) for number, name in enumerate(SHARES)
    }


def _owners(accounts: pa.Table) -> NDArray[np.int64]:
    """Provider of each account; the accounts of one organisation stay together."""
    of = pc.coalesce(accounts["organisation_id"], accounts["account_id"]).combine_chunks()
    code = pc.dictionary_encode(of).indices.to_numpy()
    limits = np.cumsum(list(SHARES.values()))
    place = (code * 0.6180339887498949) % 1.0  # evenly, whatever the order
    return np.asarray(np.searchsorted(limits, place, side="right").clip(0, len(SHARES) - 1), np.int64)


def _on_the_move(logs: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Addresses as if they were public, and some from behind a carrier's."""
    address = pc.replace_substring_regex(logs["client_address"], r"^10\.", _PUBLIC)
    behind = pa.array(rng.random(len(logs)) < _CARRIER_SHARE)
    moved = pc.if_else(behind, pa.scalar(CARRIER), address)
    return logs.set_column(logs.schema.get_field_index("client_address"), logs.schema.field("client_address"), moved)


def _provider(folder: Path, logs: pa.Table, accounts: pa.Table, truth: pa.Table, mine: NDArray[np.bool_]) -> Provider:
    folder.mkdir(parents=True)
    accounts = accounts.filter(pa.array(mine))
    logs = logs.filter(pc.is_in(logs["account_id"], value_set=accounts["account_id"].combine_chunks()))
    pq.write_table(logs, folder / "log.parquet")
    pq.write_table(accounts, folder / "accounts.parquet")
    told = truth.filter(pc.is_in(truth["account_id"], value_set=accounts["account_id"].combine_chunks()))
    harvest = told.filter(pc.is_valid(told["campaign"]))
    return Provider(folder.name, folder, len(logs), len(harvest), _planted(logs, accounts))


def _planted(logs: pa.Table, accounts: pa.Table) -> tuple[str, ...]:
    """What would be found on the wire if anything had crossed as it is."""
    found: set[str] = set()
    for table, column, most in (
        (logs, "client_address", 20_000),
        (logs, "account_id", 5_000),
        (accounts, "payment_fingerprint", 5_000),
        (accounts, "email_domain", 5_000),
        (accounts, "organisation_id", 5_000),
    ):
        found |= set(pc.unique(table[column].drop_null()).to_pylist()[:most])
    prompts = pc.unique(logs["prompt_text"].drop_null()).to_pylist()[:2_000]
    found |= {prompt[8:48] for prompt in prompts if len(prompt) > 60}
    return tuple(sorted(value for value in found if len(value) >= 7))
