"""vLLM's mark: against numbers of vLLM itself, and against Philox written from its paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.trace.readers.vllm_gumbel import VllmGumbel, philox_uniforms

KEY = 0x0123456789ABCDEF
TEXT = np.arange(100, 112)
OF_VLLM = {
    4: [0.39424408271310835, 4.553787846225903, 0.342252662406657, 1.3119277893373056, 0.3876736499648044,
        0.35744402883197784, 0.09890773742758188, 0.19347456857864676],
    5: [0.9693803785101359, 0.41133984297549325, 2.297552008640679, 1.6488535040796612, 0.8674221935064975,
        0.4852068389971904, 0.5527275954233074],
}  # fmt: skip
"""`GumbelWatermarkDetector(KEY, width)._score_tokens` of vLLM 0.33.0 on TEXT, from the first whole context on."""


def philox(counter: list[int], key: tuple[int, int]) -> list[int]:
    """Philox4x32-10 in plain Python, from the paper."""
    low, high = key
    for _ in range(10):
        first, second = counter[0] * 0xD2511F53, counter[2] * 0xCD9E8D57
        counter = [
            second >> 32 ^ counter[1] ^ low, second & 0xFFFFFFFF, first >> 32 ^ counter[3] ^ high, first & 0xFFFFFFFF
        ]  # fmt: skip
        low, high = (low + 0x9E3779B9) & 0xFFFFFFFF, (high + 0xBB67AE85) & 0xFFFFFFFF
    return counter


def twin(key: int, context: list[int], token: int) -> float:
    """-ln(1 - u) of one token, with u the lower end of its part."""
    low, high = key & 0xFFFFFFFF, key >> 32
    state = [0x574D4358, len(context), 0, 0]
    for offset in range(0, len(context), 4):
        padded = [context[offset + i] if offset + i < len(context) else 0xFFFFFFFF - i for i in range(4)]

        state = philox([a ^ b for a, b in zip(state, padded, strict=True)], (low ^ offset, high))
    words = philox([token >> 2, *state[:3]], (low ^ state[3], high ^ 0x574D544B))
    return float(-np.log1p(-(words[token & 3] >> 8) / 2**24))


def test_philox_of_the_authors() -> None:
    """The twin gives the known answer of the authors' library for counter and key 0."""
    assert philox([0, 0, 0, 0], (0, 0)) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


@pytest.mark.parametrize("width", [4, 5])
def test_scores_are_those_of_vllm(width: int) -> None:
    """To the width of one of vLLM's 2^24 parts."""
    np.testing.assert_allclose(VllmGumbel(KEY, width).scores(TEXT), OF_VLLM[width], atol=1.2e-7)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**64 - 1), st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=12), st.integers(1, 11))
def test_kernel_equals_plain_philox(key: int, tokens: list[int], width: int) -> None:
    """For any key, ids of 32 bits and contexts shorter and longer than a block."""
    expected = [twin(key, tokens[at - width : at], tokens[at]) for at in range(width, len(tokens))]
    np.testing.assert_allclose(VllmGumbel(key, width).scores(np.array(tokens)), expected, rtol=1e-12)


def test_drawing_and_reading_use_one_number() -> None:
    """Numbers of the vocabulary are what scores are made of, to the width of one part."""
    uniforms = philox_uniforms(np.uint64(KEY), np.arange(4), 50)
    scores = [VllmGumbel(KEY).scores(np.r_[np.arange(4), token])[0] for token in range(50)]
    np.testing.assert_allclose(scores, -np.log1p(-uniforms), atol=2e-7 / (1 - uniforms.max()))


@pytest.mark.parametrize(("key", "width"), [(-1, 4), (2**64, 4), (1, 0), (1, 65)])
def test_what_vllm_has_not_is_refused(key: int, width: int) -> None:
    """Keys are of 64 bits and widths at least 1; the message does not tell the key."""
    with pytest.raises(InvalidInput) as caught:
        VllmGumbel(key, width)
    assert str(2**64) not in str(caught.value)


def test_the_key_of_the_documents_is_named_public() -> None:
    """Anybody can find and forge a mark under it."""
    assert VllmGumbel(42).public_key
    assert not VllmGumbel(43).public_key
