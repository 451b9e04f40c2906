"""What one scan adds to a state."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.families import members
from stillwatch.detect.measure import Columns, Measured, shares, with_cells
from stillwatch.detect.memory import CampaignMemory, Earlier, FamilyMemory, GroupMemory, ShareMemory
from stillwatch.detect.memory.families import KEPT, MOST_ROWS, newest
from stillwatch.model.engine import Engine
from stillwatch.model.findings import Findings
from stillwatch.sketch.memory import PhraseMemory
from stillwatch.sketch.stage import Sketched
from stillwatch.state.inputs import Input, InputMemory
from stillwatch.state.value import State

__all__ = ["WORTH_BITS", "after", "worth_remembering"]

WORTH_BITS: Final = -8.0
"""A family 256 times likelier legitimate than a harvest is forgotten: it is judged by what it sends the next time."""


def worth_remembering(
    measured: Measured, score_bits: NDArray[np.float64], open_families: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Families, ascending, whose exchanges are remembered: too small to be judged, not clearly legitimate, or open."""
    likely = measured.families["family"].to_numpy()[score_bits >= WORTH_BITS]
    return np.unique(np.concatenate([measured.small, likely, open_families]))


def after(
    engine: Engine,
    base: State,
    seen: Input,
    found: tuple[Sketched, Measured, NDArray[np.float64], Columns],
    findings: Findings,
) -> State:
    """State after a scan.

    base    State that the scan was judged with.
    seen    What was scanned.
    found   Sketch, measured families with their scores, and how to read the sketched rows.
    """
    sketched, measured, score_bits, columns = found
    if not seen.n:
        return base
    day, epoch = seen.day, base.epoch(seen.day)
    campaigns = CampaignMemory.of_day(findings, day)
    known = base.earlier
    kept = worth_remembering(measured, score_bits, known.campaigns.merge(campaigns).families())
    rows = _newest_rows(engine, sketched, columns, measured, kept)
    dropped = np.setdiff1d(measured.families["family"].to_numpy(), kept)
    today = State(
        base.window_days,
        PhraseMemory.of_day(
            sketched.counted, base.phrases.leaders.today(sketched.book, sketched.templates, day), epoch
        ),
        Earlier(
            measured.accounts,
            ShareMemory.of_day(epoch, shares(engine, sketched.rows)),
            rows,
            GroupMemory.of_day(measured.grouping, day),
            campaigns,
        ),
        InputMemory.of_day(seen),
    )
    base = replace(base, earlier=replace(known, families=known.families.without(dropped)))
    return base.merge(today).aged(max(day, day if base.day is None else base.day))


def _newest_rows(
    engine: Engine, sketched: Sketched, columns: Columns, measured: Measured, kept: NDArray[np.uint64]
) -> FamilyMemory:
    celled = with_cells(columns)
    joined = engine.map(sketched.rows, lambda batch: members(celled(batch), measured.grouping, kept, KEPT), KEPT)
    order = ("time_us", "exchange")
    rows = engine.group(joined, "family", order, lambda table: newest(table, MOST_ROWS), KEPT).to_table()
    return FamilyMemory(rows.combine_chunks())
