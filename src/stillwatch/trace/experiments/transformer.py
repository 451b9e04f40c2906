"""A small transformer as plain functions over named tensors: trained, asked and sampled here, on CPU or GPU.

Pre-norm blocks, learnt positions, tied embedding. Needs torch (extra `models`); functions, not modules, since the proxy
of antidistillation sampling is this model with all its tensors moved by a gradient.
References: Vaswani et al. (2017), NeurIPS; Radford et al. (2019), GPT-2.
"""

import importlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import EngineUnavailable, InvalidInput

__all__ = [
    "Model",
    "Shape",
    "Tensor",
    "TrainingPlan",
    "generate",
    "gradient",
    "logits",
    "moved",
    "new",
    "torch",
    "train",
]

Tensor: TypeAlias = Any
"""A torch tensor: torch is an extra, so no type checker knows it here."""
Tensors: TypeAlias = dict[str, Tensor]
Batch: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Token ids (batch, length) and the weight of each as a target, same shape."""


def torch() -> Any:  # noqa: ANN401  the module
    """Torch, or an error that says what to install."""
    try:
        return importlib.import_module("torch")
    except ImportError as missing:
        message = "experiments with transformers need torch: install the extra models"
        raise EngineUnavailable(message) from missing


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a model; `width` is a multiple of `heads`, `length` the most tokens it reads."""

    vocabulary_size: int
    width: int = 64
    layers: int = 2
    heads: int = 4
    length: int = 64

    def __post_init__(self) -> None:
        """Refuse widths that do not divide."""
        if self.width % self.heads:
            message = f"width must be a multiple of heads, got {self.width} and {self.heads}"
            raise InvalidInput(message)

    @property
    def parameters(self) -> int:
        """Numbers in the model, about: embeddings and blocks."""
        return self.width * (self.vocabulary_size + self.length) + self.layers * 12 * self.width**2


@dataclass(frozen=True, slots=True)
class Model:
    """Sizes and tensors by name."""

    shape: Shape
    tensors: Tensors

    @property
    def device(self) -> Any:  # noqa: ANN401  torch's
        """Where the tensors lie."""
        return self.tensors["embed"].device


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How a model is trained: AdamW with a warm-up of a twentieth of the steps and a cosine down to a tenth."""

    steps: int
    rate: float = 2e-3
    decay: float = 0.01


def new(shape: Shape, seed: int, device: str = "cpu") -> Model:
    """A model with random tensors.

    seed        The same seed gives the same model on one device.
    """
    lib = torch()
    source = lib.Generator().manual_seed(seed)
    wide = shape.width

    def drawn(*size: int, scale: float = 0.02) -> Tensor:
        return (lib.randn(*size, generator=source) * scale).to(device)

    tensors = {"embed": drawn(shape.vocabulary_size, wide), "place": drawn(shape.length, wide)}
    scale = 0.02 / math.sqrt(2 * shape.layers)
    for i in range(shape.layers):
        tensors |= {f"{i}.qkv": drawn(wide, 3 * wide, scale=wide**-0.5), f"{i}.out": drawn(wide, wide, scale=scale)}
        tensors |= {f"{i}.up": drawn(wide, 4 * wide, scale=wide**-0.5), f"{i}.down": drawn(4 * wide, wide, scale=scale)}
        tensors |= {f"{i}.norm1": lib.ones(wide, device=device), f"{i}.norm2": lib.ones(wide, device=device)}
    tensors["norm"] = lib.ones(wide, device=device)
    return Model(shape, tensors)


def logits(model: Model, ids: Tensor, cache: list[Tensor] | None = None, at: int = 0) -> Tensor:
    """Logits of the next token after each of some tokens, shape (batch, length, vocabulary).

    cache       Keys and values of the tokens before, one tensor a layer, as `generate` keeps them; written to.
    at          How many tokens stand before.
    """
    functional = torch().nn.functional
    shape, tensors = model.shape, model.tensors
    size = (shape.width,)
    x = tensors["embed"][ids] + tensors["place"][at : at + ids.shape[1]]
    for i in range(shape.layers):
        normed = functional.rms_norm(x, size, tensors[f"{i}.norm1"])
        x = x + _attended(model, i, normed, cache, at) @ tensors[f"{i}.out"]
        normed = functional.rms_norm(x, size, tensors[f"{i}.norm2"])
        x = x + functional.gelu(normed @ tensors[f"{i}.up"]) @ tensors[f"{i}.down"]
    return functional.rms_norm(x, size, tensors["norm"]) @ tensors["embed"].T


def _attended(model: Model, layer: int, x: Tensor, cache: list[Tensor] | None, at: int) -> Tensor:
    shape = model.shape
    count, length, _ = x.shape
    parted = (x @ model.tensors[f"{layer}.qkv"]).view(count, length, 3, shape.heads, -1).permute(2, 0, 3, 1, 4)
    query, key, value = parted
    if cache is not None:
        cache[layer][:, :, :, at : at + length] = parted[1:]
        key, value = cache[layer][:, :, :, : at + length]
    attend = torch().nn.functional.scaled_dot_product_attention
    # After a cache one token asks, and all before it are there; otherwise the whole text asks, each of what is before.
    return attend(query, key, value, is_causal=length > 1).transpose(1, 2).reshape(count, length, -1)


def _loss(model: Model, batch: Batch) -> Tensor:
    """Mean cross-entropy of the next token in nats, each target by its weight."""
    lib = torch()
    ids, weights = (lib.as_tensor(part).to(model.device) for part in batch)
    lost = lib.nn.functional.cross_entropy(
        logits(model, ids[:, :-1]).flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="none"
    )
    weighted = weights[:, 1:].flatten()
    return (lost * weighted).sum() / weighted.sum().clamp(min=1e-9)


def train(model: Model, batches: Iterable[Batch], plan: TrainingPlan) -> list[float]:
    """Train a model in place; the loss of every step in nats.

    batches     At least as many as the plan has steps; more are left.
    """
    lib = torch()
    tensors = list(model.tensors.values())
    for tensor in tensors:
        tensor.requires_grad_(requires_grad=True)
    optimiser = lib.optim.AdamW(tensors, lr=plan.rate, betas=(0.9, 0.98), weight_decay=plan.decay)
    losses: list[Tensor] = []
    # bfloat16 is faster on a GPU and slower on many CPUs.
    half = lib.autocast(model.device.type, dtype=lib.bfloat16, enabled=model.device.type == "cuda")
    for step, batch in zip(range(plan.steps), batches, strict=False):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * _schedule(step, plan.steps)
        with half:
            loss = _loss(model, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        lib.nn.utils.clip_grad_norm_(tensors, 1.0)
        optimiser.step()
        losses.append(loss.detach())
    for tensor in tensors:
        tensor.requires_grad_(requires_grad=False)
        tensor.grad = None
    return [float(loss) for loss in losses]


def _schedule(step: int, steps: int) -> float:
    warm = max(steps // 20, 1)
    return (step + 1) / warm if step < warm else 0.55 + 0.45 * math.cos(math.pi * (step - warm) / max(steps - warm, 1))


def gradient(model: Model, batch: Batch) -> Tensors:
    """Gradient of the loss on a batch, scaled to length 1 over all tensors together."""
    lib = torch()
    at = {name: tensor.detach().clone().requires_grad_(requires_grad=True) for name, tensor in model.tensors.items()}
    found = lib.autograd.grad(_loss(Model(model.shape, at), batch), list(at.values()))
    length = math.sqrt(sum(float((part**2).sum()) for part in found))
    return {name: part / length for name, part in zip(at, found, strict=True)}


def moved(model: Model, direction: Tensors, by: float) -> Model:
    """A copy of a model with every tensor moved along a direction."""
    return Model(model.shape, {name: (t + by * direction[name]).detach() for name, t in model.tensors.items()})


def generate(
    models: list[Model],
    prompts: NDArray[np.int64],
    length: int,
    choose: Callable[[list[Tensor], Tensor], Tensor],
) -> NDArray[np.int64]:
    """Continue prompts token by token, with several models reading along.

    prompts     Token ids, shape (batch, tokens), all of one length.
    length      Tokens of prompt and continuation together.
    choose      From the next token's logits by model, each (batch, vocabulary), and the ids so far to the next ids.
    """
    lib = torch()
    ids = lib.as_tensor(prompts).to(models[0].device)
    with lib.no_grad():
        caches = [_empty_cache(model, len(prompts), length) for model in models]
        told = [logits(model, ids, cache)[:, -1] for model, cache in zip(models, caches, strict=True)]
        while True:
            ids = lib.cat([ids, choose(told, ids)[:, None]], 1)
            at = ids.shape[1] - 1
            if at + 1 >= length:
                return np.asarray(ids.cpu().numpy())
            told = [logits(m, ids[:, -1:], cache, at)[:, -1] for m, cache in zip(models, caches, strict=True)]


def _empty_cache(model: Model, count: int, length: int) -> list[Tensor]:
    shape = model.shape
    size = (2, count, shape.heads, length, shape.width // shape.heads)
    return [torch().zeros(size, device=model.device, dtype=model.tensors["embed"].dtype) for _ in range(shape.layers)]
