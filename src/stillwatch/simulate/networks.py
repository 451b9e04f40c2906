"""Where requests come from: invented operators with address blocks, and people's places in them.

Operator numbers are from the private range of RFC 6996 and addresses from ranges that are nobody's: reserved (RFC
1112), private (RFC 1918, 6598), for benchmarks (RFC 2544) and for documentation (RFC 9637). Only data centres have real
blocks, when a folder of real ones is given.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.corpora import Corpora
from stillwatch.simulate.ids import mix

__all__ = ["COUNTRIES", "Networks", "Places", "address_texts", "build_networks", "ipv6_texts"]

_COUNTRY_WEIGHTS = {
    "US": 26, "IN": 11, "GB": 6, "DE": 6, "BR": 6, "JP": 5, "FR": 5, "CN": 4, "CA": 4, "KR": 3, "ES": 3, "MX": 3,
    "ID": 3, "IT": 3, "AU": 2, "NL": 2, "PL": 2, "TR": 2, "VN": 2, "SG": 2, "SE": 1, "UA": 1, "NG": 1, "AR": 1, "ZA": 1,
}  # fmt: skip
COUNTRIES: tuple[str, ...] = tuple(_COUNTRY_WEIGHTS)
_KINDS = {"home": 140, "mobile": 40, "office": 260, "campus": 160, "datacentre": 90, "vpn": 30}
_BLOCKS = {"home": 6, "mobile": 3, "office": 1, "campus": 1, "datacentre": 2, "vpn": 1}
_SUBNETS = {"home": 256, "mobile": 96, "office": 12, "campus": 12, "datacentre": 256, "vpn": 10}


_SPOTS = 215 * 256
"""Draws of blocks; as many as there were when addresses came from all of the internet, so that runs stay what they
were but for the addresses."""
_IPV6_SHARE = {"home": 38, "mobile": 55}
"""Percent of subscribers who come by IPv6, by kind of operator; about what the public statistics of 2026 say."""


def _nobodys_blocks() -> IntArray:
    """First 16 bits of every IPv4 block of 65,536 addresses that nobody can have on the internet."""
    ranges = [(240 << 8, 255 << 8), (10 << 8, 11 << 8), (100 << 8 | 64, 100 << 8 | 128), (172 << 8 | 16, 172 << 8 | 32)]
    return np.concatenate([np.arange(low, high) for low, high in [*ranges, (198 << 8 | 18, 198 << 8 | 20)]])


class Places(NamedTuple):
    """Addresses, one per element: operator and IPv4 address as a number."""

    network: IntArray
    host: IntArray

    def take(self, rows: IntArray) -> "Places":
        """The given elements."""
        return Places(self.network[rows], self.host[rows])


class Networks(NamedTuple):
    """Operators, grouped by kind.

    kinds       Kind -> (first operator, operators).
    asn         Autonomous system number of each operator.
    country     Index into COUNTRIES.
    blocks      Numbers of the /16 blocks of each operator, shape (operators, 6), repeated to fill.
    subnets     /24 subnets in use per block.
    """

    kinds: dict[str, tuple[int, int]]
    asn: IntArray
    country: IntArray
    blocks: IntArray
    subnets: IntArray

    def draw(self, rng: np.random.Generator, kind: str, n: int) -> Places:
        """`n` unrelated addresses of operators of a kind."""
        first, count = self.kinds[kind]
        popularity = 1.0 / (np.arange(count) + 4.0)
        return self.within(rng, first + rng.choice(count, n, p=popularity / popularity.sum()))

    def within(self, rng: np.random.Generator, networks: IntArray) -> Places:
        """One address in each of the given operators."""
        n = len(networks)
        block = self.blocks[networks, rng.integers(self.blocks.shape[1], size=n)]
        subnet = (rng.random(n) * self.subnets[networks]).astype(np.int64)
        # subnets in use are spread over the block, not its first ones
        subnet = (subnet * 73 + networks * 11) % 256
        return Places(networks.astype(np.int64), block << 16 | subnet << 8 | rng.integers(2, 254, n))

    def mixed(self, rng: np.random.Generator, shares: dict[str, float], n: int) -> Places:
        """`n` addresses, kinds drawn in proportion to `shares`."""
        kinds = rng.choice(list(shares), n, p=np.array(list(shares.values())) / sum(shares.values()))
        network, host = np.empty(n, np.int64), np.empty(n, np.int64)
        for kind in shares:
            rows = np.flatnonzero(kinds == kind)
            network[rows], host[rows] = self.draw(rng, kind, len(rows))
        return Places(network, host)

    def addresses(self, network: IntArray, host: npt.NDArray[np.uint32]) -> pa.Array:
        """Addresses as the provider logs them; the same subscriber has the same one, of IPv4 or IPv6, everywhere."""
        texts = address_texts(host)
        mixed = mix(host.astype(np.uint64))
        new = np.zeros(len(host), bool)
        for kind, percent in _IPV6_SHARE.items():
            first, count = self.kinds[kind]
            new |= (network >= first) & (network < first + count) & (mixed % np.uint64(100) < percent)
        if not new.any():
            return texts
        return pc.replace_with_mask(texts, pa.array(new), ipv6_texts(network[new], mixed[new]))


def build_networks(rng: np.random.Generator, corpora: Corpora | None) -> Networks:
    """Invent the operators of a run; with corpora, data centres have real blocks."""
    counts = list(_KINDS.values())
    firsts = np.cumsum(counts) - counts
    n = sum(counts)
    weights = np.array(list(_COUNTRY_WEIGHTS.values()), float)
    spots = rng.permutation(_SPOTS)[: n * 6].reshape(n, 6)
    used = np.repeat(list(_BLOCKS.values()), counts)
    spots = np.take_along_axis(spots, np.arange(6)[None, :] % used[:, None], axis=1)
    _, ranks = np.unique(spots, return_inverse=True)
    nobodys = np.random.default_rng(int(spots[0, 0])).permutation(_nobodys_blocks())
    blocks = nobodys[ranks.reshape(spots.shape)]
    kinds = {kind: (int(first), count) for kind, first, count in zip(_KINDS, firsts, counts, strict=True)}
    if corpora is not None and len(corpora.datacentres):
        first, count = kinds["datacentre"]
        real = rng.choice(corpora.datacentres >> 16, (count, 2))
        blocks[first : first + count] = np.tile(real, 3)
    return Networks(
        kinds=kinds,
        asn=64_512 + rng.permutation(1_022)[:n],
        country=rng.choice(len(weights), n, p=weights / weights.sum()),
        blocks=blocks,
        subnets=np.repeat(list(_SUBNETS.values()), counts),
    )


_OCTETS = pa.array([str(i) for i in range(256)])


def address_texts(hosts: npt.NDArray[np.uint32]) -> pa.Array:
    """Dotted IPv4 addresses.

    >>> address_texts(np.array([3232235777], np.uint32)).to_pylist()
    ['192.168.1.1']
    """
    numbers = hosts.astype(np.int64)
    octets = [_OCTETS.take(pa.array(numbers >> shift & 255)) for shift in (24, 16, 8, 0)]
    return pc.binary_join_element_wise(*octets, ".")


@cache
def _groups() -> pa.Array:
    """Every group of an IPv6 address."""
    return pa.array([f"{i:x}" for i in range(65_536)])


def ipv6_texts(network: IntArray, subscriber: npt.NDArray[np.uint64]) -> pa.Array:
    """IPv6 addresses of subscribers of operators 0 to 1,023, in the documentation range 3fff::/20.

    subscriber    64 random bits each, which choose a /48 of the operator, the household's /64 and the device.

    >>> ipv6_texts(np.array([5]), np.array([2**63 + 77], np.uint64)).to_pylist()
    ['3fff:14:4d:8001:15c1:4527:80b9:4d8f']
    """

    def bits(of: npt.NDArray[np.uint64], low: int, n: int) -> IntArray:
        return np.asarray(of >> np.uint64(low) & np.uint64(2**n - 1)).astype(np.int64)

    device = mix(subscriber)
    # no group but the site's is ever zero, so that every address is in its short form
    household = bits(subscriber, 48, 16) | 1
    numbers = [network * 4, bits(subscriber, 0, 12), household, *(bits(device, low, 16) | 1 for low in (0, 16, 32, 48))]
    return pc.binary_join_element_wise("3fff", *[_groups().take(pa.array(group)) for group in numbers], ":")
