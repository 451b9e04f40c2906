"""Logits that teach a student less: a product with a weak proxy, and antidistillation sampling.

Pure functions on the last axis, any shape before it; `processors` holds the same for torch. Both can change what is
said, so a sampler is had only with a stream's harvest verdict and carries the label for the audit.
References: Hinton (2002), Neural Comput. 14 (products of experts); Savani et al. (2025), Antidistillation sampling.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from stillwatch.errors import InvalidInput
from stillwatch.trace.antidistill.lesson import Label, Measure, StreamVerdict, allow

__all__ = ["Antidistil", "Experts", "antidistilled", "product"]


@dataclass(frozen=True, slots=True)
class Experts:
    """A product of the model and a proxy student, (1 - gamma) l_T + gamma l_P.

    gamma       Weight of the proxy, in [0, 1); 0 leaves the model as it is.
    verdict     Of the stream; anything but harvest is refused.
    """

    gamma: float
    verdict: StreamVerdict | None
    label: Label = field(init=False)

    def __post_init__(self) -> None:
        """Refuse weights that are none, and streams that are under no harvest verdict."""
        _within("gamma", self.gamma, 0.0, 1.0, below=True)
        object.__setattr__(self, "label", allow(Measure.EXPERTS, self.verdict, (("gamma", self.gamma),)))


@dataclass(frozen=True, slots=True)
class Antidistil:
    """Antidistillation sampling: l_T / tau + lambda [log p(theta_P + eps g) - log p(theta_P - eps g)] / (2 eps).

    g is the gradient of the proxy's loss on what a student is wanted for. The bracket over 2 eps is how fast that loss
    rises when the proxy learns the token, so a positive strength prefers tokens that are bad to learn from.

    strength    lambda, 0 or more; 0 is ordinary sampling.
    epsilon     Step along g, above 0, in units of the gradient as the caller normalised it.
    temperature tau, above 0.
    verdict     Of the stream; anything but harvest is refused.
    """

    strength: float
    verdict: StreamVerdict | None
    epsilon: float = 1e-2
    temperature: float = 1.0
    label: Label = field(init=False)

    def __post_init__(self) -> None:
        """Refuse settings out of range, and streams that are under no harvest verdict."""
        _within("strength", self.strength, 0.0, 1e9)
        _within("epsilon", self.epsilon, 0.0, 1e3, above=True)
        _within("temperature", self.temperature, 0.0, 100.0, above=True)
        set_to = (("strength", self.strength), ("epsilon", self.epsilon), ("temperature", self.temperature))
        object.__setattr__(self, "label", allow(Measure.ANTIDISTIL, self.verdict, set_to))


def _within(name: str, value: float, low: float, high: float, *, above: bool = False, below: bool = False) -> None:
    """Refuse a setting out of its interval; NaN is out of any."""
    if (low < value if above else low <= value) and (value < high if below else value <= high):
        return
    message = f"{name} must be in {'(' if above else '['}{low:g}, {high:g}{')' if below else ']'}, got {value}"
    raise InvalidInput(message)


def product(teacher: NDArray[np.float64], proxy: NDArray[np.float64], settings: Experts) -> NDArray[np.float64]:
    """Logits of the product of experts; a token that the teacher rules out (-inf) stays out.

    teacher, proxy  Logits, shape (..., vocabulary). A proxy's -inf counts as the least finite logit of its row.
    Raises          InvalidInput when the shapes differ.

    >>> from stillwatch.model.campaign import Verdict
    >>> judged = StreamVerdict(Verdict.HARVEST, "c-1", "acct-1", "f-1")
    >>> product(np.array([0.0, 1.0]), np.array([1.0, 0.0]), Experts(0.25, judged)).tolist()
    [0.25, 0.75]
    """
    _alike(teacher, proxy)
    return _guarded(teacher, (1 - settings.gamma) * teacher + settings.gamma * _finite(proxy))


def antidistilled(
    teacher: NDArray[np.float64], ahead: NDArray[np.float64], behind: NDArray[np.float64], settings: Antidistil
) -> NDArray[np.float64]:
    """Logits of antidistillation sampling; the temperature is in them, so draw at temperature 1.

    ahead, behind   Logits of the proxy at theta_P + eps g and theta_P - eps g, shape of the teacher's.
    Raises          InvalidInput when the shapes differ.

    >>> from stillwatch.model.campaign import Verdict
    >>> judged = StreamVerdict(Verdict.HARVEST, "c-1", "acct-1", "f-1")
    >>> same = np.zeros(2)
    >>> antidistilled(np.array([0.0, 1.0]), same, same, Antidistil(5.0, judged, temperature=0.5)).tolist()
    [0.0, 2.0]
    """
    _alike(teacher, ahead, behind)
    rise = log_softmax(_finite(ahead), axis=-1) - log_softmax(_finite(behind), axis=-1)
    return _guarded(teacher, teacher / settings.temperature + settings.strength / (2 * settings.epsilon) * rise)


def _alike(first: NDArray[np.float64], *others: NDArray[np.float64]) -> None:
    for other in others:
        if other.shape != first.shape:
            message = f"logits must be of one shape, got {first.shape} and {other.shape}"
            raise InvalidInput(message)


def _finite(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits with the least finite one of their row for -inf: a difference of two infinities says nothing."""
    known = np.isfinite(logits)
    least = np.min(np.where(known, logits, np.inf), axis=-1, keepdims=True)
    return np.where(known, logits, np.where(np.isfinite(least), least, 0.0))


def _guarded(teacher: NDArray[np.float64], logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isneginf(teacher), -np.inf, logits)
