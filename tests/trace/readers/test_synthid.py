"""SynthID-Text: its hash in plain Python, and transformers' own processor as the oracle."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.trace.readers.read import read
from stillwatch.trace.readers.synthid import PUBLISHED_KEYS, Synthid, SynthidWeighted, table_of

KEYS = [5, 2**40 + 3, 77, 2**62 + 11]
MULTIPLIER = 6364136223846793005


def twin(keys: list[int], length: int, tokens: list[int]) -> list[list[int]]:
    """Bits of each token at each depth."""
    table, found = table_of(0), []
    for start in range(len(tokens) - length + 1):
        state = 1
        for token in tokens[start : start + length]:
            state = ((state + token) * MULTIPLIER + 1) % 2**64
        found.append([int(table[((state + key) * MULTIPLIER + 1) % 65_536]) for key in keys])
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=5, unique_by=lambda key: key % 65_536),
    st.integers(2, 6),
    st.lists(st.integers(0, 2**32 - 1), max_size=15),
)
def test_kernel_equals_plain_hash(keys: list[int], length: int, tokens: list[int]) -> None:
    """For any keys, lengths and ids of 32 bits."""
    bits = np.array(twin(keys, length, tokens), np.int64).reshape(-1, len(keys))
    assert Synthid(keys, length).scores(np.array(tokens, np.int64)).tolist() == bits.sum(axis=1).tolist()
    weights = np.rint(np.linspace(10, 1, len(keys)))
    assert SynthidWeighted(keys, length).scores(np.array(tokens, np.int64)).tolist() == (bits @ weights).tolist()


def test_bits_of_the_vocabulary_are_those_of_texts() -> None:
    """What is drawn with is what is read."""
    context = [9, 8, 7, 6]
    expected = [twin(KEYS, 5, [*context, token])[0] for token in range(30)]
    assert Synthid(KEYS).bits(np.array(context), 30).tolist() == expected


def test_tokens_of_equal_low_hash_bits_count_once() -> None:
    """Ids that agree in their low 16 bits have equal bits under every key, so they are one context."""
    texts = np.array([1, 2, 3, 4, 5]), np.array([1, 2, 3, 4, 5 + 3 * 65_536])
    one, other = (Synthid(KEYS).contexts(text)[0] for text in texts)
    assert one == other
    assert [Synthid(KEYS).scores(text)[0] for text in texts] == [sum(twin(KEYS, 5, [1, 2, 3, 4, 5])[0])] * 2


def test_sums_over_repeated_states_are_too_wide() -> None:
    """Trap: unique contexts of tokens alone. Ids with common low bits leave few states, and sums spread over keys."""
    random = np.random.default_rng(0)
    tokens = 1024 * random.integers(0, 148, 2004)
    assert len({tuple(tokens[i : i + 4]) for i in range(2000)}) == 2000
    far, ours = 0, 0
    for number in range(200):
        reader = Synthid(np.random.default_rng(number).integers(0, 2**62, 3).tolist())
        scores = reader.scores(tokens)
        far += reader.log_tail(float(scores.sum()), scores.size) < np.log(0.01)
        ours += read(reader, [tokens]).log_p < np.log(0.01)
    assert far > 40
    assert ours <= 6


def test_depths_of_equal_bits_count_as_one() -> None:
    """Keys that agree in the table's low bits: the same scores as ever, and the tail of a bit that weighs twice."""
    reader, text = Synthid([1, 2, 1 + 65_536]), np.random.default_rng(0).integers(0, 2**32, 50)
    bits = np.array(twin([1, 2, 1], 5, text.tolist()))
    assert reader.scores(text).tolist() == bits.sum(axis=1).tolist()
    share = float(table_of(0).mean())
    assert reader.log_tail(3, 1) == pytest.approx(2 * np.log(share))
    assert reader.log_tail(2, 1) == pytest.approx(np.log(share))


def test_the_published_keys_are_named_public() -> None:
    """Those of transformers' example."""
    assert Synthid(list(PUBLISHED_KEYS)).public_key
    assert not Synthid(KEYS).public_key


@pytest.mark.parametrize(
    ("keys", "length", "table"),
    [
        (KEYS, 1, None),
        ([], 5, None),
        (KEYS, 5, np.ones(8, np.uint8)),
        (KEYS, 5, np.array([0, 1, 1], np.uint8)),
        (KEYS, 5, np.array([0, 2], np.uint8)),
        (KEYS, 5, np.zeros((2, 2), np.uint8)),
    ],
)
def test_settings_without_an_exact_tail_are_refused(keys: list[int], length: int, table: Any) -> None:
    """A context and a token, a key, and a table of bits, a power of two of them."""
    with pytest.raises(InvalidInput):
        Synthid(keys, length, table)


def processor(keys: list[int]) -> Any:
    """What transformers marks with."""
    pytest.importorskip("torch")
    process = pytest.importorskip("transformers.generation.logits_process")
    return process.SynthIDTextWatermarkLogitsProcessor(
        ngram_len=5,
        keys=keys,
        sampling_table_size=65_536,
        sampling_table_seed=0,
        context_history_size=1024,
        device="cpu",
    )


def test_bits_are_those_of_transformers() -> None:
    """The table and every bit."""
    marker = processor(KEYS)
    import torch  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415  an extra

    np.testing.assert_array_equal(marker.sampling_table.numpy(), table_of(0))
    text = np.random.default_rng(1).integers(0, 150_000, 300)
    bits = marker.compute_g_values(torch.tensor(text)[None])[0].numpy()
    np.testing.assert_array_equal(Synthid(KEYS).scores(text), bits.sum(axis=1))


def test_text_that_transformers_marks_is_found() -> None:
    """Random logits through transformers' own processor, and its own repeats of contexts."""
    keys = np.random.default_rng(2).integers(1, 2**62, 20).tolist()
    marker = processor(keys)
    import torch  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415  an extra

    torch.manual_seed(0)
    texts = torch.randint(0, 400, (4, 5))
    for _ in range(80):
        logits = marker(texts, torch.log_softmax(2.0 * torch.randn(4, 400), -1))
        texts = torch.cat([texts, torch.multinomial(torch.softmax(logits, -1), 1)], dim=1)
    for kind in (Synthid, SynthidWeighted):
        assert read(kind(keys), texts.numpy()).log_p < np.log(1e-9)
        assert read(kind([key + 99 for key in keys]), texts.numpy()).log_p > np.log(1e-3)
