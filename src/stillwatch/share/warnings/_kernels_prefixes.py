"""Hot loops of prefixes; `prefixes.py` says what they are for, and the tests hold them against `ipaddress`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["flattened", "intervals_of", "intervals_of_ipv4"]

_FULL = np.uint64(0xFFFFFFFFFFFFFFFF)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]  # numba publishes no types
def flattened(
    high: NDArray[np.uint64], low: NDArray[np.uint64], bits: NDArray[np.uint8], label: NDArray[np.int16]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int16]]:
    """Starts of stretches of one label, ascending, and the labels, -1 where no prefix is.

    high, low   First address of each prefix as 128 bits; ascending, the shorter prefix first of equal ones.
    bits        Length of each prefix, 0 to 128. Equal prefixes: the first holds.
    """
    n = high.shape[0]
    out_high, out_low = np.empty(2 * n + 1, np.uint64), np.empty(2 * n + 1, np.uint64)
    out_label = np.empty(2 * n + 1, np.int16)
    out_high[0], out_low[0], out_label[0] = np.uint64(0), np.uint64(0), np.int16(-1)
    m = 1
    open_rows, open_high, open_low = np.empty(130, np.int64), np.empty(130, np.uint64), np.empty(130, np.uint64)
    depth = 0
    for row in range(n + 1):
        while depth > 0:
            end_high, end_low = open_high[depth - 1], open_low[depth - 1]
            if row < n and not (end_high < high[row] or (end_high == high[row] and end_low < low[row])):
                break
            depth -= 1
            if end_high == _FULL and end_low == _FULL:
                continue
            next_low = end_low + np.uint64(1)
            next_high = end_high + np.uint64(1) if next_low == np.uint64(0) else end_high
            outer = label[open_rows[depth - 1]] if depth > 0 else np.int16(-1)
            if out_high[m - 1] == next_high and out_low[m - 1] == next_low:
                out_label[m - 1] = outer
            else:
                out_high[m], out_low[m], out_label[m] = next_high, next_low, outer
                m += 1
        if row == n:
            break
        last = open_rows[depth - 1] if depth > 0 else np.int64(-1)
        if last >= 0 and high[last] == high[row] and low[last] == low[row] and bits[last] == bits[row]:
            continue
        free = np.uint64(128 - bits[row])
        if free >= np.uint64(128):
            end_high, end_low = _FULL, _FULL
        elif free >= np.uint64(64):
            end_high, end_low = high[row] | ((np.uint64(1) << (free - np.uint64(64))) - np.uint64(1)), _FULL
        else:
            end_high, end_low = high[row], low[row] | ((np.uint64(1) << free) - np.uint64(1))
        if out_high[m - 1] == high[row] and out_low[m - 1] == low[row]:
            out_label[m - 1] = label[row]
        else:
            out_high[m], out_low[m], out_label[m] = high[row], low[row], label[row]
            m += 1
        open_rows[depth], open_high[depth], open_low[depth] = row, end_high, end_low
        depth += 1
    kept = 1
    for i in range(1, m):
        if out_label[i] != out_label[kept - 1]:
            out_high[kept], out_low[kept], out_label[kept] = out_high[i], out_low[i], out_label[i]
            kept += 1
    return out_high[:kept].copy(), out_low[:kept].copy(), out_label[:kept].copy()


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def intervals_of(
    starts_high: NDArray[np.uint64],
    starts_low: NDArray[np.uint64],
    high: NDArray[np.uint64],
    low: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """Row of the last start that is at most each address; the first start is 0."""
    found = np.empty(high.shape[0], np.int64)
    for i in range(high.shape[0]):
        first, stop = 0, starts_high.shape[0]
        while stop - first > 1:
            middle = (first + stop) // 2
            if starts_high[middle] < high[i] or (starts_high[middle] == high[i] and starts_low[middle] <= low[i]):
                first = middle
            else:
                stop = middle
        found[i] = first
    return found


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def intervals_of_ipv4(
    starts: NDArray[np.uint32], buckets: NDArray[np.int32], addresses: NDArray[np.uint32]
) -> NDArray[np.int64]:
    """Row of the last start that is at most each address; the first start is 0.

    buckets     That row for the first address of each /16, and the last row at the end.
    """
    found = np.empty(addresses.shape[0], np.int64)
    for i in range(addresses.shape[0]):
        address = addresses[i]
        block = address >> np.uint32(16)
        first, stop = np.int64(buckets[block]), np.int64(buckets[block + 1]) + 1
        while stop - first > 1:
            middle = (first + stop) // 2
            if starts[middle] <= address:
                first = middle
            else:
                stop = middle
        found[i] = first
    return found
