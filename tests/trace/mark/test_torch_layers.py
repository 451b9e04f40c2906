"""Both layers in torch, against the numpy reference: numbers bit for bit, tokens one by one."""

import importlib.util
from typing import Any

import numpy as np
import pytest

from stillwatch.errors import EngineUnavailable
from stillwatch.trace.keys.key import Purpose, derive
from stillwatch.trace.mark import torch_layers
from stillwatch.trace.mark.green import raised
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.request import Lane, MarkKeys, Plan, marked_token, numbers_at


@pytest.fixture
def torch() -> Any:
    """Torch, where it is installed."""
    return pytest.importorskip("torch")


def test_numbers_are_bit_equal(torch: Any) -> None:
    """For seeds over the whole range and symbols' places, over a vocabulary of 50,000."""
    seeds = [0, 1, 2**63 - 1, 2**63, 2**64 - 1, *np.random.default_rng(0).integers(0, 2**63, 5).tolist()]
    firsts = [0, (31 * 32 - 1) << 32, 7 << 32, 0, (3 * 32 + 5) << 32, 0, 0, 1 << 32, 0, 9 << 32]
    found = torch_layers.numbers(seeds, firsts, 50_000)
    assert found.dtype == torch.float64
    for row, (one, first) in zip(found.numpy(), zip(seeds, firsts, strict=True), strict=True):
        assert np.array_equal(row, numbers_at(one, first, 50_000))


def test_tokens_are_those_of_numpy_for_rows_of_different_keys(torch: Any) -> None:
    """2,000 rows with keys, layers and cuts of their own draw the same token in both; logits in float32 as engines'."""
    generator = np.random.default_rng(1)
    count, vocabulary, scheme = 2000, 500, Scheme(delta=1.5, global_share=0.2, symbol_share=0.3)
    logits = generator.normal(0, 3, (count, vocabulary)).astype(np.float32)
    logits[generator.random(logits.shape) < 0.3] = -np.inf
    provider, symbol = (derive(bytes(32), purpose, "", "e") for purpose in (Purpose.GLOBAL, Purpose.SYMBOL))
    plans = []
    for i in range(count):
        account = derive(bytes(32), Purpose.ACCOUNT, str(i), "e") if i % 5 else None
        campaign = derive(bytes(32), Purpose.CAMPAIGN, str(i), "e") if i % 2 else None
        keys = MarkKeys(account, campaign, provider, symbol)
        plans.append(Lane(keys, scheme).plan(generator.integers(0, vocabulary, i % 9).tolist()))
    drawing = np.array([plan.drawing is not None for plan in plans])
    tokens = torch_layers.drawn(torch_layers.raised(torch.from_numpy(logits), plans, scheme), plans).numpy()
    expected = [marked_token(row, plan, scheme, generator) for row, plan in zip(logits, plans, strict=True)]
    assert drawing.sum() > 500
    assert np.array_equal(tokens[drawing], np.array(expected)[drawing])
    assert (tokens[~drawing] == -1).all()


def test_raised_rows_equal_numpy_and_others_stay(torch: Any) -> None:
    """In float32, by the same green lists; the argument is not changed."""
    logits = torch.zeros(3, 300)
    found = torch_layers.raised(logits, [Plan(raising=5), Plan(), Plan(raising=6)], Scheme(delta=2.0))
    for row, plan in ((0, 5), (2, 6)):
        assert np.array_equal(found[row].numpy(), raised(np.zeros(300), numbers_at(plan, 0, 300), 0.5, 2.0))
    assert not found[1].any()
    assert not logits.any()


def test_forcing_leaves_one_token(torch: Any) -> None:
    """Only in rows that have a drawn token."""
    found = torch_layers.forced(torch.zeros(2, 4), torch.tensor([2, -1]))
    assert torch.isfinite(found).tolist() == [[False, False, True, False], [True] * 4]


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_the_error_says_what_to_install() -> None:
    """And the module itself loads."""
    with pytest.raises(EngineUnavailable, match="extra models"):
        torch_layers.numbers([1], [0], 5)
