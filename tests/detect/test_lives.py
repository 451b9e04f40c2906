"""Lives of accounts against a plain loop."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.detect.lives import LIFE, LifeBook, lives
from stillwatch.model.family import LIFE_BIN_HOURS

HOUR_US = 3_600_000_000
START_US = 1_780_012_800_000_000


def traffic(seed: int = 3, n: int = 4_000) -> pa.Table:
    """Exchanges of eighty accounts over ten days with three models, sorted by account and time."""
    rng = np.random.default_rng(seed)
    account = rng.integers(1, 81, n).astype(np.uint64)
    hours = rng.random(n) * (24 + 2.7 * account)
    model = 1 + (hours > 30 + account) + (rng.random(n) < 0.01)
    order = np.lexsort((hours, account))
    columns = {"account": account, "time_us": START_US + (hours * HOUR_US).astype(np.int64)}
    return pa.table(columns | {"model": model.astype(np.uint64)}).take(pa.array(order))


def plain(table: pa.Table, account: int) -> dict[str, int]:
    """Life of one account, exchange by exchange."""
    rows = [row for row in table.to_pylist() if row["account"] == account]
    times = [row["time_us"] for row in rows]
    used, changed = {rows[0]["model"]}, (0, 0)
    for i, row in enumerate(rows):
        if row["model"] not in used:
            used.add(row["model"])
            if i >= 5 and row["time_us"] - times[0] >= 24 * HOUR_US:
                changed = (row["time_us"], row["model"])
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return {
        "account": account,
        "n": len(rows),
        "first_us": times[0],
        "last_us": times[-1],
        "longest_gap_us": max(gaps, default=0),
        "changed_us": changed[0],
        "changed_to": changed[1],
    }


def test_lives_equal_a_plain_loop() -> None:
    """First, last, longest silence, and the model taken up last after settling in."""
    table = traffic()
    found = lives(table)
    assert found.schema == LIFE
    assert found.to_pylist() == [plain(table, account) for account in range(1, 81)]
    assert 20 < np.count_nonzero(found["changed_us"].to_numpy()) < 80


def test_nothing_in_nothing_out() -> None:
    """An empty table has no lives, and a book of none is empty."""
    assert len(LifeBook.build(lives(traffic().slice(0, 0))).account) == 0


def test_who_is_cut_off_has_neither_begun_nor_stopped() -> None:
    """Starts on the first day and silences shorter than twice the longest before are none."""
    book = LifeBook.build(lives(traffic()))
    last = lives(traffic())["last_us"].to_numpy()
    end = last.max()
    assert (book.started_us == 0).all()
    assert (book.stopped_us[end - last < 24 * HOUR_US] == 0).all()
    assert np.count_nonzero(book.stopped_us) > 30
    assert ((book.bins[:, :3] != 0) == (book.stopped_us > 0)[:, None]).all()


@pytest.mark.parametrize("column", range(2 * len(LIFE_BIN_HOURS)))
def test_background_counts_the_others(column: int) -> None:
    """Share of the others with such an event in the same bin, one more in the count of both."""
    book = LifeBook.build(lives(traffic()))
    family, others = np.arange(1, 31), np.arange(31, 81)
    found = book.of(family.astype(np.uint64))
    known = (book.bins[others - 1, column] != 0).sum()
    for i, a in enumerate(family):
        same = (book.bins[others - 1, column] == book.bins[a - 1, column]).sum()
        if book.bins[a - 1, column]:
            assert found.p_background[i, column] == pytest.approx((same + 1) / (known + 1))
