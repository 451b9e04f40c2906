"""SGLang's mark: against numbers of SGLang itself, and against MurmurHash3 written from its contract."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.trace.readers.sglang import Sglang

KEY, SECOND = 0x0123456789ABCDEF, 0xFEDCBA9876543210
OF_SGLANG = [
    0.11999677797903538, 0.8810038234157692, 1.340652407802744, 2.5678479793596622, 0.29988124642066594,
    1.3676444485159316, 0.6977542633416898, 0.5700184490671543,
]  # fmt: skip
"""`WatermarkDetector._score` of SGLang 0.5.23 on tokens 100 to 111, width 4."""


def murmur(words: list[int]) -> int:
    """MurmurHash3 x86 32-bit of whole words, seed 0, in plain Python."""
    state = 0
    for word in words:
        value = word * 0xCC9E2D51 & 0xFFFFFFFF
        value = (value << 15 | value >> 17) & 0xFFFFFFFF
        state ^= value * 0x1B873593 & 0xFFFFFFFF
        state = ((state << 13 | state >> 19) & 0xFFFFFFFF) * 5 + 0xE6546B64 & 0xFFFFFFFF
    state ^= 4 * len(words)
    state = (state ^ state >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    state = (state ^ state >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return state ^ state >> 16


def twin(keys: tuple[int, int], mixing: float, tokens: list[int], width: int) -> list[float]:
    """Scores of a text, the key of each context by its coin."""
    found = []
    for at in range(width, len(tokens)):
        context = murmur(tokens[at - width : at])
        halves = [half for key in keys for half in (key & 0xFFFFFFFF, key >> 32)]
        key = keys[0] if murmur([*halves, context]) < int(mixing * 2**32) else keys[1]
        found.append(-np.log1p(-murmur([key & 0xFFFFFFFF, key >> 32, context, tokens[at]]) / 2**32))
    return found


def test_murmur_of_the_author() -> None:
    """The twin gives the known hash of four bytes, 0x87654321 with seed 0."""
    assert murmur([0x87654321]) == 0xF55B516B


def test_scores_are_those_of_sglang() -> None:
    """To the width of one of its 2^32 parts."""
    np.testing.assert_allclose(Sglang(KEY).scores(np.arange(100, 112)), OF_SGLANG, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=12),
    st.integers(1, 11),
    st.floats(0.01, 0.99),
)
def test_kernel_equals_plain_murmur(first: int, second: int, tokens: list[int], width: int, mixing: float) -> None:
    """For any two keys, ids of 32 bits and widths."""
    expected = twin((first, second), mixing, tokens, width)
    np.testing.assert_allclose(Sglang(first, width, second, mixing).scores(np.array(tokens)), expected, rtol=1e-12)


def test_a_context_is_its_hash() -> None:
    """Contexts of equal hash have equal numbers, so they count once."""
    assert Sglang(KEY, 2).contexts(np.array([7, 8, 9])).tolist() == [murmur([7, 8])]


def test_two_keys_share_the_contexts() -> None:
    """About `mixing` of them are read under the first key, the rest under the second."""
    text = np.random.default_rng(0).integers(0, 50_000, 4000)
    both = Sglang(KEY, 4, SECOND, 0.3).scores(text)
    first, second = Sglang(KEY).scores(text), Sglang(SECOND).scores(text)
    assert ((both == first) | (both == second)).all()
    assert abs((both == first).mean() - 0.3) < 0.03


@pytest.mark.parametrize(
    ("key", "width", "key_b", "mixing"),
    [(-1, 4, None, 0.5), (2**64, 4, None, 0.5), (1, 0, None, 0.5), (1, 65, None, 0.5), (1, 4, -1, 0.5), (1, 4, 2, 1.0)],
)
def test_what_sglang_refuses_is_refused(key: int, width: int, key_b: int | None, mixing: float) -> None:
    """Keys of 16 hexadecimal digits, windows of 1 to 64, shares strictly between 0 and 1."""
    with pytest.raises(InvalidInput):
        Sglang(key, width, key_b, mixing)
