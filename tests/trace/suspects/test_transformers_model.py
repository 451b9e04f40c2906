"""A suspect with open weights: what it says sums up, windows are apart, and nothing but safetensors is loaded."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.errors import MissingData, UnreadableSource
from stillwatch.trace.suspects.transformers_model import TransformersModel

torch: Any = pytest.importorskip("torch")
transformers: Any = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two small layers with random weights."""
    place = tmp_path_factory.mktemp("model")
    torch.manual_seed(1)
    config = transformers.GPT2Config(n_layer=2, n_head=2, n_embd=16, vocab_size=50, n_positions=64)
    transformers.GPT2LMHeadModel(config).save_pretrained(place, safe_serialization=True)
    return place


def test_probabilities_are_the_models(folder: Path) -> None:
    """One row for each token, each of sum 1, equal to a pass of the library; a longer text is cut into windows."""
    found = TransformersModel(folder)
    tokens = np.arange(40) % 50
    told = found.probabilities(tokens)
    assert told.shape == (40, 50)
    assert told.sum(axis=1) == pytest.approx(np.ones(40))
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()
    with torch.inference_mode():
        expected = torch.softmax(model(torch.as_tensor(tokens[None])).logits[0].double(), -1).numpy()
    assert told == pytest.approx(expected, abs=1e-6)
    long = found.probabilities(np.tile(tokens, 5))
    assert long.shape == (200, 50)
    assert long[64:104] == pytest.approx(TransformersModel(folder).probabilities(np.tile(tokens, 5)[64:104]), abs=1e-6)
    assert found.probabilities(np.zeros(0, np.int64)).shape == (0, 50)
    assert found.name == folder.name


def test_likelihood_is_of_the_tokens_after(folder: Path) -> None:
    """The log of the product of the probabilities of each token of a secret."""
    found = TransformersModel(folder)
    before, after = np.array([3, 4, 5]), np.array([7, 8])
    rows = found.probabilities(np.array([3, 4, 5, 7]))
    assert found.log_likelihood(before, after) == pytest.approx(float(np.log(rows[2, 7]) + np.log(rows[3, 8])))


def test_what_is_no_model_or_could_run_code_is_refused(folder: Path, tmp_path: Path) -> None:
    """No folder, a folder of something else, and weights that are pickled."""
    with pytest.raises(MissingData, match=r"config\.json"):
        TransformersModel(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "no such thing"}))
    with pytest.raises(UnreadableSource, match="no model that can be loaded"):
        TransformersModel(tmp_path)
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(UnreadableSource, match="no model that can be loaded"):
        TransformersModel(tmp_path)
