"""vLLM's mark with two keys, and how far vLLM's own p-value is off."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import gammaincc

from stillwatch.errors import InvalidInput
from stillwatch.trace.readers.vllm_dual_key import VllmDualKey

OF_VLLM = [
    0.27496705915066183, 0.7315210459534759, 0.853363266722851, 1.3354577914906114, 1.5421399178137407,
    3.2492039891211637, 0.3391835619143324, 3.3270148125753454,
]  # fmt: skip
"""`DualKeyGumbelWatermarkDetector(0x0123456789ABCDEF)._score_tokens` of vLLM 0.33.0 on tokens 100 to 111."""


def test_scores_are_those_of_vllm() -> None:
    """Both derived keys and the weights, to the width of one of vLLM's 2^24 parts."""
    np.testing.assert_allclose(VllmDualKey(0x0123456789ABCDEF).scores(np.arange(100, 112)), OF_VLLM, atol=1.2e-7)


def fitted(total: float, count: int, alpha: float) -> float:
    """The p-value that vLLM reports: a Gamma distribution with the sum's mean and variance."""
    variance = (1 - alpha) ** 2 + alpha**2
    return float(gammaincc(count / variance, total / variance))


@pytest.mark.parametrize(("count", "factor"), [(20, 2.0), (50, 1.7), (200, 1.3)])
def test_the_fitted_gamma_convicts_too_soon(count: int, factor: float) -> None:
    """Trap: where vLLM says 1e-9 the exact tail is larger; the exact one is never beaten by the fit."""
    at = float(brentq(lambda total: np.log(fitted(total, count, 0.1) + 1e-300) - np.log(1e-9), count, 6 * count))
    assert np.exp(VllmDualKey(1).log_tail(at, count)) > factor * 1e-9


@pytest.mark.parametrize("alpha", [-0.1, 1.1])
def test_weights_are_shares(alpha: float) -> None:
    """VLLM allows 0 to 1."""
    with pytest.raises(InvalidInput):
        VllmDualKey(1, alpha=alpha)
