"""The kernels of this room in plain Python: the version to read, and the oracle of their tests.

References: Appleby, MurmurHash3_x64_128 (public domain), https://github.com/aappleby/smhasher.
"""

import re
from ipaddress import AddressValueError, IPv6Address

__all__ = ["hash_string", "is_plain_ipv4", "is_plain_ipv6", "new_ones"]

MASK = 2**64 - 1
OCTET = r"(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])"


def _rotate(x: int, left: int) -> int:
    return (x << left | x >> (64 - left)) & MASK


def _finish(x: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        x = (x ^ x >> 33) * factor & MASK
    return x ^ x >> 33


def hash_string(text: bytes) -> tuple[int, int]:
    """MurmurHash3_x64_128 with seed 0.

    >>> "".join(h.to_bytes(8, "big").hex() for h in hash_string(b"The quick brown fox jumps over the lazy dog"))
    'e34bbc7bbc071b6c7a433ca9c49a9347'
    """
    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
    a = b = 0
    whole = len(text) - len(text) % 16
    for at in range(0, len(text), 16):
        low, high = (int.from_bytes(text[at + i : at + i + 8], "little") for i in (0, 8))
        a ^= _rotate(low * c1 & MASK, 31) * c2 & MASK
        if at < whole:
            a = ((_rotate(a, 27) + b) * 5 + 0x52DCE729) & MASK
        b ^= _rotate(high * c2 & MASK, 33) * c1 & MASK
        if at < whole:
            b = ((_rotate(b, 31) + a) * 5 + 0x38495AB5) & MASK
    a, b = a ^ len(text), b ^ len(text)
    a = (a + b) & MASK
    b = (b + a) & MASK
    a, b = _finish(a), _finish(b)
    a = (a + b) & MASK
    return a, (b + a) & MASK


def new_ones(seen: set[tuple[int, int]], hashes: list[tuple[int, int]]) -> list[bool]:
    """Mark the hashes that are not in `seen` and add them.

    >>> new_ones(set(), [(1, 2), (1, 2)])
    [True, False]
    """
    marks = []
    for h in hashes:
        marks.append(h not in seen)
        seen.add(h)
    return marks


def is_plain_ipv4(text: str) -> bool:
    """Whether `text` is an IPv4 address in its one normal spelling.

    >>> is_plain_ipv4("10.0.0.1"), is_plain_ipv4("10.0.0.01")
    (True, False)
    """
    return re.fullmatch(rf"{OCTET}(\.{OCTET}){{3}}", text, re.ASCII) is not None


def is_plain_ipv6(text: str) -> bool:
    """Whether `text` is an IPv6 address in its one normal spelling, and holds no IPv4 address.

    >>> is_plain_ipv6("2001:db8::1"), is_plain_ipv6("2001:db8:0::1"), is_plain_ipv6("::ffff:1.2.3.4")
    (True, False, False)
    """
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return False
    return address.ipv4_mapped is None and address.scope_id is None and str(address) == text
