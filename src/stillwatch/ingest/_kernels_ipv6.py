"""Loop over the bytes of IPv6 addresses; the twin stands in `stillwatch.ingest.twins`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["plain_ipv6"]

_WORDS = 8
_MAPPED = 0xFFFF


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def plain_ipv6(offsets: NDArray[np.int32], data: NDArray[np.uint8], out: NDArray[np.bool_]) -> None:
    """Mark strings that are IPv6 addresses in their one normal spelling, and hold no IPv4 address.

    Lower case, no leading zeros, and two colons for the first of the longest runs of two zero words or more.

    References  RFC 5952, section 4.
    """
    words = np.zeros(_WORDS, np.int64)
    for row in range(len(offsets) - 1):
        n_words, gap = _read(data[offsets[row] : offsets[row + 1]], words)
        skipped = _WORDS - n_words if gap >= 0 else 0
        if n_words < 0 or n_words + skipped != _WORDS or skipped == 1:
            out[row] = False
            continue
        for i in range(n_words - 1, gap - 1, -1):
            if skipped > 0:
                words[i + skipped] = words[i]
        for i in range(skipped):
            words[gap + i] = 0
        start, longest = _zeros(words)
        is_mapped = words[5] == _MAPPED and start == 0 and longest == 5
        out[row] = (start == gap and longest == skipped if longest > 1 else gap < 0) and not is_mapped


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _read(text: NDArray[np.uint8], words: NDArray[np.int64]) -> tuple[int, int]:
    """Number of words spelt out, -1 when the text is no address, and before which two colons stand, -1 nowhere."""
    n_words, gap, n_digits, value = 0, -1, 0, 0
    for at in range(len(text)):
        c = int(text[at])
        digit = c - 48 if 48 <= c <= 57 else c - 87 if 97 <= c <= 102 else -1
        if digit >= 0:
            if n_words == _WORDS or n_digits == 4 or (n_digits > 0 and value == 0):
                return -1, -1
            n_digits, value = n_digits + 1, 16 * value + digit
        elif c != 58:
            return -1, -1
        elif n_digits > 0:
            words[n_words] = value
            n_words, n_digits, value = n_words + 1, 0, 0
            if at == len(text) - 1:
                return -1, -1
        elif gap < 0 and (at > 0 or (len(text) > 1 and text[1] == 58)):
            if at > 0:
                gap = n_words
        else:
            return -1, -1
    if n_digits > 0:
        words[n_words] = value
        n_words += 1
    return n_words, gap


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _zeros(words: NDArray[np.int64]) -> tuple[int, int]:
    """Start and length of the first of the longest runs of zeros."""
    start, longest, run = 0, 0, 0
    for i in range(_WORDS):
        run = run + 1 if words[i] == 0 else 0
        if run > longest:
            start, longest = i + 1 - run, run
    return start, longest
