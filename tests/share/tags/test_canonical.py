"""Equal things have one form; what is no value of its kind is refused without being shown."""

import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.tags import canonical, tag_input

ALIKE = [
    (SignalKind.ADDRESS, ("198.51.100.7", " 198.51.100.7 ", "::ffff:198.51.100.7", "::FFFF:c633:6407")),
    (SignalKind.ADDRESS, ("2001:db8::1", "2001:DB8:0:0:0:0:0:1")),
    (SignalKind.NETWORK, ("198.51.100.7", "198.51.100.0/24", "::ffff:198.51.100.99")),
    (SignalKind.NETWORK, ("2001:db8:7::1", "2001:db8:7::/48", "2001:db8:7:ffff::9")),
    (SignalKind.EMAIL_DOMAIN, ("Bücher.Example", "xn--bcher-kva.example", "bücher.example.", "BÜCHER.example")),
    (SignalKind.TLS, ("T13D1516H2_8daaf6152771", "t13d1516h2_8DAAF6152771")),
    (SignalKind.PAYMENT, ("PAR0012345678", "PAR0012345678 ")),
]


@pytest.mark.parametrize(("kind", "values"), ALIKE)
def test_one_thing_has_one_form(kind: SignalKind, values: tuple[str, ...]) -> None:
    """However it is written."""
    assert len({canonical(kind, value) for value in values}) == 1


def test_different_things_have_different_inputs() -> None:
    """Of any two kinds, epochs and values: the same text as payment and TLS fingerprint, a network and its address."""
    inputs = {
        tag_input(kind, epoch, value)
        for kind, epoch, value in [
            *itertools.product((SignalKind.PAYMENT, SignalKind.TLS), (1, 2, 256), ("abcdefgh", "abcdefgi")),
            *itertools.product((SignalKind.ADDRESS, SignalKind.NETWORK), (1,), ("198.51.100.0", "2001:db8::")),
            (SignalKind.PAYMENT, 1, "ABCDEFGH"),
        ]
    }
    assert len(inputs) == 12 + 4 + 1


REFUSED = [
    (SignalKind.ADDRESS, ("", "198.51.100", "198.51.100.007", "198.51.100.7/32", "fe80::1%eth0", "host.example")),
    (SignalKind.NETWORK, ("198.51.0.0/16", "198.51.100.7/24", "2001:db8::/32", "198.51.100.0/", "x/24")),
    (SignalKind.EMAIL_DOMAIN, ("jane@corp.example", "localhost", "a..example", "-a.example", "a b.example", "x" * 256)),
    (SignalKind.PAYMENT, ("short", "with space 1", "fünfzehn-zeichen", "x" * 129)),
    (SignalKind.TLS, ("short", "with-dashes-in-it", "")),
    (SignalKind.BAND, ("8:0000000000000000", "1:00", "1:000000000000000G", "0000000000000000")),
    *((kind, ("x" * 257,)) for kind in SignalKind),
]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in REFUSED for value in values])
def test_what_is_no_value_is_refused_and_not_shown(kind: SignalKind, value: str) -> None:
    """The message has the kind and what is allowed."""
    with pytest.raises(InvalidInput) as told:
        canonical(kind, value)
    assert str(kind) in str(told.value)
    assert len(value) < 4 or value not in str(told.value)
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__ or told.value.__context__ is None


@given(st.ip_addresses())
def test_addresses_are_their_bytes(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Any address; its network is what it begins with."""
    packed = canonical(SignalKind.ADDRESS, str(address))
    mapped = getattr(address, "ipv4_mapped", None)
    assert packed == (mapped or address).packed
    assert canonical(SignalKind.NETWORK, str(address)) == packed[: 3 if len(packed) == 4 else 6]


def test_every_kind_has_a_form() -> None:
    """A kind that nobody can tag would be a promise nobody keeps."""
    examples = {
        SignalKind.ADDRESS: "198.51.100.7",
        SignalKind.NETWORK: "198.51.100.0/24",
        SignalKind.EMAIL_DOMAIN: "corp.example",
        SignalKind.PAYMENT: "PAR0012345678",
        SignalKind.TLS: "t13d1516h2_8daaf6152771",
        SignalKind.BAND: "7:0123456789abcdef",
    }
    assert len({tag_input(kind, 0, examples[kind]) for kind in SignalKind}) == len(SignalKind)


@pytest.mark.parametrize("epoch", [-1, 2**63])
def test_epochs_out_of_range_are_refused(epoch: int) -> None:
    """They would not fit the input's eight bytes."""
    with pytest.raises(InvalidInput, match="epoch"):
        tag_input(SignalKind.TLS, epoch, "abcdefgh")
