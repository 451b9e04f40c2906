"""Marks on a whole batch: the same numbers and the same draws as one row at a time."""

import numpy as np
import pytest

from stillwatch.trace.experiments.device_numbers import Marker, numbers, seeds
from stillwatch.trace.mark import gumbel, prf
from stillwatch.trace.mark.green import raised
from stillwatch.trace.mark.options import Scheme

KEYS = np.random.default_rng(1).integers(0, 2**64, (6, 2), np.uint64)


def test_seeds_of_rows() -> None:
    """Each row's seed is that of its own key and context."""
    contexts = np.random.default_rng(2).integers(0, 1000, (6, 3))
    found = seeds(KEYS, contexts)
    assert [int(s) for s in found] == [prf.seed((int(k[0]), int(k[1])), c) for k, c in zip(KEYS, contexts, strict=True)]


def test_numbers_are_the_reference() -> None:
    """Torch gives the kernel's numbers to the bit, for seeds of every sign."""
    pytest.importorskip("torch")
    of_seeds = np.array([0, 1, 2**63 - 1, 2**63, 2**64 - 1], np.uint64)
    found = numbers(of_seeds, 500, "cpu").numpy()
    assert (found == [prf.uniforms_from(int(s), np.arange(500)) for s in of_seeds]).all()


def test_draws_are_the_reference() -> None:
    """Both layers over a batch draw what the pure functions draw row by row."""
    torch = pytest.importorskip("torch")
    scheme = Scheme(delta=1.5)
    rng = np.random.default_rng(3)
    scores, ids = rng.normal(0, 2, (6, 50)), rng.integers(0, 50, (6, 8))
    drawn = Marker(scheme, (3, 4), KEYS, 0)(torch.tensor(scores), torch.tensor(ids)).tolist()
    for row in range(6):
        lifted = raised(scores[row], prf.uniforms((3, 4), ids[row, -2:], 50), scheme.gamma, scheme.delta)
        chances = np.exp(lifted - lifted.max())
        own = prf.uniforms((int(KEYS[row, 0]), int(KEYS[row, 1])), ids[row, -4:], 50)
        assert drawn[row] == gumbel.draw(chances / chances.sum(), own)


def test_a_repeated_context_is_drawn_ordinarily() -> None:
    """The second time a request meets a context, the account's key does not choose: draws differ by the seed."""
    torch = pytest.importorskip("torch")
    scores, ids = torch.zeros(6, 5000), torch.ones(6, 4, dtype=torch.long)
    one, other = (Marker(Scheme(), None, KEYS, seed) for seed in (1, 2))
    assert torch.equal(one(scores, ids), other(scores, ids))
    assert not torch.equal(one(scores, ids), other(scores, ids))
