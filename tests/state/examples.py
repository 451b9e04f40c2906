"""Small states made from a seed, with something in every table."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from stillwatch.detect.lives import LIFE
from stillwatch.detect.memory import AccountMemory, CampaignMemory, Earlier, FamilyMemory, GroupMemory, ShareMemory
from stillwatch.detect.memory.accounts import FIRST, USE
from stillwatch.detect.memory.campaigns import CAMPAIGN, CAMPAIGN_MEMBER
from stillwatch.detect.memory.families import KEPT
from stillwatch.detect.memory.groups import GROUP
from stillwatch.detect.memory.shares import SHARE
from stillwatch.sketch import PhraseCounts
from stillwatch.sketch.memory import Counted, Leaders, PhraseMemory
from stillwatch.sketch.phrases import MIN_LINES
from stillwatch.state import State
from stillwatch.state.inputs import DAY_US, Input, InputMemory

__all__ = ["DAY", "example"]

DAY = 20_700


def filled(schema: pa.Schema, rng: np.random.Generator, n: int, given: Mapping[str, object]) -> pa.Table:
    """Rows of small numbers, but for the columns that are given."""
    columns = {}
    for field in schema:
        if field.name in given:
            columns[field.name] = pa.array(given[field.name], field.type)
        elif pa.types.is_boolean(field.type):
            columns[field.name] = pa.array(rng.random(n) < 0.5)
        else:
            columns[field.name] = pa.array(rng.integers(0, 9, n)).cast(field.type)
    return pa.table(columns, schema=schema)


def example(seed: int, *, window_days: int = 14) -> State:
    """State of one made-up day, `DAY` or some days later."""
    rng = np.random.default_rng(seed)
    n, day = int(rng.integers(1, 6)), DAY + int(rng.integers(0, 12))
    time_us = day * DAY_US + rng.integers(0, DAY_US, n)
    empty, account = State(window_days), rng.integers(0, 9, n)
    epoch = empty.epoch(day)
    counts = PhraseCounts.empty((MIN_LINES << int(rng.integers(0, 2))) // 2)
    counts.cells[rng.integers(0, len(counts.cells), 40)] = 3
    counts.words[rng.integers(0, len(counts.words), 9)] = 2
    counts.n_prompts = n
    contents = np.unique(rng.integers(1, 50, n).astype(np.uint64))
    leaders = Leaders(
        np.array([seed % 7], np.uint64),
        np.full((1, 16), seed % 7, np.uint32),
        np.array([n], np.int64),
        np.array([day], np.int32),
    )
    names = [f"campaign-{int(i):08x}" for i in rng.integers(1, 5, n)]
    times: dict[str, object] = {"first_us": time_us, "last_us": time_us + 1}
    campaigns = filled(CAMPAIGN, rng, n, {"campaign_id": names, "verdict": ["harvest"] * n, **times})
    members = {"campaign_id": names, "kind": rng.integers(0, 2, n), "day": [day] * n}
    made = State(
        window_days,
        PhraseMemory.of_day(Counted(counts, contents), leaders, epoch),
        Earlier(
            AccountMemory(
                filled(FIRST, rng, n, {"account": account, "time_us": time_us}),
                filled(LIFE, rng, n, {"account": account, **times}),
                filled(USE, rng, n, {"account": account}),
            ),
            ShareMemory(filled(SHARE, rng, n, {"epoch": [epoch] * n})),
            FamilyMemory(filled(KEPT, rng, n, {"time_us": time_us, "exchange": rng.integers(0, 2**60, n)})),
            GroupMemory(filled(GROUP, rng, n, {"kind": rng.integers(0, 3, n), "day": [day] * n})),
            CampaignMemory(campaigns, filled(CAMPAIGN_MEMBER, rng, n, members)),
        ),
        InputMemory.of_day(Input(n, int(time_us.min()), int(time_us.max()), seed, seed, contents)),
    )
    return made.merge(empty)
