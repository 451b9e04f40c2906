"""Volume: who sends most."""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.baselines._columns import accounts_of, distinct_pairs
from stillwatch.model.baseline import Setting, Traffic

__all__ = ["Volume"]

_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * _HOUR_US
_TOTAL, _PER_DAY, _PEAK_HOUR = 0, 1, 2


class Volume:
    """Exchanges of an account: in all, per day on which it was active, or in its busiest hour by the clock."""

    name = "volume"
    title = "exchanges per account"
    source = "rate limits and usage alerts as every provider has them; no paper"

    def settings(self) -> tuple[Setting, ...]:
        """Counted in all (0), per active day (1), in the busiest hour (2)."""
        return tuple({"per": per} for per in (_TOTAL, _PER_DAY, _PEAK_HOUR))

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Exchanges; every account can be judged."""
        table = traffic.read(["time"])
        account, n_accounts = accounts_of(table), len(traffic.account_id)
        total = np.bincount(account, minlength=n_accounts).astype(np.float64)
        if setting["per"] == _TOTAL:
            return total
        width = _DAY_US if setting["per"] == _PER_DAY else _HOUR_US
        slot = table["time"].cast(pa.int64()).to_numpy() // width
        owner, _, n = distinct_pairs(account, slot)
        if setting["per"] == _PER_DAY:
            return np.asarray(total / np.bincount(owner, minlength=n_accounts))
        peak = np.zeros(n_accounts)
        np.maximum.at(peak, owner, n)
        return peak
