"""Facts for decisions: what the newest tick found, what the provider knows of accounts, what partners say."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from stillwatch.act.decide.protected import Protected
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.errors import StillwatchError
from stillwatch.model.decision import AccountFacts, Facts, PartnerWord, Request
from stillwatch.service.account_table import AccountRow, AccountTable, converted
from stillwatch.service.concealing import RequestConcealer
from stillwatch.service.generation import Generation, warm

__all__ = ["STALE_S", "FactsHealth", "LiveFacts", "Sources", "stale_after_s"]

STALE_S: Final = 3600.0
_MISSED_TICKS: Final = 3
_LOG: Final = logging.getLogger("stillwatch.facts")
_AGAIN_S: Final = 60.0
_UNKNOWN: Final = AccountRow()

_Mark = tuple[int, int, int]


def stale_after_s(every_s: float) -> float:
    """Age at which an index is too old, where one is written about every so many seconds.

    >>> stale_after_s(60.0), stale_after_s(7200.0)
    (3600.0, 21600.0)
    """
    return max(STALE_S, _MISSED_TICKS * every_s)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where facts come from.

    index       Folder of the watch's index.
    scratch     Folder for prepared tables, of this process alone.
    accounts    The provider's table of accounts: Parquet, NDJSON or CSV.
    protected   Accounts and organisations that nothing beyond observe is done to.
    partner     What other members say of a request; None for nothing.
    has_taken   Whether the index of a line may be looked into: see `stillwatch.service.taking_up`.
    """

    index: Path
    scratch: Path
    accounts: Path | None = None
    protected: Protected | None = None
    partner: Callable[[Request], PartnerWord | None] | None = None
    has_taken: Callable[[str], bool] = bool


@dataclass(frozen=True, slots=True)
class FactsHealth:
    """How facts fare.

    generation      Name of the index in use; None before the first.
    index_age_s     Seconds since it was written; None before the first.
    is_stale        It is too old: no request is told to be of an accused stream.
    n_streams       Accused streams that requests are looked up in.
    n_accounts      Accounts of the provider's table.
    n_window_accounts   Accounts with exchanges in the window.
    problems        What is wrong, one sentence each.
    """

    generation: str | None
    index_age_s: float | None
    is_stale: bool
    n_streams: int
    n_accounts: int
    n_window_accounts: int
    problems: tuple[str, ...]


def _now() -> datetime:
    return datetime.now(UTC)


class LiveFacts:
    """Facts as the newest tick left them; safe under threads, of which one calls `refresh`.

    A request is looked up as the collector would have stored it. What cannot be loaded leaves what was loaded before.

    An index that was written more than `stale_s` ago accuses nobody: new exchanges no longer reach the watch, or it
    has died, and an accusation must not outlive its evidence. Whoever has stopped would go on being refused, and what
    was found out since would not be known. The other way costs the time until somebody looks at the alarm that
    `problems` raises, or, where nothing was sent for so long, until the next tick. What is known of accounts does not
    depend on it. Age runs on the steady clock from when the index is loaded, so that a jump of the wall's is no age.

    wall    Time to which ages of accounts are counted.
    """

    def __init__(
        self,
        sources: Sources,
        concealer: RequestConcealer,
        stale_s: float = STALE_S,
        wall: Callable[[], datetime] = _now,
    ) -> None:
        self._sources, self._concealer, self._stale_s, self._wall = sources, concealer, stale_s, wall
        self._folder = IndexFolder(sources.index)
        self._generation = Generation.empty()
        self._accounts = AccountTable.empty()
        self._account_mark: _Mark | None = None
        self._tried: dict[str, tuple[object, float]] = {}
        self._problems: dict[str, str] = {}
        warm()

    def facts(self, request: Request, /) -> Facts:
        """All that is known of a request; what is not known has its neutral value."""
        generation, asked = self._generation, self._concealer.request(request)
        row = self._accounts.get(asked.account_id)
        stream = None if self._is_stale(generation) else generation.stream(asked)
        return Facts(self._account(asked, row or _UNKNOWN, generation), stream, self._partner(asked))

    @property
    def lookup(self) -> SingleLookup:
        """Look-up of the index in use."""
        return self._generation.lookup

    def refresh(self) -> bool:
        """Take up what is new, the index first; whether anything was. While it loads, decisions go on with the old."""
        took_index = self._refresh_index()
        return self._refresh_accounts() or took_index

    def problems(self) -> tuple[str, ...]:
        """What is wrong, one sentence each."""
        found = list(self._problems.copy().values())
        generation = self._generation
        if self._is_stale(generation):
            age_s = time.monotonic() - generation.born_s
            found.append(f"the index is {age_s:,.0f} s old, so nobody is accused any more: see whether the watch runs")
        return tuple(found)

    def health(self) -> FactsHealth:
        """How they fare."""
        generation = self._generation
        is_there = generation.line is not None
        return FactsHealth(
            generation=None if generation.line is None else generation.line.split(" ")[0],
            index_age_s=time.monotonic() - generation.born_s if is_there else None,
            is_stale=self._is_stale(generation),
            n_streams=len(generation.lookup.index.held),
            n_accounts=len(self._accounts),
            n_window_accounts=len(generation.accounts),
            problems=self.problems(),
        )

    def _is_stale(self, generation: Generation) -> bool:
        return generation.line is not None and time.monotonic() - generation.born_s > self._stale_s

    def _account(self, asked: Request, row: AccountRow, generation: Generation) -> AccountFacts:
        n_exchanges, band = generation.window(asked.account_id)
        protected = self._sources.protected
        owners = {asked.organisation_id, row.organisation_id}  # a gateway may know its owner by another name
        return AccountFacts(
            age_days=row.age_days(int(self._wall().timestamp() * 1_000_000)),
            programme=row.programme,
            verified_level=row.verified_level,
            declared_use=row.declared_use,
            spend_band=band,
            is_protected=protected is not None and any(protected.holds(asked.account_id, owner) for owner in owners),
            n_exchanges=n_exchanges,
        )

    def _partner(self, request: Request) -> PartnerWord | None:
        if self._sources.partner is None:
            return None
        try:
            word = self._sources.partner(request)
        except Exception as error:  # noqa: BLE001 - the member's own facts hold without them
            self._problems["partner"] = f"what partners say cannot be had: {type(error).__name__}"
            return None
        if "partner" in self._problems:
            self._problems.pop("partner", None)
        return word

    def _refresh_index(self) -> bool:
        try:
            line, has_taken = self._folder.current(), self._sources.has_taken
            if line is None or line == self._generation.line or not has_taken(line) or self._was_tried("index", line):
                return False
            loaded = Generation.load(self._sources.index)
            if not has_taken(loaded.line or ""):
                return False  # a newer one was written meanwhile
            self._generation = loaded
        except StillwatchError as error:
            return self._failed("index", str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the old one stays and the thread lives
            return self._failed("index", f"the index cannot be loaded: {type(error).__name__}")
        return self._good("index")

    def _refresh_accounts(self) -> bool:
        path = self._sources.accounts
        if path is None:
            return False
        try:
            mark = _mark(path)
            if mark == self._account_mark or self._was_tried("accounts", mark):
                return False
            self._accounts, self._account_mark = converted(path, self._sources.scratch), mark
        except StillwatchError as error:
            return self._failed("accounts", str(error))
        except OSError as error:
            return self._failed("accounts", f"{path} cannot be read: {error.strerror or type(error).__name__}")
        if self._accounts.n_aside:
            _LOG.warning("%d rows of the table of accounts were put aside", self._accounts.n_aside)
        return self._good("accounts")

    def _was_tried(self, what: str, mark: object) -> bool:
        """Whether the same was tried in the last minute and failed; notes it as tried now when it was not."""
        known, now_s = self._tried.get(what), time.monotonic()
        if known is not None and known[0] == mark and now_s - known[1] < _AGAIN_S:
            return True
        self._tried[what] = (mark, now_s)
        return False

    def _failed(self, what: str, problem: str) -> bool:
        if self._problems.get(what) != problem:
            _LOG.warning("%s; what was loaded before stays in use", problem)
        self._problems[what] = problem
        return False

    def _good(self, what: str) -> bool:
        self._problems.pop(what, None)
        return True


def _mark(path: Path) -> _Mark:
    told: os.stat_result = path.stat()
    return told.st_mtime_ns, told.st_size, told.st_ino
