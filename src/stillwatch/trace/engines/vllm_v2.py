r"""Marks in vLLM's model runner V2: a logits processor.

::

    STILLWATCH_MARK_SETTINGS=/etc/marks.json \
        vllm serve MODEL --logits-processors stillwatch.trace.engines.vllm_v2:MarkV2

Runner V1 needs `vllm_v1:MarkV1`. Written against vLLM 0.33.0. The new tokens of all tagged requests are read from the
device once a step, a few bytes each; the reading waits for the step before, which is what a mark costs here.
"""

import importlib
import time
from typing import Any, TypeAlias

from stillwatch.errors import InvalidInput
from stillwatch.trace.engines.rows import Row, marked
from stillwatch.trace.engines.settings import EngineSettings
from stillwatch.trace.mark.torch_layers import torch_module

__all__ = ["MarkV2"]

Tensor: TypeAlias = Any


def _base() -> Any:  # noqa: ANN401  vLLM's class, or object where it is not installed
    try:
        return importlib.import_module("vllm.v1.worker.gpu.sample.logits_processor").LogitsProcessor
    except ImportError:
        return object


class MarkV2(_base()):  # type: ignore[misc]
    """Marks the requests whose tag holds; one instance for each worker.

    Raises      InvalidInput or UnreadableSource for settings that cannot work: the engine does not start.
    """

    def __init__(self, vllm_config: Any, req_states: Any) -> None:  # noqa: ANN401  vLLM's
        if getattr(vllm_config, "speculative_config", None) is not None:
            message = "marks work without speculative decoding: start vLLM without a draft model"
            raise InvalidInput(message)
        self._settings = EngineSettings.from_environment()
        self._states = req_states
        self._rows: dict[int, Row] = {}

    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:  # noqa: ANN401  vLLM's SamplingParams
        """Refuse a request at its admission; vLLM answers it with an error.

        Raises      FailedProof for a tag that does not hold, is too old, or is missing.
        """
        EngineSettings.at_admission().tag_of(sampling_params.extra_args, now_s=time.time())

    def is_argmax_invariant(self) -> bool:
        """False: the likeliest token changes."""
        return False

    def add_request(self, req_idx: int, sampling_params: Any) -> bool:  # noqa: ANN401  vLLM's SamplingParams
        """Take a request's slot over, whoever had it before; whether it is marked at all."""
        self._rows.pop(req_idx, None)
        row = Row.admitted(self._settings, sampling_params)
        if row is not None:
            self._rows[req_idx] = row
        return row is not None

    def apply_staged_writes(self) -> None:
        """Nothing is staged."""

    def apply(self, logits: Tensor, ctx: Any) -> Tensor:  # noqa: ANN401  vLLM's LogitsContext
        """Logits with the tagged rows marked, in place; penalties and grammar are in them already.

        Raises      InvalidInput when a request has several rows: speculative decoding came on after all.
        """
        slots = [int(slot) for slot in ctx.idx_mapping_np]
        places = [place for place, slot in enumerate(slots) if slot in self._rows]
        if not places:
            return logits
        if logits.shape[0] != len(slots):
            message = f"marks need one row of logits a request, got {logits.shape[0]} for {len(slots)}"
            raise InvalidInput(message)
        rows = {place: self._rows[slots[place]] for place in places}
        news = self._new_tokens(rows, slots, ctx)
        plans = {place: row.next_plan(news[place]) for place, row in rows.items()}
        return marked(logits, plans, rows, self._settings.scheme)

    def _new_tokens(self, rows: dict[int, Row], slots: list[int], ctx: Any) -> dict[int, list[int]]:  # noqa: ANN401
        """Tokens of each answer that its lane does not know yet, in one reading of the device."""
        ends = {place: int(ctx.seq_lens_upper_bound_np[place]) for place in rows}
        starts = {place: int(self._states.prompt_len.np[slots[place]]) + row.lane.length for place, row in rows.items()}
        cells = [(place, column) for place in rows for column in range(starts[place], ends[place])]
        news: dict[int, list[int]] = {place: [] for place in rows}
        if cells:
            tokens = self._states.all_token_ids.gpu
            where = torch_module().tensor([(slots[place], column) for place, column in cells], device=tokens.device)
            for (place, _), token in zip(cells, tokens[where[:, 0], where[:, 1]].tolist(), strict=True):
                news[place].append(token)
        return news
