"""Scores of all keys: the kernel against its twin, slots against the marks that were made with them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trace.leak.marked import GLOBAL_KEY, SYMBOL_KEY, accounts_of, innocent, keys_of, marked, table_of

from stillwatch.trace.leak.scoring import KeyTable, Places, sums_twin
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.slots import ACCOUNT, SYMBOLS, slots

RNG = np.random.default_rng(11)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 40))
def test_the_kernel_is_its_twin(width: int, n_keys: int, n_places: int) -> None:
    """Sums equal those of one key and place at a time, for any width."""
    accounts = accounts_of(n_keys)
    tokens = RNG.integers(0, 2**32, width + n_places)
    places = np.arange(width, width + n_places)
    table = KeyTable(accounts, keys_of(accounts), Scheme(account_width=width), None)
    found = table.sums(Places(tokens, places, np.full(n_places, ACCOUNT)))
    assert found == pytest.approx(sums_twin(keys_of(accounts), tokens.tolist(), places.tolist(), width), rel=1e-12)


def test_many_keys_are_scored_in_parts() -> None:
    """More keys than a thread takes at a time: the same as a few of them alone."""
    table, tokens = table_of(9000), RNG.integers(0, 1000, 60)
    places = np.arange(4, 60)
    one = Places(tokens, places, np.full(len(places), ACCOUNT))
    rows = np.array([0, 4095, 4096, 8999])
    assert table.sums(one)[rows] == pytest.approx(table.sums(one, rows), rel=1e-12)


def test_turns_have_their_shares() -> None:
    """A fifth global, half symbols of all 31 places alike, the rest the accounts'; the same context, the same turn."""
    scheme = Scheme(global_share=0.2, symbol_share=0.5)
    tokens = RNG.integers(0, 2**32, 40_004)
    places = np.arange(4, 40_004)
    found = slots(GLOBAL_KEY, tokens, places, scheme)
    assert (found == -1).mean() == pytest.approx(0.2, abs=0.01)
    assert (found >= 0).mean() == pytest.approx(0.5, abs=0.01)
    counts = np.bincount(found[found >= 0], minlength=SYMBOLS)
    assert len(counts) == SYMBOLS
    assert counts.min() > 0.8 * counts.mean()
    again = slots(GLOBAL_KEY, tokens[10:], places[:-10], scheme)
    assert (again == found[10:]).all()


@pytest.mark.parametrize("scheme", [Scheme(), Scheme(symbol_share=1.0), Scheme(global_share=0.3, symbol_share=0.4)])
def test_the_account_that_took_it_has_the_highest_sum(scheme: Scheme) -> None:
    """Whatever the slots, of 2,000 accounts the right one stands out, and none does on innocent text."""
    rng = np.random.default_rng(5)
    table = table_of(2000, scheme)
    for tokens, is_marked in ((marked(rng, "acct-00123", 200, scheme), True), (innocent(rng, 200), False)):
        row, places = np.array(tokens), np.arange(4, 200)
        one = Places(row, places, table.turns(row, places))
        sums = table.sums(one)
        excess = (sums - one.n_by_account) / np.sqrt(one.n_by_account)
        assert (excess.argmax() == 123) == is_marked
        assert (excess.max() > 6) == is_marked


def test_the_global_key_is_found_where_it_draws() -> None:
    """Numbers at the global key's places are large on marked text, uniform on other text."""
    rng = np.random.default_rng(6)
    scheme = Scheme(global_share=1.0)
    table = table_of(3, scheme)
    found = []
    for tokens in (marked(rng, "acct-00001", 300, scheme), innocent(rng, 300)):
        row, places = np.array(tokens), np.arange(4, 300)
        found.append(table.global_numbers(Places(row, places, table.turns(row, places))).mean())
    assert found[0] > 0.65
    assert abs(found[1] - 0.5) < 0.08


def test_code_words_are_spread() -> None:
    """No two of 3,000 accounts agree in more than eleven of 31 symbols, and values come equally often."""
    table = table_of(3000, Scheme(symbol_share=1.0))
    code = table._code
    assert code is not None
    agree = max(int((code[i] == code[i + 1 :]).sum(axis=1).max(initial=0)) for i in range(len(code)))
    assert agree <= 11
    assert np.bincount(code.ravel(), minlength=32).min() > 2500
    assert SYMBOL_KEY.secret != GLOBAL_KEY.secret
