"""Credentials of a request: a token before a certificate, and a proxy's word only from where a proxy is."""

import base64
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.share.access.credentials import CERTIFICATE, PREFIX, Credentials, Proxies, credentials_of
from stillwatch.web.tokens import fresh_token

PRINT, OTHER = "ab" * 32, "cd" * 32
HEADER = "x-client-certificate-sha256"
NONE = Proxies()


@given(address=st.ip_addresses(), network=st.sampled_from(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"]))
def test_a_proxy_is_believed_where_its_network_is(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str
) -> None:
    """As ipaddress has it; from anywhere else the header is nothing."""
    found = Proxies([network]).fingerprint({HEADER: PRINT}, str(address))
    inside = address.version == ipaddress.ip_network(network).version and address in ipaddress.ip_network(network)
    assert found == (PRINT if inside else None)


@pytest.mark.parametrize("source", ["", "localhost", "10.0.0.1.2", "10.0.0.0/8", "10.0.0.1, 10.0.0.2"])
def test_a_source_that_is_no_address_is_not_believed(source: str) -> None:
    """Nor is anybody when no proxy is named."""
    assert Proxies(["0.0.0.0/0", "::/0"]).fingerprint({HEADER: PRINT}, source) is None
    assert NONE.fingerprint({HEADER: PRINT}, "10.0.0.1") is None


def test_fingerprints_have_one_spelling() -> None:
    """With colons and capitals as tools print them, or plain."""
    shown = ":".join([PRINT.upper()[at : at + 2] for at in range(0, 64, 2)])
    assert Proxies(["10.0.0.1"]).fingerprint({HEADER: shown}, "10.0.0.1") == PRINT


@pytest.mark.parametrize("network", ["10.0.0.0/33", "10.0.0.1/8", "example.com", ""])
def test_networks_that_are_none_are_refused(network: str) -> None:
    """Also one whose address has bits beyond its prefix: it would be read two ways."""
    with pytest.raises(InvalidInput, match="CIDR"):
        Proxies([network])


def test_a_token_counts_before_any_certificate() -> None:
    """A token that cannot be read does not fall back to a certificate; the server's own counts before a proxy's."""
    token, proxies = fresh_token(PREFIX), Proxies(["10.0.0.1"])
    scope = {CERTIFICATE: PRINT, "client": ("10.0.0.1", 1)}
    assert credentials_of(scope, {"authorization": f"Bearer {token.text}"}, proxies) == Credentials(token=token)
    assert credentials_of(scope, {"authorization": "Bearer no"}, proxies) == Credentials(malformed=True)
    assert credentials_of(scope, {HEADER: OTHER}, proxies) == Credentials(fingerprint=PRINT)
    assert credentials_of({"client": ("10.0.0.1", 1)}, {HEADER: OTHER}, proxies) == Credentials(fingerprint=OTHER)
    assert credentials_of({"client": None}, {}, proxies) == Credentials()


@given(st.binary(max_size=40))
def test_whatever_stands_in_a_basic_header_is_read_or_malformed(raw: bytes) -> None:
    """Bytes that are no text and text without a colon included."""
    header = "Basic " + base64.b64encode(raw).decode()
    assert credentials_of({}, {"authorization": header}, NONE) == Credentials(malformed=True)
