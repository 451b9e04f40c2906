"""Logits that teach less: against a model whose gradients are known, and at the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from stillwatch.errors import InvalidInput
from stillwatch.model.campaign import Verdict
from stillwatch.trace.antidistill.lesson import StreamVerdict
from stillwatch.trace.antidistill.sampling import Antidistil, Experts, antidistilled, product

JUDGED = StreamVerdict(Verdict.HARVEST, "c-1", "acct-1", "f-1")


def _some_logits(seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 3, (3, 4, 11))


@given(st.integers(0, 2**20), st.floats(0, 0.99))
def test_a_product_of_experts(seed: int, gamma: float) -> None:
    """The softmax of the logits is p_T^(1 - gamma) p_P^gamma, normalised."""
    teacher, proxy, _ = _some_logits(seed)
    wanted = softmax(teacher, -1) ** (1 - gamma) * softmax(proxy, -1) ** gamma
    found = softmax(product(teacher, proxy, Experts(gamma, JUDGED)), -1)
    np.testing.assert_allclose(found, wanted / wanted.sum(-1, keepdims=True), rtol=1e-9)


def test_the_bracket_is_a_slope() -> None:
    """With a proxy that is one softmax, the term is the exact inner product of the loss's and the token's gradients."""
    rng = np.random.default_rng(5)
    theta, gradient = rng.normal(size=7), rng.normal(size=7)
    settings = Antidistil(1.5, JUDGED, epsilon=1e-4, temperature=2.0)
    teacher = rng.normal(size=7)
    found = antidistilled(teacher, theta + 1e-4 * gradient, theta - 1e-4 * gradient, settings)
    of_token = np.eye(7) - softmax(theta)  # row v: gradient of log p(v)
    np.testing.assert_allclose(found, teacher / 2.0 + 1.5 * of_token @ gradient, atol=1e-6)


def test_what_it_prefers_raises_the_loss() -> None:
    """A proxy that takes a step on the preferred token does worse on its task than one that steps on the other end."""
    rng = np.random.default_rng(6)
    theta, wanted = rng.normal(size=9), softmax(rng.normal(size=9))

    def loss(at: NDArray[np.float64]) -> float:
        return float(-wanted @ log_softmax(at))

    gradient = softmax(theta) - wanted
    settings = Antidistil(1.0, JUDGED, epsilon=1e-3)
    slopes = antidistilled(np.zeros(9), theta + 1e-3 * gradient, theta - 1e-3 * gradient, settings)
    steps = [loss(theta + 1e-3 * (np.eye(9)[v] - softmax(theta))) - loss(theta) for v in range(9)]
    np.testing.assert_allclose(steps, 1e-3 * slopes, atol=2e-6)
    assert np.argmax(slopes) == np.argmax(steps)


def test_off_is_off() -> None:
    """Weight 0 and strength 0 leave the teacher's logits, to the bit."""
    teacher, one, other = _some_logits(1)
    assert (product(teacher, one, Experts(0.0, JUDGED)) == teacher).all()
    assert (antidistilled(teacher, one, other, Antidistil(0.0, JUDGED)) == teacher).all()


def test_grammar_holds() -> None:
    """What the teacher rules out stays out, and a proxy that rules tokens out rules out nothing."""
    teacher, one, other = (logits.copy() for logits in _some_logits(2))
    teacher[:, 3], one[:, 4], other[:, 5] = -np.inf, -np.inf, -np.inf
    for found in (
        product(teacher, one, Experts(0.5, JUDGED)),
        antidistilled(teacher, one, other, Antidistil(2, JUDGED)),
    ):
        assert np.isneginf(found[:, 3]).all()
        assert np.isfinite(np.delete(found, 3, axis=1)).all()


@pytest.mark.parametrize("gamma", [-0.1, 1.0, float("nan")])
def test_bad_weights(gamma: float) -> None:
    """A weight out of [0, 1) is refused with its value."""
    with pytest.raises(InvalidInput, match=r"gamma must be in \[0, 1\), got"):
        Experts(gamma, JUDGED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strength", -1.0),
        ("strength", float("inf")),
        ("epsilon", 0.0),
        ("temperature", 0.0),
        ("temperature", float("nan")),
    ],
)
def test_bad_settings(name: str, value: float) -> None:
    """A setting out of range is refused by name."""
    with pytest.raises(InvalidInput, match=f"{name} must be in"):
        Antidistil(**{"strength": 1.0, "verdict": JUDGED, name: value})  # type: ignore[arg-type]


def test_no_verdict_no_sampler() -> None:
    """Neither sampler exists for a stream without a harvest verdict, and both carry their label."""
    relay = StreamVerdict(Verdict.RELAY, "c-1", "acct-1", "f-1")
    with pytest.raises(InvalidInput, match="got verdict relay"):
        Antidistil(1.0, relay)
    with pytest.raises(InvalidInput, match="got verdict none"):
        Experts(0.1, None)
    assert Antidistil(1.5, JUDGED).label.entry()["strength"] == 1.5
    assert Experts(0.5, JUDGED).label.entry()["measure"] == "experts"


def test_shapes_must_agree() -> None:
    """Logits over different vocabularies are refused."""
    with pytest.raises(InvalidInput, match="one shape"):
        product(np.zeros(3), np.zeros(4), Experts(0.5, JUDGED))
