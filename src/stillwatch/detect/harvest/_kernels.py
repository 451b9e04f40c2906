"""Hot loops of the structure tests; `_twins.py` has the readable versions."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["bins_of_time", "bit_moments", "capped", "hour_moments", "neighbours", "session_gaps"]

_DAY_US = 86_400_000_000
_MAX_PAIRS = 16_384
"""Pairs read for the variance of a similarity: its square root is then known to 1 % or so."""

_EXACT_WINDOW = 512
"""Windows of up to this many exchanges are counted exactly, larger ones in steps of 1/64 of their size."""

_WORD = 64
_SAME = 48.0
"""Sketches that agree so far, in 56 of 64 bits, are one question worded again."""


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def _mix(x: np.uint64) -> np.uint64:
    """Finaliser of splitmix64: every bit of `x` reaches every bit of the result."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def capped(
    group: NDArray[np.int32], n_groups: int, time_us: NDArray[np.int64], content: NDArray[np.uint64], most: int
) -> NDArray[np.bool_]:
    """Rows to keep so that no group has more than `most`: those whose hash of time and content is smallest."""
    n = group.shape[0]
    keep = np.ones(n, np.bool_)
    counts = np.zeros(n_groups + 1, np.int64)
    for i in range(n):
        counts[group[i] + 1] += 1
    if n == 0 or counts.max() <= most:
        return keep
    start = np.zeros(n_groups + 1, np.int64)
    for g in range(n_groups):
        start[g + 1] = start[g] + min(counts[g + 1], most)
    heap = np.empty(start[n_groups], np.uint64)
    used = np.zeros(n_groups, np.int64)
    key = np.empty(n, np.uint64)
    for i in range(n):
        key[i] = _mix(content[i] ^ _mix(np.uint64(time_us[i]) + np.uint64(0x9E3779B97F4A7C15)))
        g = group[i]
        if counts[g + 1] <= most:
            continue
        low = start[g]
        if used[g] < most:
            at = used[g]
            used[g] += 1
            heap[low + at] = key[i]
            while at > 0 and heap[low + (at - 1) // 2] < heap[low + at]:
                parent = (at - 1) // 2
                heap[low + parent], heap[low + at] = heap[low + at], heap[low + parent]
                at = parent
        elif key[i] < heap[low]:
            heap[low] = key[i]
            at = 0
            while 2 * at + 1 < most:
                child = 2 * at + 1
                if child + 1 < most and heap[low + child + 1] > heap[low + child]:
                    child += 1
                if heap[low + child] <= heap[low + at]:
                    break
                heap[low + child], heap[low + at] = heap[low + at], heap[low + child]
                at = child
    # Equal keys at the border: the earlier rows stay.
    ties = np.zeros(n_groups, np.int64)
    for g in range(n_groups):
        if counts[g + 1] > most:
            for j in range(start[g], start[g + 1]):
                ties[g] += heap[j] == heap[start[g]]
    for i in range(n):
        g = group[i]
        if counts[g + 1] > most:
            border = heap[start[g]]
            if key[i] == border and ties[g] > 0:
                ties[g] -= 1
            elif key[i] >= border:
                keep[i] = False
    return keep


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _bit_mean(topic: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Mean of the sketches as +-1 vectors."""
    ones = np.zeros(_WORD, np.int64)
    for i in range(topic.shape[0]):
        x = topic[i]
        for b in range(_WORD):
            ones[b] += np.int64((x >> np.uint64(b)) & np.uint64(1))
    mean = np.empty(_WORD)
    for b in range(_WORD):
        mean[b] = 2.0 * ones[b] / topic.shape[0] - 1.0
    return mean


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _bit_dots(topic: NDArray[np.uint64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scalar product of each sketch with the mean, from one table per byte."""
    table = np.zeros((8, 256))
    for byte in range(8):
        for value in range(256):
            total = 0.0
            for b in range(8):
                total += mean[8 * byte + b] if (value >> b) & 1 else -mean[8 * byte + b]
            table[byte, value] = total
    dots = np.empty(topic.shape[0])
    for i in range(topic.shape[0]):
        x = topic[i]
        total = 0.0
        for byte in range(8):
            total += table[byte, (x >> np.uint64(8 * byte)) & np.uint64(255)]
        dots[i] = total
    return dots


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _agreement(a: np.uint64, b: np.uint64) -> float:
    """Scalar product of two sketches as +-1 vectors: 64 less twice the bits that differ."""
    x = a ^ b
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return 64.0 - 2.0 * np.float64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _pair_variance(topic: NDArray[np.uint64], dots: NDArray[np.float64], square: float) -> float:
    """Mean squared scalar product of two different centred sketches, over all pairs or an even choice of them."""
    n = topic.shape[0]
    n_lags = n // 2
    step = 1
    if n * (n - 1) // 2 > _MAX_PAIRS:
        n_lags = max(1, _MAX_PAIRS // n)
        step = max(1, n // _MAX_PAIRS)
    total = 0.0
    n_pairs = 0
    for k in range(1, n_lags + 1):
        lag = max(1, k * (n // 2) // n_lags)
        last = n // 2 if 2 * lag == n else n  # the half-way lag meets every pair twice
        for i in range(0, last, step):
            j = i + lag if i + lag < n else i + lag - n
            product = _agreement(topic[i], topic[j]) - dots[i] - dots[j] + square
            total += product * product
            n_pairs += 1
    return total / n_pairs


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def bit_moments(
    topic: NDArray[np.uint64], group: NDArray[np.int32], n_groups: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], float, float]:
    """Moments of sketches centred on their mean; at least two rows.

    By group: count, square of the sum, sum of squares. Of all: mean square, mean squared product of two of them.
    """
    n = topic.shape[0]
    mean = _bit_mean(topic)
    square = 0.0
    for b in range(_WORD):
        square += mean[b] * mean[b]
    dots = _bit_dots(topic, mean)
    ones = np.zeros((n_groups, _WORD), np.int32)
    counts = np.zeros(n_groups, np.int64)
    own = np.zeros(n_groups)
    mean_square = 0.0
    for i in range(n):
        g = group[i]
        x = topic[i]
        for b in range(_WORD):
            ones[g, b] += np.int32((x >> np.uint64(b)) & np.uint64(1))
        counts[g] += 1
        length = _WORD - 2.0 * dots[i] + square
        own[g] += length
        mean_square += length / n
    joint = np.zeros(n_groups)
    for g in range(n_groups):
        for b in range(_WORD):
            centred = 2.0 * ones[g, b] - counts[g] * (1.0 + mean[b])
            joint[g] += centred * centred
    return counts, joint, own, mean_square, _pair_variance(topic, dots, square)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def hour_moments(
    time_us: NDArray[np.int64], group: NDArray[np.int32], n_groups: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], float, float]:
    """`bit_moments` for the hour of the day: (cos, sin) of one and of two cycles a day."""
    n = time_us.shape[0]
    vectors = np.empty((n, 4))
    mean = np.zeros(4)
    for i in range(n):
        angle = 2.0 * math.pi * (time_us[i] % _DAY_US) / _DAY_US
        c, s = math.cos(angle), math.sin(angle)
        vectors[i, 0], vectors[i, 1], vectors[i, 2], vectors[i, 3] = c, s, 2.0 * c * c - 1.0, 2.0 * s * c
        for d in range(4):
            mean[d] += vectors[i, d] / n
    sums = np.zeros((n_groups, 4))
    counts = np.zeros(n_groups, np.int64)
    own = np.zeros(n_groups)
    gram = np.zeros((4, 4))
    mean_square = 0.0
    fourth = 0.0
    for i in range(n):
        g = group[i]
        length = 0.0
        for d in range(4):
            vectors[i, d] -= mean[d]
            sums[g, d] += vectors[i, d]
            length += vectors[i, d] * vectors[i, d]
        for d in range(4):
            for f in range(4):
                gram[d, f] += vectors[i, d] * vectors[i, f]
        counts[g] += 1
        own[g] += length
        mean_square += length / n
        fourth += length * length
    joint = np.zeros(n_groups)
    for g in range(n_groups):
        for d in range(4):
            joint[g] += sums[g, d] * sums[g, d]
    squares = 0.0
    for d in range(4):
        for f in range(4):
            squares += gram[d, f] * gram[d, f]
    return counts, joint, own, mean_square, max(0.0, squares - fourth) / (n * (n - 1.0))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def neighbours(
    topic: NDArray[np.uint64], time_us: NDArray[np.int64], within_us: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], float, float]:
    """Rows followed by another question within `within_us`, and the scalar product of both sketches after centring.

    Of all rows, at least two: mean square and mean squared product as in `bit_moments`.
    """
    n = topic.shape[0]
    mean = _bit_mean(topic)
    square = 0.0
    for b in range(_WORD):
        square += mean[b] * mean[b]
    dots = _bit_dots(topic, mean)
    rows = np.empty(n, np.int64)
    products = np.empty(n)
    n_pairs = 0
    mean_square = 0.0
    for i in range(n):
        mean_square += (_WORD - 2.0 * dots[i] + square) / n
        if i + 1 < n and time_us[i + 1] - time_us[i] < within_us and _agreement(topic[i], topic[i + 1]) < _SAME:
            rows[n_pairs] = i
            products[n_pairs] = _agreement(topic[i], topic[i + 1]) - dots[i] - dots[i + 1] + square
            n_pairs += 1
    return rows[:n_pairs], products[:n_pairs], mean_square, _pair_variance(topic, dots, square)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def session_gaps(
    time_us: NDArray[np.int64], account: NDArray[np.int32], n_accounts: int, gap_us: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """By account: exchanges, gaps between them below `gap_us`, and the number of such gaps by chance.

    By chance: the mean over all ways to deal the accounts to the same times.
    """
    n = time_us.shape[0]
    counts = np.zeros(n_accounts, np.int64)
    short = np.zeros(n_accounts, np.int64)
    last = np.zeros(n_accounts, np.int64)
    # Windows by size: how many there are and how large they are on average.
    n_bins = _EXACT_WINDOW + 1
    if n > _EXACT_WINDOW:
        n_bins += 1 + int(64.0 * math.log(n / _EXACT_WINDOW))
    windows = np.zeros(n_bins, np.int64)
    sizes = np.zeros(n_bins)
    end = 0
    for i in range(n):
        a = account[i]
        if counts[a] > 0 and time_us[i] - last[a] < gap_us:
            short[a] += 1
        counts[a] += 1
        last[a] = time_us[i]
        while end < n and time_us[end] - time_us[i] < gap_us:
            end += 1
        size = end - 1 - i
        place = size if size <= _EXACT_WINDOW else _EXACT_WINDOW + 1 + int(64.0 * math.log(size / _EXACT_WINDOW))
        windows[place] += 1
        sizes[place] += size
    log_factorial = np.zeros(n + 1)
    for i in range(2, n + 1):
        log_factorial[i] = log_factorial[i - 1] + math.log(i)
    by_count = np.full(counts.max() + 1, -1.0)
    expected = np.zeros(n_accounts)
    for a in range(n_accounts):
        m = counts[a]
        if m < 2:
            continue
        if by_count[m] < 0.0:
            total = 0.0
            for place in range(n_bins):
                if windows[place] > 0:
                    size = int(sizes[place] / windows[place] + 0.5)
                    none = 0.0
                    if n - size - m >= 0:
                        none = math.exp(
                            log_factorial[n - 1 - size]
                            + log_factorial[n - m]
                            - log_factorial[n - size - m]
                            - log_factorial[n - 1]
                        )
                    total += windows[place] * (1.0 - none)
            by_count[m] = total * m / n
        expected[a] = by_count[m]
    return counts, short, expected


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def bins_of_time(time_us: NDArray[np.int64], width_us: int) -> NDArray[np.int32]:
    """Number of each time's bin, counting those bins that hold any; times ascend."""
    bins = np.zeros(time_us.shape[0], np.int32)
    for i in range(1, time_us.shape[0]):
        bins[i] = bins[i - 1] + (time_us[i] // width_us > time_us[i - 1] // width_us)
    return bins
