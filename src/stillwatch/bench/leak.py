"""What a campaign gets before the first alarm: a scan of all traffic up to an hour, over a bisected grid of hours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.model.exchange import TIME_TYPE

__all__ = ["HOUR_US", "Alarm", "first_alarms", "leak_curve", "traffic_until"]

HOUR_US: Final = 3_600_000_000
_NEGLIGIBLE: Final = 0.002
"""Share of a campaign below which it does not matter when in a bracket the alarm came."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """First alarm found about one campaign.

    hour        Hour, counted as times are, up to which traffic had to be seen; None when there was no alarm at all.
    n_leaked    Exchanges sent before that hour; all of them without an alarm.
    hours       Hours from the campaign's first exchange; NaN without an alarm.
    """

    n_exchanges: int
    n_leaked: int
    hour: int | None
    hours: float


def first_alarms(
    times_us: Mapping[str, NDArray[np.int64]], alarmed: Callable[[int], frozenset[str]], last_hour: int
) -> tuple[dict[str, Alarm], int]:
    """First alarm of each campaign, and how many prefixes were scanned.

    Each scanned hour answers for all campaigns at once. Alarms need not be monotone in time: a scan that sees more may
    lose one. What is reported is the earliest alarm among the hours looked at; an hour between it and the one looked
    at before it, or one earlier still, might have given one too, so the leak is never understated.

    times_us    Times of each campaign's exchanges, ascending.
    alarmed     Campaigns alarmed by a scan of all traffic before hour * `HOUR_US`.
    last_hour   First hour after all traffic.

    >>> times = {"a": np.arange(10) * HOUR_US}
    >>> alarms, n = first_alarms(times, lambda hour: frozenset("a" if hour >= 4 else ""), 10)
    >>> alarms["a"].n_leaked, alarms["a"].hour
    (4, 4)
    """
    seen: dict[int, frozenset[str]] = {last_hour: alarmed(last_hour)}
    open_ = {name: (int(times[0] // HOUR_US), last_hour) for name, times in times_us.items() if name in seen[last_hour]}
    while True:
        open_ = {name: _narrowed(name, bracket, seen) for name, bracket in open_.items()}
        wide = {name: b for name, b in open_.items() if _matters(times_us[name], b)}
        if not wide:
            break
        low, high = max(wide.values(), key=lambda b: (b[1] - b[0], b))
        middle = (low + high) // 2
        seen[middle] = alarmed(middle)
    return {name: _alarm(times, open_.get(name)) for name, times in times_us.items()}, len(seen)


def _narrowed(name: str, bracket: tuple[int, int], seen: Mapping[int, frozenset[str]]) -> tuple[int, int]:
    """Earliest hour with an alarm, and the latest one before it without."""
    high = min(hour for hour, found in seen.items() if name in found)
    return max([bracket[0], *(hour for hour in seen if hour < high)]), high


def _matters(times: NDArray[np.int64], bracket: tuple[int, int]) -> bool:
    low, high = bracket
    inside = np.searchsorted(times, high * HOUR_US) - np.searchsorted(times, low * HOUR_US)
    return high - low > 1 and int(inside) > _NEGLIGIBLE * len(times)


def _alarm(times: NDArray[np.int64], bracket: tuple[int, int] | None) -> Alarm:
    if bracket is None:
        return Alarm(len(times), len(times), None, float("nan"))
    high = bracket[1]
    hours = max(0.0, high - int(times[0]) / HOUR_US)
    return Alarm(len(times), int(np.searchsorted(times, high * HOUR_US)), high, hours)


def leak_curve(leaked_share: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of campaigns alarmed before they had got each share of their exchanges.

    leaked_share    Share each campaign got, 1 without an alarm (never counted).
    at              Shares to look at, 0 to 1.

    >>> leak_curve(np.array([0.01, 0.2, 1.0]), np.array([0.01, 0.5])).round(3).tolist()
    [0.333, 0.667]
    """
    alarmed = np.sort(leaked_share[leaked_share < 1])
    return np.searchsorted(alarmed, at, side="right") / max(1, len(leaked_share))


def traffic_until(folder: Path, hour: int, out: Path) -> Path:
    """Logs and accounts of a folder as they stood at an hour, in `out`; the truth stays where it is.

    Accounts created later are not known yet.
    """
    until = pa.scalar(hour * HOUR_US, pa.int64()).cast(TIME_TYPE)
    (out / "logs").mkdir(parents=True, exist_ok=True)
    logs = ds.dataset(sorted((folder / "logs").glob("*.parquet")))
    with pq.ParquetWriter(out / "logs" / "part-0000.parquet", logs.schema, compression="zstd") as writer:
        for batch in logs.to_batches(filter=pc.field("time") < until):
            if batch.num_rows:
                writer.write_batch(batch)
    accounts = pq.read_table(folder / "accounts.parquet")
    known = pc.or_kleene(pc.is_null(accounts["created_at"]), pc.less(accounts["created_at"], until))
    pq.write_table(accounts.filter(known), out / "accounts.parquet")
    return out
