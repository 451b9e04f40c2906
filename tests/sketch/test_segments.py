"""Segments, their signatures, fill and topic."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import reduce

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sketch.exchanges import exchanges
from tests.sketch.texts import TEXTS

from stillwatch.model.fingerprint import SEGMENTS
from stillwatch.sketch import PhraseCounts, SignatureBook, hash_strings, segment_spans, segments, twins
from stillwatch.sketch._kernels_segments import find_runs
from stillwatch.sketch.topic import topic_weights

NAMES = ["river", "lamp", "violin", "harbour", "pepper", "glacier", "tunnel", "orchard", "comet", "saddle"]
GRADE = "Read the answer of the student with care and say for each claim whether it follows from what was given: {}"
PLAN = (
    "You are a planner who never leaves out a step and who always writes the list in order {} and then checks it twice."
)
ZH = "请仔细阅读以下学生的回答并逐条判断其论断是否成立：{}。"


def prompts(n: int, seed: int = 0) -> list[str]:
    """Prompts from three templates, some of two of them, and some of none; all different."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        slot = " ".join(rng.choice(NAMES, 6)) + f" {i}"
        made.append([GRADE, PLAN, ZH, "{}", GRADE + " " + PLAN][i % 5].replace("{}", slot))
    return made


def counts_of(texts: list[str]) -> PhraseCounts:
    """Counts of all texts."""
    return PhraseCounts.empty(20_000).add(pa.array(texts, pa.string()), np.ones(len(texts), np.bool_))


@given(st.lists(st.integers(0, 80), max_size=60), st.sampled_from([1, 20, 400]))
def test_runs_agree_with_twin(counts: list[int], scale: int) -> None:
    """Any sequence of counts."""
    raised = [count * scale for count in counts]
    firsts, stops = np.empty(len(counts) + 1, np.int32), np.empty(len(counts) + 1, np.int32)
    n = find_runs(np.array(raised, np.uint32), len(raised), firsts, stops)
    assert list(zip(firsts[:n].tolist(), stops[:n].tolist(), strict=True)) == twins.runs(raised)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([30] * 6, [(0, 9)]),
        ([30] * 5, []),
        ([19] * 9, []),
        ([30, 30, 30, 900, 900, 900, 30, 30], [(0, 11)]),
        ([30, 30, 30, 900, 900, 900, 900, 30, 30], []),
        ([30] * 6 + [14] + [30] * 6, [(0, 9), (7, 16)]),
        ([900] + [30] * 6, [(1, 10)]),
        ([30] * 6 + [900] * 2, [(0, 9)]),
    ],
)
def test_plateaus_and_bridges(counts: list[int], expected: list[tuple[int, int]]) -> None:
    """Start at 20, factor 2, at most 3 higher ones bridged, a lower one ends, 9 tokens at least."""
    assert twins.runs(counts) == expected


def expected_row(text: str, truth: Counter[int], weigh: dict[int, int]) -> list[int]:
    """What the twins make of one prompt: four signatures, fill and topic."""
    words = twins.tokens(text)
    phrases = twins.grams([word for word, _, _ in words])
    pieces = twins.runs([truth[phrase] for phrase in phrases])
    signed = []
    for first, stop in sorted(pieces, key=lambda piece: (piece[0] - piece[1], piece[0]))[:4]:
        signed.append(twins.signature(twins.minhashes(phrases[first : stop - 3])))
    signed = list(dict.fromkeys(signed))
    left = [f for part in twins.outside(words, pieces) for f in twins.features(text.encode(), part)]
    row = [*signed, *[0] * (4 - len(signed)), twins.fill(words, pieces)]
    return [*row, twins.topic((feature, weigh[feature]) for feature in left)]


def test_kernel_agrees_with_twins() -> None:
    """Signatures, fill and topic of 150 prompts in two scripts, from exact counts."""
    texts = prompts(150)
    cut = [twins.tokens(text) for text in texts]
    truth = Counter(phrase for words in cut for phrase in set(twins.grams([word for word, _, _ in words])))
    held = [set(twins.features(text.encode(), words)) for text, words in zip(texts, cut, strict=True)]
    shared = Counter(feature & 0xFFFF for features in held for feature in features)
    scale = topic_weights(len(texts))
    weigh = {f: int(scale[shared[f & 0xFFFF].bit_length() - 1]) for features in held for f in features}
    batch, _ = segments(exchanges(len(texts), prompt_text=texts), counts_of(texts))
    rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    for i in range(0, len(texts), 3):
        assert list(rows[i]) == expected_row(texts[i], truth, weigh)


def test_templates_are_found_and_told_apart() -> None:
    """One signature for each template, two for a prompt of both, none for free text."""
    texts = prompts(400)
    batch, book = segments(exchanges(len(texts), prompt_text=texts), counts_of(texts))
    kinds = [Counter(batch["signature_0"].to_pylist()[i::5]).most_common(1)[0] for i in range(4)]
    assert [share >= 60 for _, share in kinds] == [True] * 4
    assert len({signature for signature, _ in kinds}) == 4
    assert kinds[3][0] == 0
    assert sum(1 for second in batch["signature_1"].to_pylist()[4::5] if second) >= 60
    assert book.signatures.rows.sum() == sum(
        pa.compute.sum(pa.compute.not_equal(c, 0)).as_py() for c in batch.columns[:4]
    )


def test_spans_mark_the_template_and_leave_the_slot() -> None:
    """The bytes of the segments are the fixed parts of the text."""
    texts = prompts(400)
    spans = segment_spans(texts[1], counts_of(texts))
    raw = texts[1].encode()
    fixed = [raw[first:end].decode() for first, end in spans]
    assert fixed[0].startswith("You are a planner")
    assert fixed[0].endswith("list in order")
    assert segment_spans("nothing of the kind", counts_of(texts)) == []


def test_examples_point_at_the_segment() -> None:
    """The example is the smallest exchange with the signature, and its span is the segment's."""
    texts = prompts(100)
    batch = exchanges(100, prompt_text=texts)
    counts = counts_of(texts)
    cut, book = segments(batch, counts)
    ids = hash_strings(batch["exchange_id"])
    table = book.signatures
    for signature, exchange, span in zip(table.signature, table.exchange, table.span, strict=True):
        holders = [i for i in range(100) if int(signature) in {cut[f"signature_{k}"][i].as_py() for k in range(4)}]
        assert exchange == min(ids[i] for i in holders)
        example = holders[int(np.argmin(ids[holders]))]
        assert tuple(span.tolist()) in segment_spans(texts[example], counts)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_batches_order_and_threads_do_not_matter(size: int) -> None:
    """Bit-equal rows and books from batches of any size, in any order, on several threads."""
    texts = prompts(200)
    whole = exchanges(200, prompt_text=texts)
    counts = counts_of(texts)
    expected, book = segments(whole, counts)
    order = np.random.default_rng(1).permutation(range(0, 200, size))
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda at: segments(whole.slice(at, size), counts), order.tolist()))
    for at, (rows, _) in zip(order.tolist(), parts, strict=True):
        assert rows.equals(expected.slice(at, size))
    assert reduce(SignatureBook.merge, (part for _, part in parts), SignatureBook.empty()) == book


@given(st.lists(st.one_of(st.none(), TEXTS), max_size=8))
def test_any_text(texts: list[str | None]) -> None:
    """Arbitrary text gives rows of the schema; what is empty has neither fill nor topic."""
    counts = counts_of([text or "" for text in texts])
    rows, _ = segments(exchanges(len(texts), prompt_text=texts), counts)
    assert rows.schema.equals(SEGMENTS)
    for text, fill, topic in zip(texts, rows["fill"].to_pylist(), rows["topic"].to_pylist(), strict=True):
        assert bool(fill) == bool(twins.tokens(text or ""))
        assert fill or not topic


def test_hostile_sizes() -> None:
    """Empty, tiny and huge prompts side by side."""
    texts = [
        "",
        "a",
        "one two three",
        "word " * 200_000,
        "x" * 1_000_000,
        "\0\0",
        "\0".join("abcdefgh"),
        "字" * 100_000,
    ]
    rows, book = segments(exchanges(len(texts), prompt_text=texts), counts_of(texts))
    assert rows["signature_0"].to_pylist() == [0] * len(texts)
    assert len(book) == 0


def test_fill_tells_numbers_apart() -> None:
    """Numbers are one class in phrases, but two questions with other numbers are two fills."""
    texts = [f"Please work out with care what the sum of {i} and {i * i} is, and then say it aloud." for i in range(40)]
    rows, book = segments(exchanges(40, prompt_text=texts), counts_of(texts))
    assert len(book) == 1
    assert len(set(rows["fill"].to_pylist())) == 40


def test_minhashes_estimate_jaccard() -> None:
    """Over many pairs of sets the share of equal lanes is the share of common members."""
    rng = np.random.default_rng(2)
    for common in (20, 60, 90):
        same = []
        for _ in range(150):
            members = rng.integers(0, 2**63, 200 - common).tolist()
            one, other = twins.minhashes(members[:100]), twins.minhashes(members[100 - common :])
            same.append(np.mean([a == b for a, b in zip(one, other, strict=True)]))
        assert np.mean(same) == pytest.approx(common / (200 - common), abs=0.04)
