"""One number for every account: how strongly the best family that explains it is a harvest."""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.accounts import MAJORITY, OWNED_SHARE, AccountBook
from stillwatch.detect.attribution import BARE_BAR, TEXT_BAR
from stillwatch.detect.verdicts import MIN_HARVEST_ACCOUNTS, MIN_HARVEST_EXCHANGES, MIN_RING_ACCOUNTS, RING_MARGIN
from stillwatch.detect.views import view_of

__all__ = ["account_bits"]

_PENALTY: Final = 2.0


def account_bits(
    family: NDArray[np.uint64], score_bits: NDArray[np.float64], attributed: pa.Table, book: AccountBook
) -> NDArray[np.float64]:
    """Bits of every account of the book: S + 2 min(0, L - bar) of its best family; -inf when no family may accuse it.

    The gates of a harvest verdict that do not depend on the bar hold here too: enough accounts and exchanges that
    attribution explains (a ring under 20 is ranked by what it has beyond its margin), and neither one owner nor a
    verified declaration behind them. Shape: accounts of the book.

    family, score_bits  Families and their scores S, in any order.
    attributed          Table ATTRIBUTED, sorted by family, of the families to rank by; others are left out.
    """
    found = np.full(len(book.account), -np.inf)
    columns = {name: attributed[name].to_numpy() for name in attributed.column_names}
    for wanted, score in zip(family, score_bits, strict=True):
        start, stop = (np.searchsorted(columns["family"], wanted, side) for side in ("left", "right"))
        account, n, bits = (columns[name][start:stop] for name in ("account", "n", "attribution_bits"))
        bar = TEXT_BAR if view_of(int(wanted)).has_template else BARE_BAR
        inside = bits >= bar
        if inside.sum() < MIN_RING_ACCOUNTS or n[inside].sum() < MIN_HARVEST_EXCHANGES:
            continue
        margin = RING_MARGIN if inside.sum() < MIN_HARVEST_ACCOUNTS else 0.0
        owned = book.ownership(account[inside])
        if max(owned.verified_fleets, owned.declared) >= OWNED_SHARE or owned.one_owner >= MAJORITY:
            continue
        rows = book.rows(account)
        found[rows] = np.maximum(found[rows], score - margin + _PENALTY * np.minimum(0.0, bits - bar))
    return found
