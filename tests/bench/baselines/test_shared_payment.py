"""Shared payment: groups counted by hand."""

import numpy as np
import pytest
from tests.bench.baselines.toy import ToyTraffic, by_account, sent

from stillwatch.bench.baselines.shared_payment import SharedPayment

TOY = ToyTraffic(
    [sent(a, i) for i, a in enumerate(["a", "b", "b", "c", "alone", "none", "firm-1", "firm-2", "firm-3", "firm-4"])],
    {
        **{a: {"payment_fingerprint": "card"} for a in "abc"},
        "alone": {"payment_fingerprint": "own"},
        **{f"firm-{i}": {"payment_fingerprint": "invoice", "verified_level": 2} for i in range(1, 5)},
    },
)


def test_size_of_the_group() -> None:
    """Three on one card, one on its own, four of a firm; without a payment nothing can be said."""
    found = by_account(TOY, SharedPayment().score(TOY, {"log_exchanges": 0, "spare_verified": 0}))
    assert (found["a"], found["alone"], found["firm-1"], found["none"]) == (3, 1, 4, -np.inf)


def test_verified_owners_can_be_spared() -> None:
    """The firm's accounts score nothing, and the card's come first."""
    found = by_account(TOY, SharedPayment().score(TOY, {"log_exchanges": 0, "spare_verified": 1}))
    assert found["firm-1"] == 0
    assert max(found, key=lambda a: found[a]) in {"a", "b", "c"}


def test_exchanges_of_the_group_weigh() -> None:
    """Three accounts with four exchanges: 3 log 5."""
    found = by_account(TOY, SharedPayment().score(TOY, {"log_exchanges": 1, "spare_verified": 0}))
    assert found["c"] == pytest.approx(3 * np.log(5))
