"""One generation of what the watch found, ready for decisions."""

import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.act.policy.limits import TENURED_DAYS
from stillwatch.act.spend import spend_bands
from stillwatch.detect.stream_index.facts import FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.held import HeldStreams
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.rows import RowsByName
from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.model.decision import Request, StreamFacts, WindowFacts
from stillwatch.service.account_table import AccountTable

__all__ = ["Generation", "warm"]

_CURRENT: Final = "CURRENT"


@dataclass(frozen=True)
class Generation:
    """It stays as it is; a newer one takes its place.

    line        Of the index folder; None when there is none yet.
    born_s      When it was written, on the steady clock.
    organisation    Hash of each account's, 0 for none.
    whole       All traffic of its window.
    """

    line: str | None
    born_s: float
    lookup: SingleLookup
    book: FactsBook
    accounts: RowsByName
    n_exchanges: NDArray[np.int64]
    spend_band: NDArray[np.int8]
    organisation: NDArray[np.uint64]
    whole: WindowFacts = field(default_factory=WindowFacts)

    @classmethod
    def empty(cls) -> Self:
        """Before the first tick.

        >>> Generation.empty().window("acct")
        (0, 0)
        """
        return cls._of(None, time.monotonic(), StreamIndex.empty(), FactsBook.empty())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The current one. Nearly all of it is done outside the interpreter, so that decisions go on meanwhile.

        Raises  As `IndexFolder.load`.
        """
        index_folder = IndexFolder(folder)
        line = index_folder.current()
        born_s = time.monotonic() - _age_s(folder)
        index, book = index_folder.load()
        return cls._of(line, born_s, index, book)

    @classmethod
    def _of(cls, line: str | None, born_s: float, index: StreamIndex, book: FactsBook) -> Self:
        table = book.accounts.combine_chunks()
        cost = pc.fill_null(table["cost_usd"], float("nan")).to_numpy()
        return cls(
            line,
            born_s,
            SingleLookup(index),
            book.prepare(),
            RowsByName(table["account"].to_numpy()),
            table["n_exchanges"].to_numpy(),
            spend_bands(cost),
            pc.fill_null(table["organisation"], 0).to_numpy(),
        )

    def beside(self, table: AccountTable, now: datetime) -> Self:
        """With figures of all its traffic, for which a provider's table is needed: whose accounts they are, how old.

        An account belongs to the organisation that its exchanges name, else the table; else it is one of its own.
        """
        before_us = int((now - timedelta(days=TENURED_DAYS)).timestamp() * 1_000_000)
        owner, is_tenured = table.owned(self.accounts.hashes, before_us)
        owner = np.where(self.organisation != 0, self.organisation, owner)
        n_own = int((owner == 0).sum())
        # Sorting lets decisions go on meanwhile, `np.unique` does not.
        named = np.sort(owner[owner != 0])
        n_named = int(np.count_nonzero(np.diff(named))) + bool(len(named))
        return replace(self, whole=WindowFacts(int(self.n_exchanges.sum()), n_own + n_named, int(is_tenured.sum())))

    def stream(self, request: Request) -> StreamFacts | None:
        """Facts of the accused stream that a request is of, None for most."""
        campaign = self.lookup.campaign_id_of(request)
        return None if campaign is None else self.book.get(campaign, request.account_id)

    def window(self, account_id: str) -> tuple[int, int]:
        """Exchanges of an account in the window, and its spend band; 0 for one without any."""
        at = self.accounts.row(account_id)
        return (0, 0) if at < 0 else (int(self.n_exchanges[at]), int(self.spend_band[at]))


def _age_s(folder: Path) -> float:
    """Seconds since the current generation was pointed to, by the clock of the wall; never less than 0."""
    try:
        return max(0.0, time.time() - (folder / _CURRENT).stat().st_mtime)
    except OSError:
        return 0.0


def warm() -> None:
    """Compile or load all kernels of a look-up now: the first index may come long after the first decision."""
    one, place = np.ones(1, np.uint64), np.zeros(1, np.int32)
    index = replace(StreamIndex.empty(), campaigns=("none",), held=HeldStreams(one, one, place, place))
    SingleLookup(index)
    RowsByName(one.copy()).row("nobody")
