"""How each campaign acts, in figures: parameters, clients, hours of the week and times between exchanges."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.model.campaign import Campaign
from stillwatch.model.engine import Dataset, Engine
from stillwatch.model.findings import Findings
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.model.indicator import GAP_BINS, PROFILE_HOURS
from stillwatch.model.search_index import ACT, CAPABILITIES
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import positions

__all__ = ["acts"]

_USUAL: Final = 0.8
_BUILD_SHARE: Final = 0.05
_SECOND_US: Final = 1_000_000
_HOUR_US: Final = 3_600_000_000
_MONDAY_HOURS: Final = 72
"""Hours from the start of 1970, a Thursday, back to a Monday."""

_RAW: Final = [
    "exchange_id",
    "account_id",
    "time",
    "temperature",
    "top_p",
    "max_tokens",
    "wants_logprobs",
    "client_build",
]
_FOUND: Final = pa.schema(
    [
        ("campaign", pa.int64()),
        ("account", pa.uint64()),
        ("time_us", pa.int64()),
        ("temperature", pa.float64()),
        ("top_p", pa.float64()),
        ("max_tokens", pa.int64()),
        ("wants_logprobs", pa.bool_()),
        ("client_build", pa.string()),
    ]
)


def acts(engine: Engine, exchanges: Dataset, findings: Findings) -> pa.Table:
    """Table ACT: one row a campaign."""
    found = _exchanges_of(engine, exchanges, findings)
    campaign = found["campaign"].to_numpy()
    rows = [_act(known, found.filter(pa.array(campaign == number))) for number, known in enumerate(findings.campaigns)]
    return pa.Table.from_pylist(rows, schema=ACT)


def _exchanges_of(engine: Engine, exchanges: Dataset, findings: Findings) -> pa.Table:
    """Rows of the campaigns' exchanges with the number of their campaign."""
    ids = [campaign.campaign_id for campaign in findings.campaigns]
    number = pc.index_in(findings.exchanges["campaign_id"], value_set=pa.array(ids, pa.string())).to_numpy()
    hashes = hash_strings(findings.exchanges["exchange_id"])
    order = np.argsort(hashes)
    known, number = hashes[order], number[order]

    def keep(batch: pa.RecordBatch) -> pa.RecordBatch:
        at = positions(known, hash_strings(batch.column("exchange_id")))
        rows = np.flatnonzero(at >= 0)
        kept = batch.take(pa.array(rows))
        columns = {
            "campaign": pa.array(number[at[rows]], pa.int64()),
            "account": pa.array(hash_strings(kept["account_id"])),
            "time_us": kept["time"].cast(pa.int64()),
        }
        columns |= {name: kept[name].cast(_FOUND.field(name).type) for name in _FOUND.names if name not in columns}
        return pa.RecordBatch.from_arrays([columns[name] for name in _FOUND.names], schema=_FOUND)

    return engine.map(exchanges.select(_RAW), keep, _FOUND).to_table()


def _act(campaign: Campaign, rows: pa.Table) -> dict[str, Any]:
    account, time_us = rows["account"].to_numpy(), rows["time_us"].to_numpy()
    elicitation = campaign.families[0].elicitation if campaign.families else {}
    return {
        "campaign_id": campaign.campaign_id,
        "verdict": campaign.verdict.value,
        "bits": campaign.bits,
        "n_accounts": campaign.n_accounts,
        "first_seen": campaign.first_seen,
        "last_seen": campaign.last_seen,
        "accounts": np.unique(account).tolist(),
        "elicitation": [float(elicitation.get(name, 0.0)) for name in ELICITATION_CLASSES],
        "capabilities": _shares(campaign.exposure.capabilities),
        **{name: _usual(rows[name]) for name in ("temperature", "top_p", "max_tokens", "wants_logprobs")},
        "builds": _builds(rows["client_build"]),
        "week": np.bincount((time_us // _HOUR_US + _MONDAY_HOURS) % PROFILE_HOURS, minlength=PROFILE_HOURS).tolist(),
        "gaps": gap_counts(account, time_us).tolist(),
    }


def _shares(counts: Mapping[str, int]) -> list[float]:
    total = max(sum(counts.values()), 1)
    return [counts.get(name, 0) / total for name in CAPABILITIES]


def _usual(values: pa.ChunkedArray) -> object:
    """The value that four of five rows have, None when there is no such."""
    counts = sorted(pc.value_counts(values).to_pylist(), key=lambda row: -row["counts"])
    return counts[0]["values"] if counts and counts[0]["counts"] >= _USUAL * len(values) else None


def _builds(values: pa.ChunkedArray) -> list[str]:
    counts = pc.value_counts(values.drop_null()).to_pylist()
    return sorted(row["values"] for row in counts if row["counts"] >= _BUILD_SHARE * len(values))


def gap_counts(account: NDArray[np.uint64], time_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times between exchanges of one account that follow one another, by octave from under two seconds on.

    >>> gap_counts(np.array([1, 1, 1, 2], np.uint64), np.array([0, 1_000_000, 6_000_000, 7_000_000]))[:4].tolist()
    [1, 0, 1, 0]
    """
    order = np.lexsort((time_us, account))
    account, time_us = account[order], time_us[order]
    gap_s = np.diff(time_us)[account[1:] == account[:-1]] / _SECOND_US
    octave = np.floor(np.log2(np.maximum(gap_s, 1.0))).astype(np.int64)
    return np.asarray(np.bincount(np.minimum(octave, GAP_BINS - 1), minlength=GAP_BINS), np.int64)
