"""The same logits for transformers: processors for `model.generate`, equal to the functions of `sampling`.

Needs the extra `models`. A proxy is any function from token ids (batch, length) to the logits of the next token
(batch, vocabulary); how a gradient is taken and where the three models lie is the caller's.
"""

import importlib
from collections.abc import Callable
from typing import Any, TypeAlias

from stillwatch.errors import EngineUnavailable
from stillwatch.trace.antidistill.sampling import Antidistil, Experts

__all__ = ["Proxy", "antidistil_processor", "experts_processor"]

Tensor: TypeAlias = Any
"""A torch tensor: torch is an extra, so no type checker knows it here."""
Proxy: TypeAlias = Callable[[Tensor], Tensor]


def _torch() -> Any:  # noqa: ANN401  the module
    try:
        return importlib.import_module("torch")
    except ImportError as missing:
        message = "processors of answers that teach less need torch: install the extra models"
        raise EngineUnavailable(message) from missing


def _processor(change: Callable[[Tensor, Tensor], Tensor]) -> Any:  # noqa: ANN401
    """A function as transformers' LogitsProcessor, or as it is where transformers is not installed."""
    try:
        base: Any = importlib.import_module("transformers").LogitsProcessor
    except ImportError:
        return change
    call = {"__call__": lambda _self, input_ids, scores: change(input_ids, scores), "__doc__": change.__doc__}
    return type("StillwatchLogitsProcessor", (base,), call)()


def experts_processor(settings: Experts, proxy: Proxy) -> Any:  # noqa: ANN401  a LogitsProcessor
    """A processor that draws from the product of the model and a proxy student.

    Raises      EngineUnavailable without torch.
    """
    torch = _torch()

    def change(input_ids: Tensor, scores: Tensor) -> Tensor:
        with torch.no_grad():
            weak = _finite(torch, proxy(input_ids).to(scores))
        mixed = (1 - settings.gamma) * scores + settings.gamma * weak
        return torch.where(torch.isneginf(scores), scores, mixed)

    return _processor(change)


def antidistil_processor(settings: Antidistil, ahead: Proxy, behind: Proxy) -> Any:  # noqa: ANN401
    """A processor of antidistillation sampling; it divides by the temperature itself, so generate at temperature 1.

    ahead, behind   The proxy at theta_P + eps g and at theta_P - eps g.
    Raises          EngineUnavailable without torch.
    """
    torch = _torch()

    def change(input_ids: Tensor, scores: Tensor) -> Tensor:
        with torch.no_grad():
            # Two log probabilities that differ by a few eps: half precision would leave nothing of the difference.
            high = torch.log_softmax(_finite(torch, ahead(input_ids).float()), -1)
            low = torch.log_softmax(_finite(torch, behind(input_ids).float()), -1)
        rise = (high - low) * (settings.strength / (2 * settings.epsilon))
        return torch.where(torch.isneginf(scores), scores, scores / settings.temperature + rise.to(scores))

    return _processor(change)


def _finite(torch: Any, logits: Tensor) -> Tensor:  # noqa: ANN401
    """As `sampling._finite`."""
    known = torch.isfinite(logits)
    least = torch.where(known, logits, torch.inf).amin(-1, keepdim=True)
    return torch.where(known, logits, torch.where(torch.isfinite(least), least, 0.0))
