"""SEAT on accounts whose near copies are known."""

from itertools import pairwise

import numpy as np
from tests.bench.baselines.texts import TextTraffic, sentences

from stillwatch.bench.baselines.seat import Seat


def test_counts_pairs_and_matched_prompts() -> None:
    """Three copies are three pairs and two prompts that have an earlier twin."""
    traffic = TextTraffic({"a": ["red fox", "blue sea", "red fox", "red fox"], "b": ["x y", "z u"], "c": ["alone"]})
    seat = Seat()
    assert seat.score(traffic, {"cosine": 0.9, "count": 0}).tolist() == [3, 0, -np.inf]
    assert seat.score(traffic, {"cosine": 0.9, "count": 1}).tolist() == [2 / 3, 0, -np.inf]


def test_a_lower_cosine_finds_more() -> None:
    """Every setting counts what stricter ones count, and prompts from one template come first."""
    rng = np.random.default_rng(8)
    prompts = {f"person{i}": sentences(rng, 40, "w") for i in range(5)}
    frame = " ".join(sentences(rng, 3, "t"))
    prompts["template"] = [f"{frame} {fill}" for fill in sentences(rng, 40, "w", 2)]
    traffic, seat = TextTraffic(prompts, trusted=list(prompts)), Seat()
    by_cosine = {s["cosine"]: seat.score(traffic, s) for s in seat.settings() if s["count"] == 0}
    ordered = [by_cosine[c] for c in sorted(by_cosine)]
    assert all((low >= high).all() for low, high in pairwise(ordered))
    assert np.argmax(by_cosine[0.7]) == sorted(prompts).index("template")
    assert len(seat.settings()) == len({tuple(s.items()) for s in seat.settings()})
