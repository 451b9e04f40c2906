"""Marks in transformers' `generate`: a `BaseWatermarkingConfig` whose processor marks each row with its own keys.

`generate` puts it after temperature, top-k and top-p, where both layers belong. Its own `lefthash` scheme seeds from
the last token alone, whatever `context_width` says; this one depends on as many tokens as the scheme says. Sampling
must be on, beams off. Written against transformers 5.24.
"""

import importlib
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from stillwatch.errors import EngineUnavailable, InvalidInput
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.request import Lane, MarkKeys, Plan
from stillwatch.trace.mark.torch_layers import drawn, forced, raised

__all__ = ["marking_config", "marking_processor"]

Tensor: TypeAlias = Any


def _module() -> Any:  # noqa: ANN401  the module
    try:
        return importlib.import_module("transformers")
    except ImportError as missing:
        message = "marks in generate need transformers: install the extra models"
        raise EngineUnavailable(message) from missing


def marking_processor(keys: Sequence[MarkKeys], scheme: Scheme, vocabulary_size: int | None = None) -> Any:  # noqa: ANN401
    """A LogitsProcessor for one call of `generate`; the last of its list.

    keys            One for each row of the prompt; rows of `num_return_sequences` share their prompt's.
    vocabulary_size Of the model; None takes what comes.
    Raises          EngineUnavailable without transformers; InvalidInput for keys that the scheme cannot work with.
    """
    marks = _Marks(keys, scheme, vocabulary_size)

    def call(_self: object, input_ids: Tensor, scores: Tensor) -> Tensor:
        return marks(input_ids, scores)

    made = {"__call__": call, "__doc__": "Marks each row with its own keys."}
    return type("StillwatchLogitsProcessor", (_module().LogitsProcessor,), made)()


def marking_config(keys: Sequence[MarkKeys], scheme: Scheme) -> Any:  # noqa: ANN401  a BaseWatermarkingConfig
    """What `generate(..., watermarking_config=...)` takes; each call of `generate` starts afresh.

    What transformers prints or saves of it is the scheme and the number of rows, never a key.

    Raises      As `marking_processor`.
    """
    told = {"scheme": "stillwatch", "rows": len(keys), "account_width": scheme.account_width}
    told |= {"campaign_width": scheme.campaign_width, "gamma": scheme.gamma, "delta": scheme.delta}
    base: Any = importlib.import_module("transformers.generation.configuration_utils") if _module() else None
    shown = importlib.import_module("json").dumps(told, indent=2) + "\n"
    made = {
        "validate": lambda _self: _check(keys, scheme),
        "construct_processor": lambda _self, vocab_size, _device=None: marking_processor(keys, scheme, vocab_size),
        "to_dict": lambda _self: dict(told),
        "to_json_string": lambda _self: shown,
        "__iter__": lambda _self: iter(told.items()),
        "__deepcopy__": lambda self, _memo: self,
        "__doc__": "Keys and scheme of a batch.",
    }
    _check(keys, scheme)
    return type("StillwatchWatermarkingConfig", (base.BaseWatermarkingConfig,), made)()


def _check(keys: Sequence[MarkKeys], scheme: Scheme) -> None:
    if not keys:
        message = "marks need keys for at least one row, got none"
        raise InvalidInput(message)
    for one in keys:
        one.check(scheme)


class _Marks:
    """What one call of `generate` remembers: where its answers begin, and their lanes."""

    def __init__(self, keys: Sequence[MarkKeys], scheme: Scheme, vocabulary_size: int | None) -> None:
        _check(keys, scheme)
        self._keys, self._scheme, self._size = list(keys), scheme, vocabulary_size
        self._lanes: list[Lane] = []
        self._begin = 0
        self._chance = random.Random()  # noqa: S311  ordinary draws are no secret

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        if not self._lanes:
            self._start(input_ids, scores)
        if len(self._lanes) != scores.shape[0]:
            message = f"generate began with {len(self._lanes)} rows and has {scores.shape[0]}: marks work without beams"
            raise InvalidInput(message)
        answers = input_ids[:, self._begin :].tolist()
        plans = [self._plan(lane, answer) for lane, answer in zip(self._lanes, answers, strict=True)]
        changed = raised(scores, plans, self._scheme)
        return forced(changed, drawn(changed, plans))

    def _plan(self, lane: Lane, answer: list[int]) -> Plan:
        """A raised row is drawn here: what `generate` does after the processor is no business of a mark's."""
        plan = lane.plan(answer)
        if plan.raising is not None and plan.drawing is None:
            return replace(plan, drawing=self._chance.getrandbits(64))
        return plan

    def _start(self, input_ids: Tensor, scores: Tensor) -> None:
        rows, size = scores.shape
        if rows % len(self._keys) or (self._size is not None and size != self._size):
            message = (
                f"scores must have a multiple of {len(self._keys)} rows and {self._size or 'any number of'} tokens,"
                f" got {rows} and {size}"
            )
            raise InvalidInput(message)
        share = rows // len(self._keys)
        self._lanes = [Lane(keys, self._scheme) for keys in self._keys for _ in range(share)]
        self._begin = input_ids.shape[1]
        self._chance.seed(int(importlib.import_module("torch").randint(2**62, (1,))))
