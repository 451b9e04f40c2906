"""Rows of an engine's batch: vLLM's cuts and penalties against plain twins, and what a marked row leaves possible."""

import random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.engines.rows import Penalties, Row, Sampling, marked, penalised, truncated
from stillwatch.trace.keys.key import Purpose, derive
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.request import Lane, MarkKeys, Plan, marked_token

ACCOUNT = derive(bytes(32), Purpose.ACCOUNT, "a", "e")
CAMPAIGN = derive(bytes(32), Purpose.CAMPAIGN, "c", "e")


@pytest.fixture
def torch() -> Any:
    """Torch, where it is installed."""
    return pytest.importorskip("torch")


def kept_twin(row: NDArray[np.float32], sampling: Sampling) -> set[int]:
    """Tokens that temperature, min-p, top-k and top-p leave, in plain Python."""
    logits = {i: float(value) / sampling.temperature for i, value in enumerate(row)}
    top = max(logits.values())
    kept = {i: it for i, it in logits.items() if np.exp(it - top) >= sampling.min_p}
    order = sorted(kept, key=lambda i: -kept[i])
    order = order[: sampling.top_k] if sampling.top_k > 0 else order
    weights = np.array([np.exp(kept[i] - top) for i in order])
    before = np.concatenate([[0.0], np.cumsum(weights)[:-1]]) / weights.sum()
    return {i for i, share in zip(order, before, strict=True) if share < sampling.top_p}


@pytest.mark.parametrize("of_seed", range(40))
def test_cuts_are_vllms(torch: Any, of_seed: int) -> None:
    """Random rows under random settings keep the same tokens as the twin, at their logits over the temperature."""
    generator = np.random.default_rng(of_seed)
    row = generator.normal(0, 3, 50).astype(np.float32)
    sampling = Sampling(
        temperature=float(generator.uniform(0.3, 2)),
        top_k=int(generator.integers(-1, 60)),
        top_p=float(generator.choice([1.0, generator.uniform(0.05, 1)])),
        min_p=float(generator.choice([0.0, generator.uniform(0, 0.3)])),
    )
    found = truncated(torch.from_numpy(row), sampling).numpy()
    assert set(np.flatnonzero(np.isfinite(found)).tolist()) == kept_twin(row, sampling)
    kept = np.isfinite(found)
    assert np.allclose(found[kept], row[kept] / sampling.temperature)


def test_penalties_are_vllms(torch: Any) -> None:
    """Repetition on prompt and answer by sign, frequency by count, presence once; placeholders count for nothing."""
    row = torch.tensor([2.0, -2.0, 2.0, -2.0, 1.0])
    found = penalised(row, Penalties(2.0, 0.5, 0.25), prompt=[0, 1, 99], answer=[2, 2, 3, -1])
    assert found.tolist() == [1.0, -4.0, 1.0 - 1.0 - 0.25, -4.0 - 0.5 - 0.25, 1.0]
    assert penalised(row, Penalties(), [0], [1]) is row


def chance(nonce: str) -> random.Random:
    """Ordinary draws of a request."""
    return random.Random(nonce)  # noqa: S311  no secret


def row_of(keys: MarkKeys, scheme: Scheme, sampling: Sampling | None = None) -> Row:
    """A request that has just entered a batch."""
    return Row(Lane(keys, scheme), sampling or Sampling(), chance("n"))


def test_a_marked_row_leaves_the_token_of_the_reference(torch: Any) -> None:
    """Under both layers, after the cuts; the other rows of the batch stay bit for bit."""
    scheme, sampling = Scheme(delta=3.0), Sampling(temperature=0.7, top_k=20, top_p=0.9)
    generator = np.random.default_rng(0)
    for _ in range(50):
        logits = torch.from_numpy(generator.normal(0, 2, (3, 100)).astype(np.float32))
        answer = generator.integers(0, 100, 6).tolist()
        row = row_of(MarkKeys(ACCOUNT, CAMPAIGN), scheme, sampling)
        plan = row.next_plan(answer)
        expected = marked_token(truncated(logits[1], sampling).numpy(), plan, scheme, generator)
        before = logits.clone()
        found = marked(logits, {1: plan}, {1: row}, scheme)
        assert torch.isfinite(found[1]).nonzero().tolist() == [[expected]]
        assert torch.equal(found[[0, 2]], before[[0, 2]])


def test_raised_rows_without_a_draw_follow_the_raised_distribution(torch: Any) -> None:
    """A campaign alone: over nonces, tokens come as often as the cut and raised probabilities say."""
    scheme, sampling = Scheme(delta=2.0), Sampling(top_p=0.95)
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.16, 0.04]]))
    counts = np.zeros(4)
    for i in range(3000):
        row = Row(Lane(MarkKeys(campaign=CAMPAIGN), scheme), sampling, chance(str(i)))
        found = marked(logits.clone(), {0: row.next_plan([1, 2])}, {0: row}, scheme)
        counts[int(torch.isfinite(found[0]).nonzero()[0, 0])] += 1
    plan = Lane(MarkKeys(campaign=CAMPAIGN), scheme).plan([1, 2])
    cut = truncated(logits[0], sampling)
    from stillwatch.trace.mark.torch_layers import raised  # noqa: PLC0415  it needs torch

    expected = torch.softmax(raised(cut[None], [plan], scheme)[0].double(), -1).numpy()
    assert expected[3] == 0
    assert np.abs(counts / 3000 - expected).max() < 5 * np.sqrt(0.25 / 3000)


def test_greedy_rows_are_raised_and_not_drawn(torch: Any) -> None:
    """Nothing is left to chance, so the engine's likeliest token stays free to be any."""
    scheme, row = Scheme(delta=1.0), row_of(MarkKeys(ACCOUNT, CAMPAIGN), Scheme(), Sampling(temperature=0.0))
    plan = row.next_plan([1, 2, 3, 4, 5])
    assert plan.drawing is None
    found = marked(torch.zeros(1, 50), {0: plan}, {0: row}, scheme)
    assert set(found[0].tolist()) == {0.0, 1.0}


def test_rows_with_nothing_to_do_stay(torch: Any) -> None:
    """Before the first whole context the batch itself comes back; a plan beyond the batch is refused."""
    logits, row = torch.zeros(1, 5), row_of(MarkKeys(ACCOUNT), Scheme())
    assert marked(logits, {0: row.next_plan([1])}, {0: row}, Scheme()) is logits
    assert not logits.any()
    with pytest.raises(InvalidInput, match="has 1 rows, a plan is for row 3"):
        marked(logits, {3: Plan(drawing=1)}, {3: row}, Scheme())


def test_draws_of_one_nonce_agree() -> None:
    """Devices that compute one request must draw alike; another nonce draws otherwise."""
    keys = MarkKeys(campaign=CAMPAIGN)
    plans = [
        [Row(Lane(keys, Scheme()), Sampling(), chance(nonce)).next_plan([1, 2]) for _ in range(2)]
        for nonce in ("a", "b")
    ]
    assert plans[0][0] == plans[0][1]
    assert plans[0][0] != plans[1][0]
    assert plans[0][0].drawing is not None
