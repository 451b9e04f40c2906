"""The state: everything that is remembered, as one value that merges and ages, and as Arrow tables.

A state keeps between half of its window and all of it: days are counted in epochs of half a window, and when a new
epoch begins, everything from before the last one is forgotten at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.lives import LIFE
from stillwatch.detect.memory import (
    AccountMemory,
    CampaignMemory,
    Earlier,
    FamilyMemory,
    GroupMemory,
    ShareMemory,
)
from stillwatch.detect.memory.accounts import FIRST, USE
from stillwatch.detect.memory.campaigns import CAMPAIGN, CAMPAIGN_MEMBER
from stillwatch.detect.memory.families import KEPT
from stillwatch.detect.memory.groups import GROUP
from stillwatch.detect.memory.shares import SHARE
from stillwatch.detect.memory.tables import table_of
from stillwatch.errors import InvalidInput
from stillwatch.model.column import Column, schema_of
from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.sketch import PhraseCounts
from stillwatch.sketch._kernels_counts import CELLS_PER_LINE
from stillwatch.sketch.memory import Leaders, PhraseMemory
from stillwatch.sketch.phrases import LINES_PER_PROMPT
from stillwatch.state.inputs import DAY_US, INPUT, InputMemory

__all__ = ["DEFAULT_DAYS", "MOST_DAYS", "TABLES", "State"]

DEFAULT_DAYS: Final = 14
MOST_DAYS: Final = 400

_DAY: Final = Column("day", pa.int32(), "Last day it was seen, days since 1970.", required=True)
CONTENT: pa.Schema = schema_of(
    "content",
    (
        Column("content", pa.uint64(), "Hash of a prompt that was counted.", required=True),
        Column("epoch", pa.int32(), "Epoch in which it was counted.", required=True),
    ),
)
LEADER: pa.Schema = schema_of(
    "leader",
    (
        Column("signature", pa.uint64(), "Segment that leads a template and names it.", required=True),
        Column("minhashes", pa.list_(pa.uint32(), SIGNATURE_LENGTH), "Its MinHashes.", required=True),
        Column("rows", pa.int64(), "Exchanges of the template.", required=True),
        _DAY,
    ),
)
EPOCH: pa.Schema = schema_of(
    "epoch",
    (
        Column("epoch", pa.int32(), "Half a window, counted from 1970.", required=True),
        Column("n_prompts", pa.int64(), "Distinct prompts counted in it.", required=True),
    ),
)
COUNT: pa.Schema = schema_of("count", (Column("count", pa.uint32(), "Counter.", required=True),))

TABLES: Final[Mapping[str, pa.Schema]] = {
    "inputs": INPUT,
    "contents": CONTENT,
    "leaders": LEADER,
    "epochs": EPOCH,
    "firsts": FIRST,
    "activity": LIFE,
    "uses": USE,
    "shares": SHARE,
    "families": KEPT,
    "groups": GROUP,
    "campaigns": CAMPAIGN,
    "campaign-members": CAMPAIGN_MEMBER,
}
"""Tables of a state; for every epoch there are two more, its phrase and its word counters (COUNT)."""


@dataclass(frozen=True, slots=True)
class State:
    """What scans up to now leave.

    window_days     At least half of so many days are remembered, at most all.

    >>> State(14).merge(State(14)) == State(14)
    True
    """

    window_days: int = DEFAULT_DAYS
    phrases: PhraseMemory = field(default_factory=PhraseMemory)
    earlier: Earlier = field(default_factory=Earlier)
    inputs: InputMemory = field(default_factory=InputMemory)

    def __post_init__(self) -> None:
        """Refuse windows that mean nothing.

        Raises  InvalidInput.
        """
        if not 2 <= self.window_days <= MOST_DAYS:
            msg = f"the window of a state must be 2 to {MOST_DAYS} days, got {self.window_days}"
            raise InvalidInput(msg)

    def epoch(self, day: int) -> int:
        """Epoch of a day, both counted from 1970.

        >>> State(14).epoch(13), State(14).epoch(14)
        (1, 2)
        """
        return day // self._half

    def first_day(self, day: int) -> int:
        """First day that is still remembered on `day`.

        >>> State(14).first_day(13), State(14).first_day(14)
        (0, 7)
        """
        return (self.epoch(day) - 1) * self._half

    @property
    def _half(self) -> int:
        return (self.window_days + 1) // 2

    @property
    def day(self) -> int | None:
        """Day of the newest exchange; None when nothing was counted."""
        days = self.inputs.table["day"].to_numpy()
        return int(days.max()) if len(days) else None

    def merge(self, other: Self) -> Self:
        """Both as one.

        Raises  InvalidInput when their windows differ.
        """
        if self.window_days != other.window_days:
            msg = f"states must have one window, got {self.window_days} and {other.window_days} days"
            raise InvalidInput(msg)
        mine, theirs = self.earlier, other.earlier
        return replace(
            self,
            phrases=self.phrases.merge(other.phrases),
            earlier=Earlier(
                mine.accounts.merge(theirs.accounts),
                mine.shares.merge(theirs.shares),
                mine.families.merge(theirs.families),
                mine.groups.merge(theirs.groups),
                mine.campaigns.merge(theirs.campaigns),
            ),
            inputs=self.inputs.merge(other.inputs),
        )

    def aged(self, day: int) -> Self:
        """What is still remembered on `day`."""
        first, epoch = self.first_day(day), self.epoch(day) - 1
        time_us, known = first * DAY_US, self.earlier
        return replace(
            self,
            phrases=self.phrases.since(epoch, first),
            earlier=Earlier(
                known.accounts.since(time_us),
                known.shares.since(epoch),
                known.families.since(time_us).bounded(),
                known.groups.since(first),
                known.campaigns.since(first, time_us),
            ),
            inputs=self.inputs.since(first),
        )

    def tables(self) -> dict[str, pa.Table]:
        """All of it, by name; `of_tables` reads them back."""
        phrases, leaders, known = self.phrases, self.phrases.leaders, self.earlier
        epochs = sorted(phrases.epochs)
        minhashes = pa.FixedSizeListArray.from_arrays(pa.array(leaders.minhashes.ravel()), SIGNATURE_LENGTH)
        n_prompts = np.array([phrases.epochs[epoch].n_prompts for epoch in epochs], np.int64)
        found = {
            "inputs": self.inputs.table,
            "contents": table_of(CONTENT, content=phrases.contents, epoch=phrases.epoch),
            "leaders": pa.table([leaders.signature, minhashes, leaders.rows, leaders.day], schema=LEADER),
            "epochs": table_of(EPOCH, epoch=np.array(epochs, np.int32), n_prompts=n_prompts),
            "firsts": known.accounts.firsts,
            "activity": known.accounts.activity,
            "uses": known.accounts.uses,
            "shares": known.shares.table,
            "families": known.families.rows,
            "groups": known.groups.table,
            "campaigns": known.campaigns.campaigns,
            "campaign-members": known.campaigns.members,
        }
        for epoch in epochs:
            cells, words = count_names(epoch)
            found[cells] = table_of(COUNT, count=phrases.epochs[epoch].cells)
            found[words] = table_of(COUNT, count=phrases.epochs[epoch].words)
        return found

    @classmethod
    def of_tables(cls, tables: Mapping[str, pa.Table], window_days: int) -> Self:
        """From what `tables` gave."""
        epochs, leaders = tables["epochs"], tables["leaders"]
        counts = {
            epoch: _counts([tables[name]["count"].to_numpy() for name in count_names(epoch)], n_prompts)
            for epoch, n_prompts in zip(epochs["epoch"].to_pylist(), epochs["n_prompts"].to_pylist(), strict=True)
        }
        minhashes = leaders["minhashes"].combine_chunks().flatten().to_numpy().reshape(-1, SIGNATURE_LENGTH)
        signature, rows, day = (leaders[name].to_numpy() for name in ("signature", "rows", "day"))
        content, epoch_of = (tables["contents"][name].to_numpy() for name in CONTENT.names)
        return cls(
            window_days,
            PhraseMemory(counts, content, epoch_of, Leaders(signature, minhashes, rows, day)),
            Earlier(
                AccountMemory(tables["firsts"], tables["activity"], tables["uses"]),
                ShareMemory(tables["shares"]),
                FamilyMemory(tables["families"]),
                GroupMemory(tables["groups"]),
                CampaignMemory(tables["campaigns"], tables["campaign-members"]),
            ),
            InputMemory(tables["inputs"]),
        )

    def __eq__(self, other: object) -> bool:
        """Whether both remember the same."""
        if not isinstance(other, State):
            return NotImplemented
        mine, theirs = self.tables(), other.tables()
        same = mine.keys() == theirs.keys() and all(table.equals(theirs[name]) for name, table in mine.items())
        return same and self.window_days == other.window_days

    __hash__ = None  # type: ignore[assignment]


def count_names(epoch: int) -> tuple[str, str]:
    """Names of the tables of an epoch's phrase and word counters.

    >>> count_names(2931)
    ('phrases-2931', 'words-2931')
    """
    return f"phrases-{epoch}", f"words-{epoch}"


def _counts(counters: list[NDArray[np.uint32]], n_prompts: int) -> PhraseCounts:
    """Counters at the start of a cache line, as kernels want them."""
    cells, words = counters
    found = PhraseCounts.empty(len(cells) // (LINES_PER_PROMPT * CELLS_PER_LINE))
    found.cells[:] = cells
    return PhraseCounts(found.cells, words.copy(), n_prompts)
