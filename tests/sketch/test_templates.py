"""Leader clustering of signatures."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.sketch.exchanges import exchanges

from stillwatch.errors import InvalidInput
from stillwatch.sketch import PhraseCounts, SignatureBook, Signatures, cluster, segments, twins
from stillwatch.sketch.templates import _leaders as leaders

LANES = st.lists(st.lists(st.integers(0, 2), min_size=16, max_size=16), max_size=25)


def book_of(minhashes: NDArray[np.uint32], rows: list[int]) -> SignatureBook:
    """Book of signatures 1, 2, 3, ..."""
    n = len(rows)
    signature = np.arange(1, n + 1, dtype=np.uint64)
    table = Signatures(signature, minhashes, np.array(rows, np.int64), signature, np.zeros((n, 2), np.int32))
    return SignatureBook((table,))


@given(LANES, st.integers(1, 16), st.data())
def test_kernel_agrees_with_twin(lanes: list[list[int]], needed: int, data: st.DataObject) -> None:
    """Any signatures in any order, at any threshold."""
    order = data.draw(st.permutations(range(len(lanes))))
    found = leaders(np.array(lanes, np.uint32).reshape(-1, 16), np.array(order, np.int64), needed)
    assert found.tolist() == twins.leaders(lanes, order, needed)


def test_edges_of_one_template_come_together() -> None:
    """Ten equal MinHashes of 16 are enough, nine are not; the most frequent signature names the template."""
    base = np.arange(16, dtype=np.uint32)
    ten, nine = base.copy(), base.copy()
    ten[10:], nine[9:] = 100, 200
    templates = cluster(book_of(np.stack([ten, base, nine]), [5, 50, 6]))
    assert templates.lookup(np.array([1, 2, 3], np.uint64)).tolist() == [2, 2, 3]


def test_a_chain_does_not_join_its_ends() -> None:
    """Followers gather nobody: a and c stay apart though both are near b, which is rarer."""
    a, c = np.arange(16, dtype=np.uint32), np.arange(100, 116, dtype=np.uint32)
    b = np.where(np.arange(16) < 11, a, c)
    far = np.where(np.arange(16) < 5, a, c)
    templates = cluster(book_of(np.stack([a, b, far, c]), [90, 10, 5, 80]))
    assert templates.template.tolist() == [1, 1, 4, 4]


def test_popular_sentence_does_not_join_templates() -> None:
    """Two templates that end on the same sentence are two, and so is the sentence."""
    rng = np.random.default_rng(3)
    words = np.array([f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(400)])
    popular = "please think about it with care and then write the answer in one short line"
    heads = [
        "compare the two drafts below line by line and name every claim that only one of them makes",
        "act as the editor of a small town paper and turn these notes into a story for the front page",
    ]
    texts = [f"{heads[i % 3] if i % 3 < 2 else ''} {' '.join(rng.choice(words, 12))} {popular}" for i in range(600)]
    counts = PhraseCounts.empty(600).add(pa.array(texts), np.ones(600, np.bool_))
    rows, book = segments(exchanges(600, prompt_text=texts), counts)
    templates = cluster(book)
    found = templates.lookup(np.array([rows[f"signature_{k}"].to_numpy() for k in range(4)]).T.copy())
    kinds = [set(found[i::3].ravel().tolist()) - {0} for i in range(3)]
    assert len(kinds[0] & kinds[1] & kinds[2]) == 1
    assert kinds[0] - kinds[2]
    assert not (kinds[0] - kinds[2]) & (kinds[1] - kinds[2])


def test_order_of_books_does_not_matter() -> None:
    """Equal counts fall back on the signature, so any order of merging gives the same templates."""
    rng = np.random.default_rng(4)
    minhashes = rng.integers(0, 4, (300, 16)).astype(np.uint32)
    whole = book_of(minhashes, [1] * 300)
    table = whole.signatures
    halves = [SignatureBook((Signatures(*(column[i::2] for column in table)),)) for i in (0, 1)]  # type: ignore[arg-type]
    expected = cluster(whole)
    for merged in (halves[0].merge(halves[1]), halves[1].merge(halves[0])):
        found = cluster(merged)
        assert np.array_equal(found.signature, expected.signature)
        assert np.array_equal(found.template, expected.template)


def test_many_signatures() -> None:
    """100,000 distinct ones are their own leaders; unknown ones have no template."""
    minhashes = np.random.default_rng(5).integers(0, 2**32, (100_000, 16), np.uint32)
    templates = cluster(book_of(minhashes, [1] * 100_000))
    assert np.array_equal(templates.template, templates.signature)
    assert templates.lookup(np.array([0, 200_000], np.uint64)).tolist() == [0, 0]
    assert cluster(SignatureBook.empty()).lookup(np.array([3], np.uint64)).tolist() == [0]


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1, float("nan")])
def test_threshold_out_of_range(threshold: float) -> None:
    """A similarity lies between 0 and 1."""
    with pytest.raises(InvalidInput, match="threshold must be in"):
        cluster(SignatureBook.empty(), threshold)
