"""What baselines read of traffic: the kernel against its twin, columns against the detector's."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.baselines.toy import ToyTraffic, sent

from stillwatch.bench.baselines._columns import codes, distinct_pairs, fingerprint_columns, opening_tokens, openings
from stillwatch.bench.baselines._twins import leading_tokens
from stillwatch.sketch import hash_strings

texts = st.lists(st.text(alphabet="ab Zé中7 9-", max_size=20), min_size=1, max_size=6)


@given(texts, st.integers(1, 8))
def test_leading_tokens_agree_with_their_twin(rows: list[str], n_tokens: int) -> None:
    """First tokens of random texts in several scripts, with numbers alike."""
    found = opening_tokens(pa.array(rows), n_tokens)
    assert found.tolist() == [leading_tokens(row, n_tokens) for row in rows]


def test_openings_look_at_the_start_only() -> None:
    """Equal starts have one hash, numbers, case and accents do not matter; no tokens is 0."""
    found = openings(pa.array(["Grade answer 12: Émile", "grade ANSWER 7 – emile said", "grade it", "...", None]), 4)
    assert found[0] == found[1] != found[2]
    assert found[3:].tolist() == [0, 0]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_codes(values: list[int]) -> None:
    """Codes are ranks of the distinct values, 0 being none of them."""
    distinct = sorted(set(values) - {0})
    expected = [distinct.index(v) if v else -1 for v in values]
    assert codes(np.array(values, np.uint64)).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_distinct_pairs(pairs: list[tuple[int, int]]) -> None:
    """Every pair once, in order, with its count."""
    first, second = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    found = list(zip(*(part.tolist() for part in distinct_pairs(first, second)), strict=True))
    assert found == [(a, b, pairs.count((a, b))) for a, b in sorted(set(pairs))]


def test_marks_of_prompt_and_system_text_are_put_together() -> None:
    """An exchange has the marks of both texts, and the columns are those that detection sees."""
    rows = [
        sent("a", 0, prompt_text="Show your reasoning.", system_text="You are kind.", client_address="203.0.113.7"),
        sent("a", 1, prompt_text="Hello", system_text="Let's think step by step.", client_address="203.0.113.8"),
        sent("b", 2, prompt_text="Hello"),
    ]
    columns = fingerprint_columns(ToyTraffic(rows), ["elicitation", "prefix", "content"])
    assert (columns["elicitation"] != 0).tolist() == [True, True, False]
    assert columns["prefix"][0] == columns["prefix"][1] != columns["prefix"][2] == 0
    assert columns["content"].tolist() == hash_strings(pa.array([row["prompt_text"] for row in rows])).tolist()
    assert columns["account"].tolist() == [0, 0, 1]
