"""Secret numbers: against the paper's vectors, a twin, and what numbers must look like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark.prf import contexts, seed, seed_twin, token_array, uniforms, uniforms_from

WORD = st.integers(0, 2**64 - 1)
TOKENS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=16)
# Of SipHash's reference implementation, vectors of 8 bytes, key 00 to 0f, data 00, 01, ...; by length.
VECTORS = {4: 0xCF2794E0277187B7, 8: 0x93F5F5799A932462, 16: 0x3F2ACC7F57C29BDB}


@pytest.mark.parametrize("length", [4, 8, 16])
def test_seeds_are_siphash(length: int) -> None:
    """Seeds equal the published vectors of SipHash-2-4."""
    key = bytes(range(16))
    words = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    assert seed(words, np.frombuffer(bytes(range(length)), "<u4")) == VECTORS[length]


@given(WORD, WORD, TOKENS)
def test_the_kernel_is_its_twin(low: int, high: int, context: list[int]) -> None:
    """The compiled seed equals the plain one, for any key, width and token."""
    assert seed((low, high), context) == seed_twin((low, high), context)


def test_numbers_are_uniform_and_independent() -> None:
    """Numbers of one context and numbers of one token over contexts are uniform, and neighbours do not correlate."""
    of_context = uniforms((1, 2), [5, 6], 50_000)
    of_token = np.array([uniforms_from(seed((1, 2), [i, 9]), [77])[0] for i in range(20_000)])
    for numbers in (of_context, of_token):
        assert kstest(numbers, "uniform").pvalue > 1e-4
        assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.03


def test_another_key_gives_other_numbers() -> None:
    """One bit of the key changes every number."""
    first, second = (uniforms((key, 0), [5, 6], 1000) for key in (0, 1))
    assert not (first == second).any()
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.15


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 5))
def test_contexts_are_equal_just_where_tokens_are(tokens: list[int], width: int) -> None:
    """One number for one context, another for another, none before the first whole context."""
    found = contexts(tokens, width)
    rows = [tuple(tokens[i : i + width]) for i in range(len(tokens) - width)]
    assert len(found) == len(rows)
    assert [[a == b for b in found] for a in found] == [[a == b for b in rows] for a in rows]


@pytest.mark.parametrize(
    ("tokens", "told"),
    [([-1], "must be in 0 to"), ([2**32], "must be in 0 to"), ([0.5], "whole numbers"), ([[1], [2]], "one row")],
)
def test_what_is_no_row_of_tokens_is_refused(tokens: list[object], told: str) -> None:
    """The message says what is allowed."""
    with pytest.raises(InvalidInput, match=told):
        token_array(np.asarray(tokens))
