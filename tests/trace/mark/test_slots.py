"""Whose turn it is, against a plain twin, and numbers of symbols."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.trace.keys.key import Purpose, derive
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import seed_twin
from stillwatch.trace.mark.slots import ACCOUNT, GLOBAL, SYMBOLS, slots, symbol_uniforms

KEY = derive(bytes(32), Purpose.GLOBAL, "", "e")
MASK = 2**64 - 1


def bits_twin(of_seed: int, place: int) -> int:
    """SplitMix64 at a place of its stream, from its paper."""
    x = (of_seed + (place + 1) * 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def slot_twin(context: list[int], scheme: Scheme) -> int:
    """Whose turn it is, in plain Python."""
    of_context = seed_twin(KEY.words, context)
    turn = ((bits_twin(of_context, 2**32) >> 12) + 0.5) / 2**52
    if turn < scheme.global_share:
        return GLOBAL
    if turn < scheme.global_share + scheme.symbol_share:
        return (bits_twin(of_context, 2**32 + 1) >> 32) % SYMBOLS
    return ACCOUNT


@given(st.lists(st.integers(0, 2**32 - 1), min_size=4, max_size=4), st.floats(0, 0.5), st.floats(0, 0.5))
def test_turns_are_those_of_the_twin(context: list[int], first: float, second: float) -> None:
    """For any context and shares."""
    scheme = Scheme(global_share=first, symbol_share=second)
    found = slots(KEY, [*context, 0], np.array([4]), scheme)
    assert found.tolist() == [slot_twin(context, scheme)]


@given(st.integers(0, 30), st.integers(0, 31), st.integers(0, 999))
def test_numbers_of_symbols_are_apart(place: int, value: int, token: int) -> None:
    """Each symbol and value has a stretch of the context's stream of its own, as the twin says."""
    context = [1, 2, 3, 4]
    found = symbol_uniforms(KEY, context, (place, value), 1000)
    drawn = bits_twin(seed_twin(KEY.words, context), ((place * 32 + value) << 32) + token)
    assert found[token] == ((drawn >> 12) + 0.5) / 2**52
    assert not (found == symbol_uniforms(KEY, context, (place, (value + 1) % 32), 1000)).any()
