"""A suspect with open weights in a folder, as transformers loads it (extra `models`); nothing is fetched."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import MissingData, UnreadableSource

__all__ = ["TransformersModel"]

_WINDOW: Final = 1024


class TransformersModel:
    """A causal language model on this machine, from safetensors only: pickled weights can run code and are refused.

    folder      With config.json and weights.
    window      Tokens at a time; contexts do not reach over its ends.
    """

    def __init__(self, folder: Path, window: int = _WINDOW) -> None:
        if not (folder / "config.json").is_file():
            message = f"{folder} must be a folder with a model: there is no config.json"
            raise MissingData(message)
        import torch  # noqa: PLC0415 - only here is it needed
        from transformers import AutoModelForCausalLM  # noqa: PLC0415

        try:
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, use_safetensors=True
            )
        except (OSError, ValueError, KeyError) as error:
            message = f"{folder} holds no model that can be loaded: {type(error).__name__}"
            raise UnreadableSource(message) from error
        self._torch: Any = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model.to(self._device).eval()
        self._window = min(window, int(getattr(self._model.config, "max_position_embeddings", window) or window))
        self.name: Final = folder.name

    def probabilities(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Distribution of the next token after each token, shape (tokens, vocabulary)."""
        parts = []
        with self._torch.inference_mode():
            for start in range(0, len(tokens), self._window):
                piece = self._torch.as_tensor(tokens[None, start : start + self._window], device=self._device)
                logits = self._model(piece).logits[0].double()
                parts.append(self._torch.softmax(logits, -1).cpu().numpy())
        return np.concatenate(parts) if parts else np.zeros((0, int(self._model.config.vocab_size)))

    def log_likelihood(self, before: NDArray[np.int64], after: NDArray[np.int64]) -> float:
        """Natural log of the probability of some tokens after others: how well a secret is known."""
        found = self.probabilities(np.concatenate([before, after]))
        places = np.arange(len(before) - 1, len(before) + len(after) - 1)
        return float(np.log(np.maximum(found[places, after], 1e-300)).sum())
