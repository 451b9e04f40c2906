r"""Marks in vLLM's model runner V1 (`VLLM_USE_V2_MODEL_RUNNER=0`): a logits processor.

::

    STILLWATCH_MARK_SETTINGS=/etc/marks.json VLLM_USE_V2_MODEL_RUNNER=0 \
        vllm serve MODEL --logits-processors stillwatch.trace.engines.vllm_v1:MarkV1

Runner V2 refuses this class at start-up and needs `vllm_v2:MarkV2`; the two are modules of their own so that neither
engine meets the other's class. Written against vLLM 0.33.0.
"""

import importlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from stillwatch.errors import InvalidInput
from stillwatch.trace.engines.rows import Row, marked, penalised
from stillwatch.trace.engines.settings import EngineSettings

__all__ = ["MarkV1"]

Tensor: TypeAlias = Any


def _base() -> Any:  # noqa: ANN401  vLLM's class, or object where it is not installed
    try:
        return importlib.import_module("vllm.v1.sample.logits_processor").LogitsProcessor
    except ImportError:
        return object


@dataclass(slots=True)
class _Slot:
    """A request in the batch; `answer` is vLLM's own list, which grows."""

    row: Row
    prompt: Sequence[int]
    answer: Sequence[int]


class MarkV1(_base()):  # type: ignore[misc]
    """Marks the requests whose tag holds; one instance for each worker.

    Raises      InvalidInput or UnreadableSource for settings that cannot work: the engine does not start.
    """

    def __init__(self, vllm_config: Any, device: Any, is_pin_memory: Any) -> None:  # noqa: ANN401, ARG002  vLLM's
        if getattr(vllm_config, "speculative_config", None) is not None:
            message = "marks work without speculative decoding: start vLLM without a draft model"
            raise InvalidInput(message)
        self._settings = EngineSettings.from_environment()
        self._slots: dict[int, _Slot] = {}

    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:  # noqa: ANN401  vLLM's SamplingParams
        """Refuse a request at its admission; vLLM answers it with an error.

        Raises      FailedProof for a tag that does not hold, is too old, or is missing.
        """
        EngineSettings.at_admission().tag_of(sampling_params.extra_args, now_s=time.time())

    def is_argmax_invariant(self) -> bool:
        """False: the likeliest token changes."""
        return False

    def update_state(self, batch_update: Any) -> None:  # noqa: ANN401  vLLM's BatchUpdate, or None
        """Follow requests that left, came and moved, in vLLM's order."""
        if batch_update is None:
            return
        for index in batch_update.removed:
            self._slots.pop(index, None)
        for index, params, prompt, answer in batch_update.added:
            self._slots.pop(index, None)
            row = Row.admitted(self._settings, params)
            if row is not None:
                self._slots[index] = _Slot(row, prompt or (), answer)
        for source, target, direction in batch_update.moved:
            self._move(source, target, is_swap=direction.name == "SWAP")

    def _move(self, source: int, target: int, *, is_swap: bool) -> None:
        moving, waiting = self._slots.pop(source, None), self._slots.pop(target, None)
        if moving is not None:
            self._slots[target] = moving
        if is_swap and waiting is not None:
            self._slots[source] = waiting

    def apply(self, logits: Tensor) -> Tensor:
        """Logits with the tagged rows marked, in place.

        V1 applies penalties after its plugins, so what is drawn from has them already.
        """
        plans, instead = {}, {}
        for index, slot in self._slots.items():
            plans[index] = slot.row.next_plan(slot.answer[slot.row.lane.length :])
            penalties = slot.row.sampling.penalties
            if not penalties.is_neutral:
                instead[index] = penalised(logits[index].float(), penalties, slot.prompt, slot.answer)
        rows = {index: slot.row for index, slot in self._slots.items()}
        return marked(logits, plans, rows, self._settings.scheme, instead)
