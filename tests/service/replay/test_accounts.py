"""Facts of accounts from the provider's table and from the window."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from stillwatch.act.preview.traffic import Totals
from stillwatch.model.account import ACCOUNT
from stillwatch.model.decision import AccountFacts
from stillwatch.service.replay.accounts import AccountBook

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_table_and_window_are_put_together() -> None:
    """Age, programme, level and use are of the table; count and band of the window; who is in no table has those."""
    told = {
        "account_id": "a",
        "organisation_id": "o",
        "created_at": NOW - timedelta(days=3),
        "programme": "startup",
        "verified_level": 1,
        "declared_use": "resale",
    }
    book = AccountBook(pa.Table.from_pylist([told, {"account_id": "b"}], ACCOUNT))
    totals = Totals(["a", "b", "c"], np.array([5, 6, 7]), np.array([1.0, np.nan, 2.0]))
    assert book.facts(totals, NOW) == [
        AccountFacts(3.0, "startup", 1, "resale", 1, n_exchanges=5),
        AccountFacts(spend_band=0, n_exchanges=6),
        AccountFacts(spend_band=2, n_exchanges=7),
    ]
    assert [book.organisation(one) for one in ("a", "b", "c")] == ["o", None, None]


def test_an_account_that_is_opened_later_is_new() -> None:
    """A table that is newer than the traffic makes no age below 0."""
    book = AccountBook(pa.Table.from_pylist([{"account_id": "a", "created_at": NOW + timedelta(days=9)}], ACCOUNT))
    assert book.facts(Totals(["a"], np.array([1]), np.array([np.nan])), NOW)[0].age_days == 0.0
