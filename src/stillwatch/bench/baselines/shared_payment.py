"""Shared payment: accounts that one payment instrument pays for."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.bench.baselines._columns import accounts_of, codes
from stillwatch.model.baseline import Setting, Traffic
from stillwatch.sketch.hash import hash_strings

__all__ = ["SharedPayment"]

_OF_VERIFIED: float = 2


class SharedPayment:
    """Accounts behind one payment fingerprint, as fraud teams count them; organisations may be excused.

    An account of a group of one is judged and scores 1; an account without a payment instrument cannot be judged.
    """

    name = "shared_payment"
    title = "accounts on one payment instrument"
    source = "practice of payment fraud teams; Glasswally's payment clusters (2026); no paper"

    def settings(self) -> tuple[Setting, ...]:
        """`log_exchanges` times log(1 + exchanges of the group); `spare_verified` spares verified owners."""
        return tuple({"log_exchanges": w, "spare_verified": v} for w in (0, 1) for v in (0, 1))

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Accounts of the payment group, or this times log(1 + exchanges of the group)."""
        accounts, n_accounts = traffic.accounts, len(traffic.account_id)
        group = codes(hash_strings(accounts["payment_fingerprint"]))
        known = group >= 0
        sent = np.bincount(accounts_of(traffic.read([])), minlength=n_accounts)
        n_groups = int(group.max(initial=-1)) + 1
        size = np.bincount(group[known], minlength=n_groups).astype(np.float64)
        if setting["log_exchanges"]:
            size *= np.log1p(np.bincount(group[known], weights=sent[known], minlength=n_groups))
        score = np.full(n_accounts, -np.inf)
        score[known] = size[group[known]]
        if setting["spare_verified"]:
            verified = pc.fill_null(accounts["verified_level"].cast(pa.int32()), 0).to_numpy() >= _OF_VERIFIED
            score[known & verified] = 0.0
        return score
