"""Template spread: planted templates, and clusters held against plain average linkage."""

import numpy as np
import pyarrow as pa
import pytest
from tests.bench.baselines.toy import ToyTraffic, by_account, sent

from stillwatch.bench.baselines.template_spread import TemplateSpread, templates_of

WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "islet", "jetty", "knoll", "larch"]
SETTING = {"n_tokens": 16, "similarity": 0.6, "min_prompts": 5, "min_uses": 2}


def harvest(seed: int) -> str:
    """A prompt of one template with two slots inside the opening."""
    rng = np.random.default_rng(seed)
    one, two = rng.choice(WORDS, 2)
    return f"Act as a strict grader of the following {one} answer and give the {two} mark with all its reasons"


def chat(seed: int) -> str:
    """A prompt of nobody else."""
    rng = np.random.default_rng(1000 + seed)
    return " ".join(f"{a}{b}" for a, b in zip(rng.choice(WORDS, 12), rng.choice(WORDS, 12), strict=True))


def test_a_planted_template_wins() -> None:
    """Six accounts share a template with changing fills; ten people share nothing."""
    rows = [sent(f"bad-{i % 6}", i, prompt_text=harvest(i)) for i in range(60)]
    rows += [sent(f"person-{i % 10}", 100 + i, prompt_text=chat(i)) for i in range(60)]
    found = by_account(traffic := ToyTraffic(rows), TemplateSpread().score(traffic, SETTING))
    assert all(6 <= found[f"bad-{i}"] < 7 for i in range(6))
    assert all(found[f"person-{i}"] < 2 for i in range(10))


def test_one_viral_text_is_no_template() -> None:
    """A text that everybody copies has one prompt, fewer than a template needs."""
    rows = [sent(f"fan-{i % 8}", i, prompt_text="Draw me as a figure of clay, please, with a hat") for i in range(40)]
    assert TemplateSpread().score(ToyTraffic(rows), SETTING).tolist() == [0.0] * 8


def slow_clusters(texts: list[str], similarity: float) -> list[int]:
    """Average linkage of one group of texts by Jaccard index of their sets of words, step by step."""
    sets = [set(text.split()) for text in texts]
    clusters = [[i] for i in range(len(texts))]

    def mean(a: list[int], b: list[int]) -> float:
        return float(np.mean([len(sets[i] & sets[j]) / len(sets[i] | sets[j]) for i in a for j in b]))

    while len(clusters) > 1:
        best = max(((mean(a, b), i, j) for i, a in enumerate(clusters) for j, b in enumerate(clusters) if i < j))
        if best[0] < similarity:
            break
        clusters[best[1]] += clusters.pop(best[2])
    return [next(n for n, cluster in enumerate(clusters) if i in cluster) for i in range(len(texts))]


def texts_without_ties(seed: int) -> list[str]:
    """Random texts with one beginning; no two pairs are equally similar, or the order of joining would be free."""
    rng = np.random.default_rng(seed)
    words = [f"{a}{b}" for a in WORDS for b in WORDS[:4]]
    while True:
        texts = [" ".join(["one two three", *rng.choice(words, rng.integers(15, 28), False)]) for _ in range(9)]
        sets = [set(text.split()) for text in texts]
        index = [len(a & b) / len(a | b) for i, a in enumerate(sets) for b in sets[:i]]
        if len(set(index)) == len(index):
            return texts


@pytest.mark.parametrize("seed", range(8))
def test_clusters_are_those_of_average_linkage(seed: int) -> None:
    """The same texts are together as in a plain agglomeration, cut at a similarity that leaves some apart."""
    texts = texts_without_ties(seed)
    ours, slow = templates_of(pa.array(texts), 32, 0.36), np.array(slow_clusters(texts, 0.36))
    assert ((ours[:, None] == ours) == (slow[:, None] == slow)).all()
    assert 1 < len(set(ours.tolist())) < len(texts)


def test_a_large_group_joins_what_was_clustered() -> None:
    """More messages than are clustered: the rest join their nearest, the unlike ones stay alone."""
    rng = np.random.default_rng(5)
    fills = ["".join(rng.choice(list("abcdefghij"), 7)) for _ in range(600)]
    alike = [f"grade this answer with care and say why it is right or wrong now {fill}" for fill in fills]
    unlike = [f"grade this answer {' '.join(rng.choice(WORDS, 9, replace=False))} {fill}" for fill in fills[:3]]
    template = templates_of(pa.array([*alike, *unlike]), 16, 0.7)
    assert len(set(template[:600].tolist())) == 1
    assert template[0] not in template[600:]
