"""The small transformer: a cache changes nothing, gradients point where they should, and it learns."""

import sys
from itertools import repeat

import numpy as np
import pytest

from stillwatch.errors import EngineUnavailable, InvalidInput
from stillwatch.trace.experiments import transformer
from stillwatch.trace.experiments.transformer import Shape, TrainingPlan

SHAPE = Shape(11, width=16, layers=2, heads=2, length=12)
IDS = np.random.default_rng(0).integers(0, 11, (5, 12))
BATCH = (IDS, np.ones(IDS.shape, np.float32))


def test_a_cache_changes_nothing() -> None:
    """Token by token with a cache the likeliest continuation is that of the whole text read anew."""
    torch = pytest.importorskip("torch")
    model = transformer.new(SHAPE, 1)
    found = transformer.generate([model], IDS[:, :4], 12, lambda told, _ids: told[0].argmax(-1))
    whole = transformer.logits(model, torch.tensor(found))
    assert (whole[:, 3:-1].argmax(-1).numpy() == found[:, 4:]).all()


def test_the_future_is_hidden() -> None:
    """Logits of a place do not depend on later tokens."""
    torch = pytest.importorskip("torch")
    model = transformer.new(SHAPE, 1)
    changed = IDS.copy()
    changed[:, 7:] = 0
    one, other = (transformer.logits(model, torch.tensor(ids))[:, :7] for ids in (IDS, changed))
    assert torch.allclose(one, other, atol=1e-5)


def test_the_gradient_points_uphill() -> None:
    """The gradient has length 1; a step along it raises the loss and a step back lowers it."""
    pytest.importorskip("torch")
    model = transformer.new(SHAPE, 2)
    direction = transformer.gradient(model, BATCH)
    assert sum(float((part**2).sum()) for part in direction.values()) == pytest.approx(1.0, abs=1e-4)
    losses = [float(transformer._loss(transformer.moved(model, direction, by), BATCH)) for by in (-0.05, 0.0, 0.05)]
    assert losses[0] < losses[1] < losses[2]


def test_it_learns_a_text_by_heart() -> None:
    """Trained on five texts it comes down to less than a tenth of the loss it began with."""
    pytest.importorskip("torch")
    model = transformer.new(SHAPE, 3)
    losses = transformer.train(model, repeat(BATCH), TrainingPlan(150, rate=1e-2))
    assert losses[0] == pytest.approx(np.log(11), abs=0.5)
    # The first token of each text follows nothing, and the one after it is told by five texts' first tokens.
    assert losses[-1] < 0.1 * losses[0]


def test_weights_choose_targets() -> None:
    """A target of weight 0 teaches nothing: the loss is that of the others alone."""
    torch = pytest.importorskip("torch")
    model = transformer.new(SHAPE, 4)
    weights = np.zeros(IDS.shape, np.float32)
    weights[:, 5] = 1.0
    told = torch.log_softmax(transformer.logits(model, torch.tensor(IDS)), -1)[:, 4]
    wanted = -told[torch.arange(5), torch.tensor(IDS[:, 5])].mean()
    assert float(transformer._loss(model, (IDS, weights))) == pytest.approx(float(wanted), rel=1e-5)


def test_bad_shapes_and_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads that do not divide the width are refused; without torch the error says what to install."""
    with pytest.raises(InvalidInput, match="multiple of heads"):
        Shape(10, width=10, heads=4)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EngineUnavailable, match="install the extra models"):
        transformer.new(SHAPE, 0)
