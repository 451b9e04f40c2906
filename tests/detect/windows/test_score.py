"""The test on texts: finds what is mixed in, stays calm otherwise, and refuses what it cannot judge."""

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import kstest

from stillwatch.detect.windows import score_windows
from stillwatch.detect.windows.asked import PARTS
from stillwatch.detect.windows.score import MOST_TEXTS, chosen, pooled
from stillwatch.errors import InvalidInput

NOUNS = [
    "card",
    "parcel",
    "invoice",
    "train",
    "hotel",
    "flight",
    "loan",
    "refund",
    "garden",
    "engine",
    "recipe",
    "lesson",
    "ticket",
    "camera",
]
VERBS = [
    "find",
    "cancel",
    "move",
    "pay",
    "track",
    "change",
    "check",
    "replace",
    "order",
    "return",
    "book",
    "open",
    "close",
    "print",
]


def chatter(n: int, seed: int) -> list[str]:
    """Queries of ordinary people."""
    rng = np.random.default_rng(seed)
    ends = ("", " please", " today", "?", " before Friday", ", thanks")
    return [
        f"how do I {rng.choice(VERBS)} my {rng.choice(NOUNS)} and {rng.choice(VERBS)} the {rng.choice(NOUNS)}"
        f"{rng.choice(ends)}"
        for _ in range(n)
    ]


def harvest(n: int, seed: int) -> list[str]:
    """Queries of a campaign on the very same subjects."""
    rng = np.random.default_rng(seed)
    return [f"Explain why one would {rng.choice(VERBS)} a {rng.choice(NOUNS)} and grade it." for _ in range(n)]


def test_a_small_campaign_is_found() -> None:
    """Five in a hundred queries of a campaign give the smallest p-value there is, and its words."""
    score = score_windows(chatter(400, 1), chatter(380, 2) + harvest(20, 3), permutations=999)
    assert score.p_value == pytest.approx(0.001)
    assert {part.name for part in score.parts} == set(PARTS)
    # One piece may stand for the campaign: the others would repeat it.
    assert score.excess[0].n_suspect == 20
    assert score.excess[0].n_benign == 0
    assert score.share.low <= 0.05 <= score.share.high


def test_p_values_are_uniform_without_a_campaign() -> None:
    """Windows of the benign source itself have uniform p-values (Kolmogorov-Smirnov)."""
    p_values = [
        score_windows(chatter(60, 2 * i), chatter(40, 2 * i + 1), permutations=99, seed=i).p_value for i in range(60)
    ]
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_the_result_follows_from_its_seed() -> None:
    """Two runs with one seed agree in everything; another seed deals otherwise."""
    one, same, other = (score_windows(chatter(60, 1), chatter(60, 2), permutations=199, seed=s) for s in (7, 7, 8))
    assert one == same
    assert one.parts != other.parts


def test_the_share_grows_with_the_campaign() -> None:
    """The estimated share is near the true one when a campaign is told apart well."""
    for share in (0.25, 0.5, 1.0):
        n = round(400 * share)
        found = score_windows(chatter(400, 1), chatter(400 - n, 2) + harvest(n, 3), permutations=99).share
        assert found.low <= share <= found.high
        assert found.estimate == pytest.approx(share, abs=0.12)


def test_one_text_over_and_over_is_no_difference() -> None:
    """Texts that are all the same cannot be told apart: no alarm, though nothing has a spread."""
    same = ["where is my card"] * 50
    assert score_windows(same, same[:30], permutations=999).p_value > 0.01


@pytest.mark.parametrize(
    "texts",
    [["?"] * 30, [""] * 30, ["你好，请帮我查一下账单" + c for c in "一二三四五六七八九十" * 3], ["x" * 100_000] * 20],
    ids=["marks", "empty", "Chinese", "long"],
)
def test_odd_texts_are_judged(texts: list[str]) -> None:
    """Texts of no words, of another script, or very long ones are no error and no campaign."""
    assert score_windows(texts, texts, permutations=999).p_value > 0.01


@pytest.mark.parametrize(
    ("n_benign", "n_suspect", "permutations", "told"),
    [
        (19, 50, 99, "benign texts must be at least 20, got 19"),
        (50, 0, 99, "suspect texts must be at least 20, got 0"),
        (50, 50, 98, "permutations must be 99 to 99,999, got 98"),
    ],
)
def test_what_cannot_be_judged_is_refused(n_benign: int, n_suspect: int, permutations: int, told: str) -> None:
    """Too few texts or permutations are named with what is allowed."""
    with pytest.raises(InvalidInput, match=told):
        score_windows(chatter(n_benign, 1), chatter(n_suspect, 2), permutations=permutations)


def test_prompts_stay_out_of_what_is_printed() -> None:
    """The value does not show text of prompts when it is printed or logged."""
    score = score_windows(chatter(60, 1), harvest(60, 2), permutations=99)
    assert score.excess
    assert not any(len(e.text) > 3 and e.text in repr(score) for e in score.excess)


def test_excess_holds_at_most_four_words() -> None:
    """What is named is a piece, never a whole prompt."""
    assert all(len(e.text.split()) <= 4 for e in score_windows(chatter(80, 1), harvest(80, 2), permutations=99).excess)


def test_sides_are_dealt_at_random() -> None:
    """Pooling keeps every text on its side and tells nothing by its place."""
    texts, is_suspect = pooled(["s"] * 30, ["b"] * 70, np.random.default_rng(0))
    assert [text == "s" for text in texts] == is_suspect.tolist()
    assert 0 < is_suspect[:30].sum() < 30


def test_a_large_side_is_thinned() -> None:
    """Of more texts than are used a random choice in their order is taken."""
    some = chosen([str(i) for i in range(MOST_TEXTS + 100)], np.random.default_rng(0))
    assert len(some) == MOST_TEXTS
    assert sorted(some, key=int) == some
    assert len(set(some)) == MOST_TEXTS


def test_real_harvest_prompts_are_found_among_real_benign_ones() -> None:
    """75 of 1,500 real prompts (5 %) are found at the level of 0.3 %, and none where there are none."""
    folder = os.environ.get("STILLWATCH_CORPORA")
    if not folder:
        pytest.skip("STILLWATCH_CORPORA is not set")
    table = pq.read_table(Path(folder) / "prompts.parquet", columns=["corpus", "text"]).to_pylist()
    benign = [row["text"] for row in table if row["corpus"] == "banking77"][::4]
    attack = [row["text"] for row in table if row["corpus"] == "flan_cot_strategyqa"][:75]
    order = np.random.default_rng(1).permutation(len(benign))
    usual = [benign[i] for i in order]
    assert score_windows(usual[:1500], usual[1500:2925] + attack, permutations=999).p_value <= 0.003
    assert score_windows(usual[:1500], usual[1500:3000], permutations=999).p_value > 0.003
