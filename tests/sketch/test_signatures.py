"""The book of signatures."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.sketch import SignatureBook, Signatures

ENTRY = st.tuples(
    st.integers(1, 6), st.integers(1, 9), st.integers(0, 4), st.tuples(st.integers(0, 3), st.integers(4, 6))
)
ENTRIES = st.lists(ENTRY, max_size=6, unique_by=lambda entry: entry[0])


def book_of(entries: list[tuple[int, int, int, tuple[int, int]]]) -> SignatureBook:
    """Book of (signature, rows, exchange, span), MinHashes made from the signature."""
    ordered = sorted(entries)
    table = Signatures(
        np.array([entry[0] for entry in ordered], np.uint64),
        np.array([[entry[0]] * 16 for entry in ordered], np.uint32).reshape(-1, 16),
        np.array([entry[1] for entry in ordered], np.int64),
        np.array([entry[2] for entry in ordered], np.uint64),
        np.array([entry[3] for entry in ordered], np.int32).reshape(-1, 2),
    )
    return SignatureBook((table,))


@given(st.lists(ENTRIES, max_size=6), st.randoms(use_true_random=False))
def test_merging_in_any_order_gives_one_book(
    parts: list[list[tuple[int, int, int, tuple[int, int]]]], rng: object
) -> None:
    """Rows add up; the example is the smallest exchange, then the first span."""
    books = [book_of(part) for part in parts]
    merged = reduce(SignatureBook.merge, books, SignatureBook.empty())
    rng.shuffle(books)  # type: ignore[attr-defined]
    assert reduce(SignatureBook.merge, books, SignatureBook.empty()) == merged
    everything = [entry for part in parts for entry in part]
    table = merged.signatures
    assert table.signature.tolist() == sorted({entry[0] for entry in everything})
    for i, signature in enumerate(table.signature.tolist()):
        same = [entry for entry in everything if entry[0] == signature]
        assert table.rows[i] == sum(entry[1] for entry in same)
        assert (table.exchange[i], tuple(table.span[i].tolist())) == min((entry[2], entry[3]) for entry in same)
        assert table.minhashes[i].tolist() == [signature] * 16


@given(ENTRIES)
def test_bytes_and_back(entries: list[tuple[int, int, int, tuple[int, int]]]) -> None:
    """A book survives being written."""
    book = book_of(entries)
    assert SignatureBook.from_bytes(book.to_bytes()) == book
    assert len(SignatureBook.from_bytes(book.to_bytes())) == len(entries)


def test_damaged_bytes_are_refused() -> None:
    """A part of a row is no book."""
    with pytest.raises(InvalidInput, match="multiple of 96 bytes, got 5"):
        SignatureBook.from_bytes(b"12345")
