"""The compiler's own pieces of the kernels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.sketch import _kernels_bits as bits
from stillwatch.sketch import _kernels_counts, twins

WORDS = st.integers(0, 2**64 - 1)


@bits.kernel
def block(data: NDArray[np.uint8]) -> tuple[int, int, int]:
    """Masks of the first 64 bytes."""
    found: tuple[int, int, int] = bits.block_masks(np.int64(data.ctypes.data))
    return found


@bits.kernel
def scalars(a: np.uint64, b: np.uint64) -> tuple[int, int, int]:
    """Fold, lowest and highest bit."""
    return bits.multiply_fold(a, b), bits.count_trailing_zeros(a), bits.highest_bit(a)


@bits.kernel
def signed(hashes: NDArray[np.uint64], weights: NDArray[np.int32], sums: NDArray[np.int32]) -> None:
    """Signed sums of all hashes."""
    addresses = np.int64(hashes.ctypes.data), np.int64(weights.ctypes.data)
    bits.sign_sums(addresses[0], addresses[1], np.int64(len(hashes)), np.int64(sums.ctypes.data))


@given(st.binary(min_size=64, max_size=64))
def test_masks_are_those_of_the_bytes(raw: bytes) -> None:
    """Bit i tells what byte i is."""
    letters, digits, wide = block(np.frombuffer(raw, np.uint8))
    assert letters == sum(1 << i for i, byte in enumerate(raw) if chr(byte).isascii() and chr(byte).isalpha())
    assert digits == sum(1 << i for i, byte in enumerate(raw) if chr(byte) in "0123456789")
    assert wide == sum(1 << i for i, byte in enumerate(raw) if byte >= 0x80)


@given(WORDS, WORDS)
def test_scalars_are_those_of_python(a: int, b: int) -> None:
    """A product of 128 bits, and the ends of a word, zero included."""
    fold, lowest, highest = scalars(np.uint64(a), np.uint64(b))
    assert fold == twins.multiply_fold(a, b)
    assert lowest == ((a & -a).bit_length() - 1 if a else 64)
    assert highest == a.bit_length() - 1


@given(st.lists(st.tuples(WORDS, st.integers(0, 9)), max_size=20))
def test_sums_have_the_signs_of_the_bits(weighted: list[tuple[int, int]]) -> None:
    """Lane i adds the weight where bit i is set and takes it away elsewhere."""
    sums = np.zeros(64, np.int32)
    signed(np.array([w for w, _ in weighted], np.uint64), np.array([w for _, w in weighted], np.int32), sums)
    assert sums.tolist() == [sum(w if h >> i & 1 else -w for h, w in weighted) for i in range(64)]


def test_machine_code_is_dropped_when_any_source_changes() -> None:
    """Code on disk carries a digest of the whole room, not only the date of the kernel's own file."""
    cache = _kernels_counts.add_rows._cache  # type: ignore[attr-defined]
    assert cache._cache_file._source_stamp[1] == bits._SOURCES
