"""Readers from engines' own settings: defaults, refusals, and that no message repeats a key."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from stillwatch.errors import InvalidInput
from stillwatch.trace.readers.example import EngineReader
from stillwatch.trace.readers.green_lists import GreenLists
from stillwatch.trace.readers.kgw_lefthash import KgwLefthash
from stillwatch.trace.readers.kgw_selfhash import KgwSelfhash
from stillwatch.trace.readers.settings import ENGINES, reader_for
from stillwatch.trace.readers.sglang import Sglang
from stillwatch.trace.readers.synthid import Synthid, SynthidWeighted, table_of
from stillwatch.trace.readers.vllm_dual_key import VllmDualKey
from stillwatch.trace.readers.vllm_gumbel import VllmGumbel

TEXT = np.random.default_rng(0).integers(0, 1000, 80)
SYNTHID = {"keys": [5, 7, 11], "ngram_len": 4, "sampling_table_seed": 9, "sampling_table_size": 1024}


@pytest.mark.parametrize(
    ("engine", "settings", "expected"),
    [
        ("vllm", {"key": 43}, VllmGumbel(43)),
        ("vllm", {"key": 43, "algorithm": "gumbel", "context_width": 2, "prf": "philox"}, VllmGumbel(43, 2)),
        ("vllm", {"key": 43, "algorithm": "dual_key_gumbel"}, VllmDualKey(43)),
        ("vllm", {"key": 43, "algorithm": "dual_key_gumbel", "alpha": 0.3}, VllmDualKey(43, alpha=0.3)),
        ("sglang", {"key": "0xAb"}, Sglang(0xAB)),
        ("sglang", {"enabled": True, "key": "ab", "context_window": 7}, Sglang(0xAB, 7)),
        ("sglang", {"key": "a", "key_b": "b", "mixing_probability": 0.2}, Sglang(10, 4, 11, 0.2)),
        ("transformers", {"vocab_size": 1000}, KgwLefthash(15_485_863, GreenLists(1000))),
        (
            "transformers",
            {"vocab_size": 1000, "seeding_scheme": "selfhash", "context_width": 3, "hashing_key": 9, "bias": 2.5},
            KgwSelfhash(9, GreenLists(1000), 3),
        ),
        ("transformers", SYNTHID, Synthid([5, 7, 11], 4, table_of(9, 1024))),
        ("transformers", {**SYNTHID, "score": "weighted"}, SynthidWeighted([5, 7, 11], 4, table_of(9, 1024))),
    ],
)
def test_the_reader_is_that_of_the_settings(engine: str, settings: dict[str, Any], expected: EngineReader) -> None:
    """Same kind, same scores."""
    found = reader_for(engine, settings)
    assert type(found) is type(expected)
    np.testing.assert_array_equal(found.scores(TEXT), expected.scores(TEXT))
    np.testing.assert_array_equal(found.contexts(TEXT), expected.contexts(TEXT))


@pytest.mark.parametrize(
    ("engine", "settings"),
    [
        ("tensorrt", {"key": 987654}),
        ("vllm", {}),
        ("vllm", {"key": "987654"}),
        ("vllm", {"key": True}),
        ("vllm", {"key": 987654, "algorithm": "kgw"}),
        ("vllm", {"key": 987654, "prf": "sha"}),
        ("vllm", {"key": 987654, "alhpa": 0.2}),
        ("vllm", {"key": -987654}),
        ("sglang", {"key": 987654}),
        ("sglang", {"key": "987654-"}),
        ("sglang", {"key": "0123456789abcdef987654"}),
        ("transformers", {"hashing_key": 987654}),
        ("transformers", {"vocab_size": 1000, "hashing_key": 987654, "seeding_scheme": "both"}),
        ("transformers", {"ngram_len": 5}),
        ("transformers", {"keys": ["987654"]}),
        ("transformers", {"keys": [987654], "sampling_table_size": 1000}),
        ("transformers", {"keys": [987654], "sampling_table_size": 2**40}),
    ],
)
def test_what_is_wrong_is_said_without_the_key(engine: str, settings: dict[str, Any]) -> None:
    """Unknown engine, unknown and missing fields, types and ranges."""
    with pytest.raises(InvalidInput) as caught:
        reader_for(engine, settings)
    assert "987654" not in str(caught.value)


def test_the_engines() -> None:
    """Those whose marks are read."""
    assert ENGINES == ("vllm", "sglang", "transformers")


@pytest.mark.parametrize("name", ["WatermarkingConfig", "SynthIDTextWatermarkingConfig"])
def test_configurations_of_transformers_are_taken_as_they_are(name: str) -> None:
    """Every field that transformers writes is known here."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    transformers = import_module("transformers")
    given = {"keys": [1, 2], "ngram_len": 5} if name.startswith("Synth") else {}
    written = getattr(transformers, name)(**given).to_dict()
    assert reader_for("transformers", {**written, "vocab_size": 1000}).scores(TEXT).size
