"""Processors for torch: equal to the pure functions."""

import sys
from typing import Any

import numpy as np
import pytest

from stillwatch.errors import EngineUnavailable
from stillwatch.model.campaign import Verdict
from stillwatch.trace.antidistill.lesson import StreamVerdict
from stillwatch.trace.antidistill.processors import antidistil_processor, experts_processor
from stillwatch.trace.antidistill.sampling import Antidistil, Experts, antidistilled, product

JUDGED = StreamVerdict(Verdict.HARVEST, "c-1", "acct-1", "f-1")


@pytest.fixture
def logits() -> Any:
    """Teacher, ahead and behind, float64, with tokens ruled out in each."""
    found = np.random.default_rng(3).normal(0, 2, (3, 5, 17))
    found[0, :, 2], found[1, :, 3], found[2, :, 4] = -np.inf, -np.inf, -np.inf
    return found


def test_processors_equal_the_functions(logits: Any) -> None:
    """Both processors give the pure functions' logits to single precision, on a batch with ruled out tokens."""
    torch = pytest.importorskip("torch")
    teacher, ahead, behind = (torch.tensor(part) for part in logits)
    ids = torch.zeros(5, 3, dtype=torch.long)
    mixing, shifting = Experts(0.3, JUDGED), Antidistil(0.7, JUDGED, epsilon=0.1, temperature=1.3)
    mixed = experts_processor(mixing, lambda _ids: ahead)(ids, teacher)
    shifted = antidistil_processor(shifting, lambda _ids: ahead, lambda _ids: behind)(ids, teacher)
    np.testing.assert_allclose(mixed.numpy(), product(logits[0], logits[1], mixing), rtol=1e-12)
    np.testing.assert_allclose(shifted.numpy(), antidistilled(logits[0], logits[1], logits[2], shifting), atol=1e-4)


def test_processors_are_what_generate_takes(logits: Any) -> None:
    """A processor works in transformers' LogitsProcessorList."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    teacher, proxy, _ = (torch.tensor(part) for part in logits)
    processor = experts_processor(Experts(0.3, JUDGED), lambda _ids: proxy)
    assert isinstance(processor, transformers.LogitsProcessor)
    ids = torch.zeros(5, 3, dtype=torch.long)
    listed = transformers.LogitsProcessorList([processor])(ids, teacher)
    assert torch.equal(listed, processor(ids, teacher))


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where torch is missing the error says what to install."""
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EngineUnavailable, match="install the extra models"):
        experts_processor(Experts(0.3, JUDGED), lambda ids: ids)
