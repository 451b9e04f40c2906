"""Kernels against their twins in plain Python, and both against published values."""

import ipaddress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest import dedupe
from stillwatch.ingest._kernels import add_hashes, hash_strings, plain_ipv4
from stillwatch.ingest._kernels_ipv6 import plain_ipv6
from stillwatch.ingest.dedupe import SeenIds
from stillwatch.ingest.strings import string_parts
from stillwatch.ingest.twins import hash_string, is_plain_ipv4, is_plain_ipv6, new_ones

OCTET = st.one_of(st.integers(0, 300).map(str), st.sampled_from(["", "00", "01", "007", "-1", "256", "1 ", "٣"]))
WORDS = st.lists(st.sampled_from([0, 0, 0, 1, 0xFFFF, 0xDB8]), min_size=8, max_size=8)
PIECE = st.sampled_from([":", "::", "0", "1", "ffff", "FFFF", "01", "12345", "g", "%", "1.2.3.4"])
ADDRESS_6 = st.one_of(
    WORDS.map(lambda words: str(ipaddress.IPv6Address(":".join(f"{word:x}" for word in words)))),
    WORDS.map(lambda words: ":".join(f"{word:x}" for word in words)),
    st.lists(PIECE, max_size=17).map("".join),
)
ADDRESS = st.one_of(st.lists(OCTET, min_size=2, max_size=5).map(".".join), st.text(max_size=12))


def hashes_of(array: pa.Array) -> list[tuple[int, int]]:
    """Kernel hashes of a string column."""
    out = np.empty((len(array), 2), np.uint64)
    hash_strings(*string_parts(array), out)
    return [(int(a), int(b)) for a, b in out]


@given(st.lists(st.binary(max_size=70)))
def test_hashes_are_those_of_the_twin(texts: list[bytes]) -> None:
    """The kernel hashes every string, of any length, as the twin does."""
    array = pa.array(texts, pa.binary()).view(pa.string())
    assert hashes_of(array) == [hash_string(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"", "00000000000000000000000000000000"), (b"hello", "cbd8a7b341bd9b025b1e906a48ae1d19")],
)
def test_hashes_are_murmur3(text: bytes, expected: str) -> None:
    """Published values of MurmurHash3_x64_128, seed 0."""
    a, b = hash_string(text)
    assert f"{a:016x}{b:016x}" == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60))
def test_the_table_is_a_set(rows: list[tuple[int, int]]) -> None:
    """Few different hashes that crowd the first slots of a small table: found and new ones as in a Python set."""
    table = np.zeros((17, 2), np.uint64)
    is_new = np.empty(len(rows), np.bool_)
    # The hash (0, 0) stands for a free slot and is kept as (0, 1).
    as_kept = [(a, b or int(a == 0)) for a, b in rows]
    hashes = np.array(rows, np.uint64).reshape(-1, 2)
    assert add_hashes(table, hashes, is_new) == len(set(as_kept))
    assert is_new.tolist() == new_ones(set(), as_kept)


@given(st.lists(st.lists(st.integers(0, 400), max_size=50), max_size=20))
def test_ids_are_seen_across_batches_while_the_table_grows(batches: list[list[int]]) -> None:
    """Which ids are new does not depend on how they come in batches, nor on the size of the table."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dedupe, "FIRST_SLOTS", 4)
        seen = SeenIds()
    known: set[int] = set()
    for batch in batches:
        marks = seen.add(pa.array([f"ex-{i}" for i in batch], pa.string()))
        assert marks.tolist() == [i not in known and i not in batch[:at] for at, i in enumerate(batch)]
        known |= set(batch)
    assert len(seen) == len(known)


def test_memory_of_an_id_is_bounded() -> None:
    """At most 28 bytes an id, once there are more than the first table holds."""
    seen = SeenIds()
    for start in range(0, 1_000_000, 50_000):
        ids = pa.array(np.arange(start, start + 50_000)).cast(pa.string())
        assert seen.add(ids).all()
        assert len(seen) < dedupe.FIRST_SLOTS or seen.size_bytes <= 28.5 * len(seen)
    assert not seen.add(pa.array(["0", "999999"])).any()


@given(st.lists(ADDRESS))
def test_plain_addresses_are_those_of_the_twin(texts: list[str]) -> None:
    """The kernel, its twin and the standard library agree on what is an IPv4 address."""
    out = np.empty(len(texts), np.bool_)
    plain_ipv4(*string_parts(pa.array(texts, pa.string())), out)
    assert out.tolist() == [is_plain_ipv4(text) for text in texts]
    for text, is_plain in zip(texts, out, strict=True):
        if is_plain:
            assert str(ipaddress.IPv4Address(text)) == text


@given(st.lists(ADDRESS_6))
def test_plain_ipv6_addresses_are_those_of_the_twin(texts: list[str]) -> None:
    """The kernel finds what the standard library spells the same, zeros and colons at either end or in between."""
    out = np.empty(len(texts), np.bool_)
    plain_ipv6(*string_parts(pa.array(texts, pa.string())), out)
    assert out.tolist() == [is_plain_ipv6(text) for text in texts]


def test_slices_are_read_where_they_are() -> None:
    """A slice of a column has its own rows, not those of the whole."""
    whole = pa.array(["a", "bb", "", "dddd"])
    assert hashes_of(whole.slice(1, 2)) == [hash_string(b"bb"), hash_string(b"")]
    assert hashes_of(whole.slice(4)) == []
