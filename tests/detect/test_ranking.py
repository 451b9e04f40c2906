"""One number for every account."""

import numpy as np
import pyarrow as pa

from stillwatch.detect.accounts import AccountBook
from stillwatch.detect.attribution import ATTRIBUTED
from stillwatch.detect.ranking import account_bits
from stillwatch.model.family import ATTRIBUTES

N = 60


def book(organisation: np.ndarray | None = None) -> AccountBook:
    """Accounts 1 to 60 that share nothing."""
    return AccountBook(
        account=np.arange(1, N + 1, dtype=np.uint64),
        organisation=np.zeros(N, np.uint64) if organisation is None else organisation,
        attributes=np.zeros((N, len(ATTRIBUTES)), np.uint64),
        n_alike=np.ones((N, len(ATTRIBUTES)), np.int64),
        verified=np.zeros(N, np.bool_),
        declared=np.zeros(N, np.int8),
    )


def attributed(family: int, accounts: np.ndarray, bits: float) -> pa.Table:
    """Streams of ten exchanges each, all with the same attribution."""
    n = len(accounts)
    return pa.table(
        [np.full(n, family, np.uint64), accounts.astype(np.uint64), np.full(n, 10), np.full(n, bits)], schema=ATTRIBUTED
    )


def test_the_best_family_that_explains_an_account_counts() -> None:
    """Bits are the score less twice what attribution lacks; accounts in no family have none."""
    table = pa.concat_tables([attributed(1, np.arange(1, 31), 9.0), attributed(2, np.arange(11, 41), 9.0)])
    bits = account_bits(np.array([1, 2], np.uint64), np.array([20.0, 30.0]), table, book())
    assert bits[:10].tolist() == [20.0] * 10
    assert bits[10:40].tolist() == [30.0] * 30
    assert np.isneginf(bits[40:]).all()


def test_a_bystander_falls_behind_its_family() -> None:
    """One bit under the bar costs two."""
    table = pa.concat_tables([attributed(1, np.arange(1, 31), 9.0), attributed(1, np.array([31]), 1.0)])
    bits = account_bits(np.array([1], np.uint64), np.array([20.0]), table, book())
    assert bits[30] == 20.0 - 2 * 3.0


def test_small_families_and_one_owner_accuse_nobody() -> None:
    """The gates of the verdict hold whatever the bar is."""
    few = attributed(1, np.arange(1, 10), 9.0)
    assert np.isneginf(account_bits(np.array([1], np.uint64), np.array([50.0]), few, book())).all()
    owned = book(np.full(N, 7, np.uint64))
    many = attributed(1, np.arange(1, 41), 9.0)
    assert np.isneginf(account_bits(np.array([1], np.uint64), np.array([50.0]), many, owned)).all()


def test_a_ring_is_ranked_by_what_it_has_beyond_its_margin() -> None:
    """Nineteen accounts need four bits more than twenty."""
    ring = attributed(1, np.arange(1, 20), 9.0)
    assert account_bits(np.array([1], np.uint64), np.array([50.0]), ring, book())[:19].tolist() == [46.0] * 19
