"""One step of an engine's batch: rows of logits in, rows out that leave a marked token or the engine's own draw.

vLLM calls plugins before temperature, min-p, top-k and top-p, and both layers belong after them. So a marked row is
taken through them here, in vLLM's order, drawn, and handed back with one token possible: whatever the engine does to
it afterwards draws that token. Rows that nothing is to be done to stay as they are, bit for bit.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self, TypeAlias

from stillwatch.errors import InvalidInput
from stillwatch.trace.engines.settings import EngineSettings
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.request import Lane, Plan
from stillwatch.trace.mark.torch_layers import drawn, forced, raised, torch_module

__all__ = ["Penalties", "Row", "Sampling", "marked", "penalised", "truncated"]

Tensor: TypeAlias = Any
_GREEDY: Final = 1e-5
"""Below this temperature vLLM takes the likeliest token."""


@dataclass(frozen=True, slots=True)
class Penalties:
    """As vLLM defines them: neutral values do nothing."""

    repetition: float = 1.0
    frequency: float = 0.0
    presence: float = 0.0

    @property
    def is_neutral(self) -> bool:
        """Whether they change nothing."""
        return self == Penalties()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a request is drawn, by the names of vLLM's SamplingParams.

    top_k       0 or below for no limit.
    seed        The client's; None for none.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int | None = None
    penalties: Penalties = Penalties()

    @classmethod
    def of(cls, params: Any) -> Self:  # noqa: ANN401  vLLM's SamplingParams
        """Of an engine's parameters; those that it lacks are neutral."""
        penalties = Penalties(
            float(getattr(params, "repetition_penalty", 1.0)),
            float(getattr(params, "frequency_penalty", 0.0)),
            float(getattr(params, "presence_penalty", 0.0)),
        )
        return cls(
            float(params.temperature),
            int(params.top_k),
            float(params.top_p),
            float(params.min_p),
            getattr(params, "seed", None),
            penalties,
        )

    @property
    def is_greedy(self) -> bool:
        """Whether nothing is left to chance, so that no number can draw."""
        return self.temperature < _GREEDY


@dataclass(slots=True)
class Row:
    """One request in an engine's batch.

    chance      Ordinary draws of raised tokens; the same on every device that computes the request.
    """

    lane: Lane
    sampling: Sampling
    chance: random.Random = field(default_factory=random.Random)

    @classmethod
    def admitted(cls, settings: EngineSettings, params: Any) -> Self | None:  # noqa: ANN401  SamplingParams
        """Of a request that enters the batch; None for one that is served without a mark.

        Raises      FailedProof for a tag that does not hold.
        """
        tag = settings.tag_of(params.extra_args, now_s=None)
        if tag is None:
            return None
        sampling = Sampling.of(params)
        start = tag.nonce if sampling.seed is None else f"{sampling.seed}"
        chance = random.Random(start)  # noqa: S311  what the engine would draw without a mark is no secret either
        return cls(Lane(settings.keys(tag), settings.scheme), sampling, chance)

    def next_plan(self, new: Sequence[int]) -> Plan:
        """Plan for the next token; a raised token is drawn here too, so that the engine's top-p cuts no raised row."""
        plan = self.lane.plan_after(new)
        if self.sampling.is_greedy:
            return replace(plan, drawing=None, first=0)
        if plan.raising is not None and plan.drawing is None:
            return replace(plan, drawing=self.chance.getrandbits(64))
        return plan


def marked(
    logits: Tensor,
    plans: Mapping[int, Plan],
    rows: Mapping[int, Row],
    scheme: Scheme,
    instead: Mapping[int, Tensor] | None = None,
) -> Tensor:
    """Logits of a batch with the planned rows marked, changed in place.

    plans, rows     By place in the batch; a row without a plan stays.
    instead         Rows to draw from where the engine has still to change its own.
    Raises          InvalidInput when a plan's place is not in the batch.
    """
    places = [i for i, plan in plans.items() if plan != Plan()]
    if not places:
        return logits
    if max(places) >= logits.shape[0]:
        message = f"the batch has {logits.shape[0]} rows, a plan is for row {max(places)}"
        raise InvalidInput(message)
    torch = torch_module()
    chosen = [plans[i] for i in places]
    sources = instead or {}
    cut = [
        logits[i].float() if rows[i].sampling.is_greedy else truncated(sources.get(i, logits[i]), rows[i].sampling)
        for i in places
    ]
    changed = raised(torch.stack(cut), chosen, scheme)
    tokens = drawn(changed, chosen)
    greedy = torch.tensor([rows[i].sampling.is_greedy for i in places], device=logits.device)
    # A drawn row keeps the engine's own logits, so that nothing is scaled twice and the draw is all that is forced.
    kept = torch.where(greedy[:, None], changed, logits[places].to(changed.dtype))
    logits[places] = forced(kept, tokens).to(logits.dtype)
    return logits


def truncated(row: Tensor, sampling: Sampling) -> Tensor:
    """One row after temperature, min-p, top-k and top-p, in vLLM's order; float32 at least."""
    torch = torch_module()
    row = row.to(torch.float32) / sampling.temperature
    if sampling.min_p > 0:
        likely = torch.softmax(row, -1)
        row = row.masked_fill(likely < sampling.min_p * likely.max(), -torch.inf)
    if 0 < sampling.top_k < len(row):
        row = row.masked_fill(row < torch.topk(row, sampling.top_k).values[-1], -torch.inf)
    if sampling.top_p < 1:
        ordered, where = torch.sort(row)
        below = torch.cumsum(torch.softmax(ordered, -1), -1) <= 1 - sampling.top_p
        below[-1] = False
        row = row.masked_fill(torch.zeros_like(below).scatter(0, where, below), -torch.inf)
    return row


def penalised(row: Tensor, penalties: Penalties, prompt: Sequence[int], answer: Sequence[int]) -> Tensor:
    """One row after repetition, frequency and presence penalties: V1 applies them after its plugins.

    prompt, answer  Token ids; those outside the vocabulary are placeholders and count for nothing.
    """
    if penalties.is_neutral:
        return row
    torch = torch_module()
    size = len(row)
    ids = torch.tensor([t for t in answer if 0 <= t < size], dtype=torch.int64, device=row.device)
    counts = torch.bincount(ids, minlength=size)
    asked = torch.tensor([t for t in prompt if 0 <= t < size], dtype=torch.int64, device=row.device)
    had = (counts > 0) | (torch.bincount(asked, minlength=size) > 0)
    repeated = torch.where(row > 0, row / penalties.repetition, row * penalties.repetition)
    return torch.where(had, repeated, row) - penalties.frequency * counts - penalties.presence * (counts > 0)
