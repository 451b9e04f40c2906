"""Texts of accounts as the content baselines look at them: each account's latest, and what a provider takes for benign.

Nothing here knows the truth: a provider trusts accounts that are older than the traffic and that a person has verified.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.model.baseline import Traffic

__all__ = ["WINDOW", "Memory", "Windows", "benign_accounts", "pieces_of", "spread_rows", "windows_of"]

WINDOW: Final = 1_500
"""Texts looked at per account, the latest ones; the window of arXiv:2606.05725."""

_PIECE_ROWS: Final = 50_000
_ENOUGH: Final = 3_000  # two references of a window each
_GROWN_UP_US: Final = 30 * 86_400 * 1_000_000

T = TypeVar("T")


class Memory:
    """What was worked out for a traffic, for as long as that traffic lives: settings then share it."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Traffic, dict[Any, Any]] = WeakKeyDictionary()

    def recall(self, traffic: Traffic, key: object, make: Callable[[], T]) -> T:
        """What `make` gave when this was first asked for."""
        kept = self._kept.setdefault(traffic, {})
        if key not in kept:
            kept[key] = make()
        found: T = kept[key]
        return found


@dataclass(frozen=True, slots=True)
class Windows:
    """Latest texts of each account, in order of account, then time.

    texts       Strings; rows without a text are left out.
    bounds      Where each account begins, and the end of the last, int64[accounts + 1].
    """

    texts: pa.ChunkedArray
    bounds: NDArray[np.int64]

    @property
    def n_texts(self) -> NDArray[np.int64]:
        """Texts of each account."""
        return np.diff(self.bounds)

    @property
    def account(self) -> NDArray[np.int64]:
        """Account of each row."""
        return np.repeat(np.arange(len(self.bounds) - 1), self.n_texts)


def pieces_of(bounds: NDArray[np.int64], n_rows: int = _PIECE_ROWS) -> Iterator[tuple[int, int]]:
    """Ranges of groups that hold about so many rows; a group is never cut.

    >>> list(pieces_of(np.array([0, 2, 3, 9, 10]), 3))
    [(0, 2), (2, 3), (3, 4)]
    """
    first, n_groups = 0, len(bounds) - 1
    while first < n_groups:
        stop = int(np.searchsorted(bounds, bounds[first] + n_rows, side="right")) - 1
        stop = min(max(stop, first + 1), n_groups)
        yield first, stop
        first = stop


def windows_of(traffic: Traffic, size: int = WINDOW) -> Windows:
    """Latest `size` texts of each account."""
    table = traffic.read(["prompt_text"])
    account = np.where(
        table["prompt_text"].is_valid().to_numpy(),
        table["account"].to_numpy().astype(np.int64),
        len(traffic.account_id),
    )
    order = np.argsort(account, kind="stable")
    n = np.bincount(account, minlength=len(traffic.account_id) + 1)[:-1]
    ends = np.cumsum(n)
    kept = np.minimum(n, size)
    rows = order[np.repeat(ends - np.cumsum(kept), kept) + np.arange(kept.sum())]
    return Windows(table["prompt_text"].take(pa.array(rows)), np.concatenate([[0], np.cumsum(kept)]).astype(np.int64))


def benign_accounts(traffic: Traffic, n_texts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Accounts a provider takes for benign, ascending: the strictest rule that leaves 3,000 texts, else all accounts.

    Verified by a person and open for 30 days when the traffic begins; any verification and as old; as old.
    """
    level = _level(traffic.accounts["verified_level"])
    is_old = _is_old(traffic)
    for rule in (is_old & (level >= 2), is_old & (level >= 1), is_old):
        if n_texts[rule].sum() >= _ENOUGH:
            return np.flatnonzero(rule)
    return np.arange(len(n_texts))


def _level(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(pc.fill_null(column, 0).to_numpy()).astype(np.int64)


def _is_old(traffic: Traffic) -> NDArray[np.bool_]:
    times = traffic.read(["time"])["time"]
    if not len(times):
        return np.zeros(len(traffic.account_id), np.bool_)
    opened = np.asarray(traffic.accounts["created_at"].cast(pa.int64()).fill_null(2**62).to_numpy())
    return np.asarray(opened <= times[0].value - _GROWN_UP_US, np.bool_)


def spread_rows(windows: Windows, accounts: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """At most `n` rows, drawn in turns from the accounts so that no heavy account fills the sample; ascending."""
    is_asked = np.zeros(len(windows.bounds) - 1, np.bool_)
    is_asked[accounts] = True
    rows = np.flatnonzero(is_asked[windows.account])
    rows = rows[np.lexsort((rng.random(len(rows)), windows.account[rows]))]
    owner = windows.account[rows]
    turn = np.arange(len(rows)) - np.searchsorted(owner, owner)
    return np.sort(rows[np.lexsort((rng.random(len(rows)), turn))[:n]])
