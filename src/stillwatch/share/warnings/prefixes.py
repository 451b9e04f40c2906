"""Longest-prefix look-up in compact arrays: nested prefixes cut into stretches of one label, found by binary search.

A trie's answer without its nodes: a million disjoint IPv4 prefixes take two starts of four bytes and two labels of two
bytes each, at the most. Cutting costs one pass over sorted prefixes with a stack of those that are open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.share.warnings._kernels_prefixes import flattened, intervals_of, intervals_of_ipv4

__all__ = ["NO_LIST", "Prefix", "PrefixTable", "packed_addresses", "parsed_prefix"]

NO_LIST: Final = -1
_MAPPED: Final = b"\0" * 10 + b"\xff" * 2
"""An IPv4 address is looked up as the IPv6 address that it is mapped to, ::ffff:0:0/96."""
_MAPPED_LOW: Final = 0xFFFF00000000
_AFTER_LOW: Final = 0x1000000000000

Prefix = tuple[bytes, int]
"""First address as 16 bytes, and the length, 0 to 128; an IPv4 prefix is inside ::ffff:0:0/96."""


def parsed_prefix(text: str) -> Prefix | None:
    """Prefix of an address or a CIDR block; None when it is neither, or bits after the prefix are set.

    >>> parsed_prefix("100.64.0.0/10")[1], parsed_prefix("2001:db8::1")[1], parsed_prefix("10.0.0.1/8")
    (106, 128, None)
    """
    address, slash, length = text.partition("/")
    packed = _packed(address)
    if packed is None or (slash and not (length.isascii() and length.isdigit() and len(length) <= 3)):
        return None
    width = 32 if "." in address and ":" not in address else 128
    n = int(length) if slash else width
    if n > width:
        return None
    bits = n + 128 - width
    number = int.from_bytes(packed)
    return None if number & ((1 << (128 - bits)) - 1) else (packed, bits)


def _packed(address: str) -> bytes | None:
    try:
        if ":" in address:
            return None if "%" in address else IPv6Address(address).packed
        return _MAPPED + IPv4Address(address).packed
    except ValueError:
        return None


def packed_addresses(addresses: Iterable[str]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Addresses as rows of 16 bytes, and which of them are addresses at all; what is none is a row of zeros."""
    packed = [_packed(address) for address in addresses]
    rows = np.frombuffer(b"".join(p or bytes(16) for p in packed), np.uint8).reshape(-1, 16)
    return rows, np.array([p is not None for p in packed], np.bool_)


@dataclass(frozen=True, slots=True)
class PrefixTable:
    """Stretches of addresses and the list that the longest prefix over them is of.

    starts_4            First address of each stretch of IPv4, ascending from 0.
    buckets_4           Row of the stretch that each /16 of IPv4 begins in, and the last row.
    high, low           The same of IPv6, upper and lower 64 bits.
    labels_4, labels    Number of the list, -1 none.
    """

    starts_4: NDArray[np.uint32]
    labels_4: NDArray[np.int16]
    buckets_4: NDArray[np.int32]
    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    labels: NDArray[np.int16]

    @classmethod
    def of(cls, first: NDArray[np.uint8], bits: NDArray[np.uint8], label: NDArray[np.int16]) -> "PrefixTable":
        """Table of prefixes.

        first       First addresses, 16 bytes a row; no bit after the prefix is set.
        bits        Lengths, 0 to 128.
        label       Number of each prefix's list, 0 to 32,767; of equal prefixes the first holds.
        Raises      InvalidInput if the shapes do not go together.
        """
        if first.shape != (len(bits), 16) or len(bits) != len(label):
            msg = f"prefixes need 16 bytes, a length and a label each, got {first.shape}, {bits.shape}, {label.shape}"
            raise InvalidInput(msg)
        high, low = _halves(first)
        order = np.lexsort((bits, low, high))
        flat_high, flat_low, flat_label = flattened(high[order], low[order], bits[order], label[order])
        starts, labels = _ipv4_part(flat_high, flat_low, flat_label)
        blocks = np.arange(1 << 16, dtype=np.uint32) << np.uint32(16)
        buckets = np.r_[np.searchsorted(starts, blocks, side="right") - 1, len(starts) - 1].astype(np.int32)
        return cls(starts, labels, buckets, *_without_ipv4(flat_high, flat_low, flat_label))

    @property
    def n_bytes(self) -> int:
        """Memory of the arrays."""
        arrays = self.starts_4, self.labels_4, self.buckets_4, self.high, self.low, self.labels
        return sum(array.nbytes for array in arrays)

    def lists_of_ipv4(self, addresses: NDArray[np.uint32]) -> NDArray[np.int16]:
        """List of the longest prefix over each IPv4 address, -1 where there is none."""
        return np.asarray(self.labels_4[intervals_of_ipv4(self.starts_4, self.buckets_4, addresses)])

    def lists_of(self, addresses: NDArray[np.uint8]) -> NDArray[np.int16]:
        """List of the longest prefix over each address, 16 bytes a row, -1 where there is none."""
        high, low = _halves(addresses)
        found = self.labels[intervals_of(self.high, self.low, high, low)]
        is_4 = _is_mapped(high, low)
        found[is_4] = self.lists_of_ipv4(low[is_4].astype(np.uint32))
        return np.asarray(found)


def _halves(rows: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    words = np.ascontiguousarray(rows).view(">u8").astype(np.uint64)
    return np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])


def _is_mapped(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.bool_]:
    return np.asarray((high == 0) & (low >> np.uint64(32) == 0xFFFF))


def _ipv4_part(
    high: NDArray[np.uint64], low: NDArray[np.uint64], label: NDArray[np.int16]
) -> tuple[NDArray[np.uint32], NDArray[np.int16]]:
    """Stretches inside ::ffff:0:0/96, the first one cut to begin at 0."""
    inside = _is_mapped(high, low)
    before = _last_until(high, low, _MAPPED_LOW)
    starts, labels = low[inside].astype(np.uint32), label[inside]
    if len(starts) and starts[0] == 0:
        return starts, labels
    return np.r_[np.uint32(0), starts].astype(np.uint32), np.r_[label[before], labels].astype(np.int16)


def _without_ipv4(
    high: NDArray[np.uint64], low: NDArray[np.uint64], label: NDArray[np.int16]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int16]]:
    """Stretches outside ::ffff:0:0/96, and one that begins after it: those inside are in the table of IPv4."""
    inside = _is_mapped(high, low)
    after = _last_until(high, low, _AFTER_LOW)
    if high[after] == 0 and low[after] == _AFTER_LOW:
        return high[~inside], low[~inside], label[~inside]
    at = int((~inside[: after + 1]).sum())
    return (
        np.insert(high[~inside], at, np.uint64(0)),
        np.insert(low[~inside], at, np.uint64(_AFTER_LOW)),
        np.insert(label[~inside], at, label[after]),
    )


def _last_until(high: NDArray[np.uint64], low: NDArray[np.uint64], address: int) -> int:
    """Row of the last stretch that begins at this address or before; its upper half is 0."""
    return int(np.flatnonzero((high == 0) & (low <= address))[-1])
