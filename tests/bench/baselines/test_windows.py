"""Windows of accounts, and who is taken for benign."""

import gc

import numpy as np
import pytest
from tests.bench.baselines.texts import TextTraffic

from stillwatch.bench.baselines import _windows
from stillwatch.bench.baselines._windows import Memory, benign_accounts, spread_rows, windows_of


def test_windows_hold_the_latest_texts_in_order() -> None:
    """Rows stand by account, then time; nulls and what is older than the window are left out."""
    traffic = TextTraffic({"a": ["1", None, "2", "3"], "b": [None], "c": ["4"]})
    windows = windows_of(traffic, 2)
    assert windows.texts.to_pylist() == ["2", "3", "4"]
    assert windows.n_texts.tolist() == [2, 0, 1]
    assert windows.account.tolist() == [0, 0, 2]


def test_benign_are_the_strictest_that_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verified old accounts when they sent enough, else everybody."""
    traffic = TextTraffic({"a": ["x"] * 5, "b": ["x"] * 5, "c": ["x"]}, trusted=["b"])
    n_texts = windows_of(traffic).n_texts
    assert benign_accounts(traffic, n_texts).tolist() == [0, 1, 2]
    monkeypatch.setattr(_windows, "_ENOUGH", 5)
    assert benign_accounts(traffic, n_texts).tolist() == [1]


def test_no_account_fills_a_draw() -> None:
    """Accounts give rows in turns: the small ones give all, the heavy one the rest."""
    windows = windows_of(TextTraffic({"a": ["x"] * 100, "b": ["x"] * 2, "c": ["x"] * 3, "d": ["x"] * 9}))
    rows = spread_rows(windows, np.array([0, 1, 2]), 9, np.random.default_rng(1))
    assert np.bincount(windows.account[rows]).tolist() == [4, 2, 3]
    assert (np.diff(rows) > 0).all()


def test_memory_lasts_as_long_as_its_traffic() -> None:
    """What was worked out once is kept for that traffic alone, and goes with it."""
    memory, calls = Memory(), []
    traffic, other = TextTraffic({"a": ["x"]}), TextTraffic({"a": ["x"]})
    for asked in (traffic, traffic, other):
        memory.recall(asked, "n", lambda: calls.append(1))
    assert len(calls) == 2
    del traffic, asked
    gc.collect()
    assert len(memory._kept) == 1
