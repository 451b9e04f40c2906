"""Network prefixes from the text of addresses. The twin is `stillwatch.sketch.twins.prefix`."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch._kernels_bits import Int, kernel, load8, part
from stillwatch.sketch._kernels_hash import mix
from stillwatch.sketch.strings import Strings

__all__ = ["prefix_rows"]

U64 = np.uint64
LONGEST_IPV4 = 15
DOT, COLON, PERCENT, ZERO, NINE = 46, 58, 37, 48, 57


@kernel
def prefix_rows(strings: Strings) -> NDArray[np.uint64]:
    """Hash of the /24 of an IPv4 or the /48 of an IPv6 address in each row, 0 for anything else."""
    offsets, base = strings.offsets, np.int64(strings.data.ctypes.data)
    prefixes = np.zeros(len(offsets) - 1, np.uint64)
    for row in range(len(prefixes)):
        address, length = base + offsets[row], offsets[row + 1] - offsets[row]
        version, number = np.int64(4), np.int64(-1)
        if length <= LONGEST_IPV4:
            number = _ipv4(address, length)
        if number < 0:
            version, number = _ipv6(address, length)
        if number >= 0:
            prefixes[row] = max(mix(U64(version), U64(number >> 8 if version == 4 else number)), U64(1))
    return prefixes


@part
def _ipv4(address: Int, length: Int) -> Int:
    """The 32 bits of a dotted quad, -1 when it is none."""
    value, octet, digits, dots = 0, 0, 0, 0
    for i in range(length):
        byte: Int = np.int64(load8(address + i))
        if byte == DOT:
            if digits == 0:
                return -1
            value, octet, digits, dots = value << 8 | octet, 0, 0, dots + 1
        elif ZERO <= byte <= NINE and not (digits > 0 and octet == 0):
            octet, digits = octet * 10 + byte - ZERO, digits + 1
            if octet > 255:
                return -1
        else:
            return -1
    return value << 8 | octet if dots == 3 and digits else -1


@part
def _hex(byte: Int) -> Int:
    if ZERO <= byte <= NINE:
        return byte - ZERO
    lower = byte | 0x20
    return lower - 87 if 97 <= lower <= 102 else -1


@part
def _without_zone(address: Int, length: Int) -> Int:
    """Length up to ``%zone``; 0 when the zone is empty or holds another ``%``."""
    for i in range(length):
        if load8(address + i) == PERCENT:
            for j in range(i + 1, length):
                if load8(address + j) == PERCENT:
                    return 0
            return i if i + 1 < length else 0
    return length


@kernel
def _ipv6(address: Int, length: Int) -> tuple[Int, Int]:
    """Version and number: 6 and the top 48 bits, 4 and all 32 of a mapped IPv4 address, or (6, -1)."""
    length = _without_zone(address, length)
    groups = np.zeros(10, np.int64)
    n, gap, at = 0, -1, 0
    if length < 2:
        return 6, -1
    if load8(address) == COLON and load8(address + 1) == COLON:
        gap, at = 0, 2
    while at < length:
        value, begin = 0, at
        while at < length and at - begin < 4 and _hex(np.int64(load8(address + at))) >= 0:
            value = value << 4 | _hex(np.int64(load8(address + at)))
            at += 1
        if at == begin or n >= 8:
            return 6, -1
        if at < length and load8(address + at) != COLON:
            quad = _ipv4(address + begin, length - begin)
            if quad < 0 or n > 6:
                return 6, -1
            groups[n], groups[n + 1] = quad >> 16, quad & 0xFFFF
            n += 2
            break
        groups[n] = value
        n += 1
        if at < length:
            at += 1
            if at == length:
                return 6, -1
            if load8(address + at) == COLON:
                if gap >= 0:
                    return 6, -1
                gap = n
                at += 1
    return _number(groups, n, gap)


@kernel
def _number(groups: NDArray[np.int64], n: Int, gap: Int) -> tuple[Int, Int]:
    if n > 8 or (gap < 0) != (n == 8) or (gap >= 0 and n > 7):
        return 6, -1
    full = np.zeros(8, np.int64)
    for i in range(n):
        full[i if gap < 0 or i < gap else 8 - n + i] = groups[i]
    if full[5] == 0xFFFF and not full[:5].any():
        return 4, full[6] << 16 | full[7]
    return 6, full[0] << 32 | full[1] << 16 | full[2]
