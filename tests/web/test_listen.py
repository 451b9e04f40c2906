"""Addresses to listen on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.web.listen import Listen


@pytest.mark.parametrize(
    "text", ["", "localhost", "localhost:x", ":80", "localhost:70000", "h:-1", "h:٣", "h:", "h:" + "9" * 5_000]
)
def test_what_cannot_be_listened_on_is_refused(text: str) -> None:
    """Addresses without a host, without a port, or with one that is none."""
    with pytest.raises(InvalidInput, match="HOST:PORT"):
        Listen.of(text)


@given(st.sampled_from(["127.0.0.1", "localhost", "::1", "2001:db8::2"]), st.integers(0, 65_535))
def test_hosts_and_ports_come_back(host: str, port: int) -> None:
    """Addresses of IPv6 stand in brackets."""
    text = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    assert Listen.of(text) == Listen(host, port)
