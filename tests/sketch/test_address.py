"""Network prefixes."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.sketch import twins
from stillwatch.sketch._kernels_address import prefix_rows
from stillwatch.sketch.strings import strings_of

PIECES = st.sampled_from(
    ["::", ":", ".", "1", "0", "01", "255", "256", "abcd", "12345", "1.2.3.4", "%", "%e0", "g", "é", " "]
)
GROUPS = st.lists(st.integers(0, 65535).map(lambda n: f"{n:x}"), min_size=6, max_size=9).map(":".join)
ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda ip: ip.exploded),
    st.lists(PIECES, max_size=10).map("".join),
    st.tuples(GROUPS, st.integers(0, 40)).map(lambda pair: pair[0][: pair[1]] + "::" + pair[0][pair[1] + 9 :]),
    st.text(max_size=20),
)


def prefixes(*addresses: str) -> list[int]:
    """Prefixes as the kernel reads them."""
    return [int(value) for value in prefix_rows(strings_of(pa.array(addresses, pa.string())))]


@given(st.lists(ADDRESSES, max_size=20))
def test_kernel_agrees_with_the_standard_library(addresses: list[str]) -> None:
    """What `ipaddress` accepts is an address, and nothing else."""
    assert prefixes(*addresses) == [twins.prefix(address) for address in addresses]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.1.2.3", "10.1.2.250", True),
        ("10.1.2.3", "10.1.3.3", False),
        ("2001:db8:1::1", "2001:db8:1:ffff::2", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("::ffff:10.1.2.3", "10.1.2.9", True),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_neighbours(one: str, other: str, *, same: bool) -> None:
    """A /24 and a /48; a mapped address is the one it maps."""
    first, second = prefixes(one, other)
    assert first
    assert second
    assert (first == second) is same


def test_no_address() -> None:
    """Unknown and opaque addresses have no prefix."""
    assert prefixes("", "a3f9c0", "10.1.2", "10.1.2.3:443") == [0, 0, 0, 0]
