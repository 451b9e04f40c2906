"""Longest prefixes: look-ups against `ipaddress`, whatever is nested in what, at every border."""

import ipaddress
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.share.warnings.prefixes import PrefixTable, packed_addresses, parsed_prefix

MAPPED = int(ipaddress.ip_address("::ffff:0:0"))


def table_of(blocks: Sequence[str]) -> PrefixTable:
    """Table in which each block's list is its place."""
    parsed = [parsed_prefix(block) for block in blocks]
    assert all(parsed)
    first = np.frombuffer(b"".join(p[0] for p in parsed if p), np.uint8).reshape(-1, 16)
    bits = np.array([p[1] for p in parsed if p], np.uint8)
    return PrefixTable.of(first, bits, np.arange(len(blocks), dtype=np.int16))


def brute_force(blocks: Sequence[str], number: int) -> int:
    """First of the longest blocks over an address of 128 bits."""
    best, longest = -1, -1
    for place, block in enumerate(blocks):
        network = ipaddress.ip_network(block)
        start, length = int(network.network_address), network.prefixlen
        if network.version == 4:
            start, length = start + MAPPED, length + 96
        if number >> (128 - length) == start >> (128 - length) and length > longest:
            best, longest = place, length
    return best


def rows(numbers: Sequence[int]) -> NDArray[np.uint8]:
    """Addresses as rows of bytes."""
    return np.frombuffer(b"".join(n.to_bytes(16) for n in numbers), np.uint8).reshape(-1, 16)


def block_of(version: int, start: int, length: int) -> str:
    """The block of that length around a start."""
    width = 32 if version == 4 else 128
    length = min(length, width)
    start = (start % (1 << width)) >> (width - length) << (width - length)
    kind: Any = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    return f"{kind(start)}/{length}"


NEAR = st.sampled_from([0, 1, MAPPED - 1, MAPPED, MAPPED + (1 << 32) - 1, MAPPED + (1 << 32), (1 << 128) - 1, 1 << 127])
STARTS = NEAR | st.integers(0, (1 << 128) - 1) | st.integers(0, 255).map(lambda n: n << 24)
BLOCKS = st.lists(st.builds(block_of, st.sampled_from([4, 6]), STARTS, st.integers(0, 128)), max_size=12)


def borders(blocks: Sequence[str]) -> list[int]:
    """First and last addresses of blocks, and their neighbours."""
    found = {0, (1 << 128) - 1, MAPPED, MAPPED + (1 << 32), MAPPED - 1}
    for network in map(ipaddress.ip_network, blocks):
        shift = MAPPED if network.version == 4 else 0
        ends = int(network.network_address) + shift, int(network.broadcast_address) + shift
        found |= {max(ends[0] - 1, 0), *ends, min(ends[1] + 1, (1 << 128) - 1)}
    return sorted(found)


@given(blocks=BLOCKS, more=st.lists(STARTS, max_size=5))
def test_lookups_are_those_of_brute_force(blocks: list[str], more: list[int]) -> None:
    """Every border of every block, of IPv4 and IPv6 mixed, nested and repeated."""
    numbers = borders(blocks) + more
    found = table_of(blocks).lists_of(rows(numbers))
    assert found.tolist() == [brute_force(blocks, number) for number in numbers]


def test_many_prefixes_are_looked_up_as_few_are() -> None:
    """Twenty thousand blocks with others in them, two thousand addresses."""
    rng = np.random.default_rng(0)
    starts = rng.integers(0, 1 << 32, 20_000)
    blocks = [block_of(4, int(s), int(n)) for s, n in zip(starts, rng.integers(8, 33, 20_000), strict=True)]
    table = table_of(blocks)
    best: dict[tuple[int, int], int] = {}
    for place, block in enumerate(blocks):
        network = ipaddress.ip_network(block)
        best.setdefault((network.prefixlen, int(network.network_address)), place)
    asked = np.r_[rng.integers(0, 1 << 32, 1000), starts[:1000]].astype(np.uint32)
    expected = [
        next(
            (best[n, a >> (32 - n) << (32 - n)] for n in range(32, 7, -1) if (n, a >> (32 - n) << (32 - n)) in best), -1
        )
        for a in asked.tolist()
    ]
    assert table.lists_of_ipv4(asked).tolist() == expected


def test_a_prefix_costs_a_few_bytes() -> None:
    """Two starts and two labels each at the most, apart from the table of /16s."""
    blocks = [f"{ipaddress.IPv4Address(n << 10)}/24" for n in range(10_000)]
    assert table_of(blocks).n_bytes - table_of([]).n_bytes <= 12 * len(blocks)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.3",
        "1.2.3.4/33",
        "1.2.3.4/-1",
        "1.2.3.4/ 8",
        "10.0.0.1/8",
        "::1/64",
        "::/129",
        "x",
        "1.2.3.4/",
        "١.2.3.4",
        "01.2.3.4",
        "1.2.3.4/²",
        "::1%eth0",
        "fe80::1\x00",
    ],
)
def test_what_is_no_block_is_none(text: str) -> None:
    """As `ipaddress` has it, which takes a mask for a length and a zone besides."""
    assert parsed_prefix(text) is None


@given(block=st.builds(block_of, st.sampled_from([4, 6]), STARTS, st.integers(0, 128)))
def test_blocks_are_parsed_as_by_ipaddress(block: str) -> None:
    """First address and length."""
    network = ipaddress.ip_network(block)
    shift, longer = (MAPPED, 96) if network.version == 4 else (0, 0)
    assert parsed_prefix(block) == ((int(network.network_address) + shift).to_bytes(16), network.prefixlen + longer)


def test_addresses_that_are_none_are_marked() -> None:
    """Their rows are zeros."""
    found, is_address = packed_addresses(["1.2.3.4", "-", "::1"])
    assert is_address.tolist() == [True, False, True]
    assert not found[1].any()


def test_columns_must_go_together() -> None:
    """A label missing is a mistake of the caller."""
    with pytest.raises(InvalidInput, match="prefixes need"):
        PrefixTable.of(np.zeros((2, 16), np.uint8), np.zeros(2, np.uint8), np.zeros(1, np.int16))
