"""Rules in shadow: the kernel against its twin, what matches, and answers that tell nothing but buckets."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.exchange import EXCHANGE
from stillwatch.share.guard.check import check
from stillwatch.share.rules.rule import HarvestRule, rule_hash
from stillwatch.share.rules.shadow import holds, matching, run_in_shadow, shadow_document
from stillwatch.share.rules.terms import ANSWERS, FEWEST, answer_bucket

START = datetime(2026, 11, 20, tzinfo=UTC)
RULE = HarvestRule(
    rule_id="6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89",
    author="member 7f3a",
    created=START,
    valid_until=datetime(2026, 12, 20, tzinfo=UTC),
    segments=("rate each answer from # to #",),
    elicitation=(),
    request={},
    exchanges=10,
    share=0.5,
)
HIT, MISS = "Please rate each answer from 1 to 10.", "What is the capital of France?"


def batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Exchanges of which only what is given is known."""
    told = [{"exchange_id": str(i), "time": START, "account_id": "a", **row} for i, row in enumerate(rows)]
    return pa.RecordBatch.from_pylist(told, EXCHANGE)


def traffic(accounts: dict[str, tuple[int, int]]) -> pa.RecordBatch:
    """So many prompts that match, and so many that do not, of every account."""
    return batch(
        [
            {"account_id": account, "prompt_text": text}
            for account, (hits, misses) in accounts.items()
            for text in [HIT] * hits + [MISS] * misses
        ]
    )


WORD = st.sampled_from(["ab", "cd", "ef"])


@settings(max_examples=200, deadline=None)
@given(
    texts=st.lists(st.lists(WORD | st.sampled_from(["7", "Ab,", "12."]), max_size=12).map(" ".join), max_size=4),
    wordings=st.lists(
        st.lists(WORD | st.sampled_from(["#", "*"]), min_size=1, max_size=6).map(" ".join), min_size=1, max_size=3
    ),
)
def test_the_kernel_matches_as_its_twin_does(texts: list[str], wordings: list[str]) -> None:
    """Any of the wordings in any of the texts, wildcards and numbers included."""
    found = matching(replace(RULE, segments=tuple(wordings)), batch([{"prompt_text": text} for text in texts]))
    assert found.tolist() == [any(holds(text, wording) for wording in wordings) for text in texts]


@settings(max_examples=200, deadline=None)
@given(words=st.lists(WORD, max_size=9), wording=st.lists(WORD | st.just("*"), min_size=1, max_size=5))
def test_the_leftmost_match_is_enough(words: list[str], wording: list[str]) -> None:
    """The twin against trying every way to fill the wildcards."""

    def tried(rest: list[str], left: list[str], *, free: bool) -> bool:
        if not left:
            return True
        if left[0] == "*":
            return tried(rest, left[1:], free=True)
        starts = range(len(rest)) if free else range(min(len(rest), 1))
        return any(rest[i] == left[0] and tried(rest[i + 1 :], left[1:], free=False) for i in starts)

    assert holds(" ".join(words), " ".join(wording)) == tried(words, wording, free=True)


def test_matching_is_by_tokens() -> None:
    """Case, accents, punctuation and the numbers themselves make no difference; parts of words do."""
    texts = ["RATE each—answer: from 3 to 5!", "Ráte each answer from 1 to 100", "berate each answer from 1 to 5", None]
    found = matching(RULE, batch([{"prompt_text": text} for text in texts]))
    assert found.tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("request_", "row", "matches"),
    [
        ({"temperature": "0"}, {"temperature": 0.0}, True),
        ({"temperature": "0"}, {"temperature": 0.2}, False),
        ({"temperature": "0"}, {}, False),
        ({"top_p": "1"}, {"top_p": 1.0}, True),
        ({"max_tokens": "0-256"}, {"max_tokens": 257}, False),
        ({"logprobs": True}, {"wants_logprobs": True}, True),
        ({"logprobs": False}, {"wants_logprobs": None}, False),
        ({"logprobs": True, "temperature": "1"}, {"wants_logprobs": True, "temperature": 0.9}, False),
    ],
)
def test_parameters_match_by_bucket(request_: dict[str, str | bool], row: dict[str, Any], *, matches: bool) -> None:
    """All of them; what is not known does not match."""
    assert matching(replace(RULE, segments=(), request=request_), batch([row])).tolist() == [matches]


def test_all_classes_must_be_asked_for() -> None:
    """Elicitation as the sketch marks it."""
    rule = replace(RULE, segments=(), elicitation=("reasoning", "grading"))
    texts = ["Let's think step by step.", "Let's think step by step, then score the response.", MISS]
    found = matching(rule, batch([{"prompt_text": text} for text in texts]))
    assert found.tolist() == [False, True, False]
    alone = matching(replace(rule, elicitation=("reasoning",)), batch([{"prompt_text": text} for text in texts]))
    assert alone.tolist() == [True, True, False]


def test_precision_and_recall_are_of_accounts_in_buckets() -> None:
    """30 harvest, 24 of them are flagged; 3 others are flagged too: 24 of 27 and 24 of 30."""
    accounts = {f"h{i}": (12, 3) if i < 24 else (9, 0) for i in range(30)}
    accounts |= {f"b{i}": (12, 12) if i < 3 else (10, 30) for i in range(40)} | {"unlabelled": (50, 0)}
    labels = {name: name.startswith("h") for name in accounts if name != "unlabelled"}
    answer = run_in_shadow(RULE, [traffic(accounts)], labels)
    assert (answer.precision, answer.recall) == ("most", "most")
    assert answer.rule == rule_hash(RULE)


def test_batches_can_be_cut_anywhere() -> None:
    """An account's exchanges are added up over batches."""
    accounts = {f"h{i}": (10, 0) for i in range(25)}
    whole = traffic(accounts)
    labels = dict.fromkeys(accounts, True)
    pieces = [whole.slice(start, 7) for start in range(0, len(whole), 7)]
    assert run_in_shadow(RULE, pieces, labels) == run_in_shadow(RULE, [whole], labels)
    assert run_in_shadow(RULE, pieces, labels).recall == "nearly-all"


def test_of_few_accounts_nothing_is_told() -> None:
    """One account under the least number: a rule cannot be used to ask for somebody."""
    accounts = {f"h{i}": (12, 0) for i in range(FEWEST - 1)}
    answer = run_in_shadow(RULE, [traffic(accounts)], dict.fromkeys(accounts, True))
    assert (answer.precision, answer.recall) == ("too-few", "too-few")
    assert run_in_shadow(RULE, [], {}).recall == "too-few"


@given(hits=st.integers(0, 500), of=st.integers(0, 500))
def test_buckets_are_those_of_the_table(hits: int, of: int) -> None:
    """Never anything else, and none for a share that is lower while the bucket is higher."""
    hits = min(hits, of)
    bucket = answer_bucket(hits, of)
    assert bucket in ANSWERS
    assert (bucket == "too-few") == (of < FEWEST)
    assert ANSWERS.index(answer_bucket(max(hits - 1, 0), of)) <= ANSWERS.index(bucket)


def test_the_answer_may_cross() -> None:
    """As a message that the guard admits, with nothing but the hash and two buckets."""
    accounts = {f"h{i}": (12, 0) for i in range(25)}
    answer = run_in_shadow(RULE, [traffic(accounts)], dict.fromkeys(accounts, True))
    document = shadow_document(answer, "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", START)
    assert check(document) == []
    assert document.keys() == {"type", "schema", "id", "created", "rule", "precision", "recall"}
