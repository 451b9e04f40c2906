"""One way to write each kind of value as bytes, so that equal things get equal tags at every member."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import BAND_COUNT, SignalKind

__all__ = ["LABEL", "canonical", "tag_input"]

LABEL: Final = b"stillwatch-tag-v1"
"""Changes with any change of the forms below; members of two versions have no equal tags."""
_LONGEST: Final = 256
_DOMAIN: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])")
_TLS: Final = re.compile(r"[0-9a-z_]{8,128}")
_PAYMENT: Final = re.compile(r"[\x21-\x7e]{8,128}")
_BAND: Final = re.compile(r"([0-9]):([0-9a-f]{16})")


def _refused(kind: SignalKind, form: str) -> InvalidInput:
    """Error that says what is allowed and never what was given."""
    return InvalidInput(f"a value of kind {kind} must be {form}")


def _packed(text: str, kind: SignalKind) -> bytes:
    """4 or 16 bytes; an IPv4 address inside IPv6 is that IPv4 address."""
    try:
        address = ipaddress.ip_address(text.replace("%", " "))  # a zone makes it no address
    except ValueError:
        form = "an IPv4 or IPv6 address without a zone"
        raise _refused(kind, form) from None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).packed


def _address(text: str) -> bytes:
    return _packed(text, SignalKind.ADDRESS)


def _network(text: str) -> bytes:
    """3 bytes of a /24 or 6 of a /48."""
    address, slash, length = text.partition("/")
    packed = _packed(address, SignalKind.NETWORK)
    size = 3 if len(packed) == 4 else 6
    if slash and (length != str(8 * size) or any(packed[size:])):
        form = "an address, or a network of /24 (IPv4) or /48 (IPv6)"
        raise _refused(SignalKind.NETWORK, form)
    return packed[:size]


def _email_domain(text: str) -> bytes:
    """Lower case, ASCII form of international names (IDNA of 2003, as the standard library has it), no local part."""
    try:
        name = text.removesuffix(".").encode("idna").decode().lower()
    except UnicodeError:
        name = ""
    if len(name) > 253 or not _DOMAIN.fullmatch(name):
        form = "a domain name, without a local part"
        raise _refused(SignalKind.EMAIL_DOMAIN, form)
    return name.encode()


def _payment(text: str) -> bytes:
    """As the payment network writes it."""
    if not _PAYMENT.fullmatch(text):
        form = "8 to 128 visible ASCII characters"
        raise _refused(SignalKind.PAYMENT, form)
    return text.encode()


def _tls(text: str) -> bytes:
    """JA3, JA4 or the like in lower case."""
    if not _TLS.fullmatch(text.lower()):
        form = "8 to 128 letters, digits or underscores"
        raise _refused(SignalKind.TLS, form)
    return text.lower().encode()


def _band(text: str) -> bytes:
    """Number of the band and its two MinHashes, as `band_values` writes them."""
    found = _BAND.fullmatch(text)
    if found is None or int(found[1]) >= BAND_COUNT:
        form = f"BAND:MINHASHES, a digit below {BAND_COUNT} and 16 hexadecimal digits"
        raise _refused(SignalKind.BAND, form)
    return bytes([int(found[1])]) + bytes.fromhex(found[2])


_FORMS: Final[Mapping[SignalKind, Callable[[str], bytes]]] = {
    SignalKind.ADDRESS: _address,
    SignalKind.NETWORK: _network,
    SignalKind.EMAIL_DOMAIN: _email_domain,
    SignalKind.PAYMENT: _payment,
    SignalKind.TLS: _tls,
    SignalKind.BAND: _band,
}


def canonical(kind: SignalKind, value: str) -> bytes:
    """The one form of a value.

    value       Text: an address, an address or network, a domain, fingerprints, a band; space around it is ignored.
    Raises      InvalidInput, which does not show the value.

    >>> canonical(SignalKind.ADDRESS, "::ffff:198.51.100.7") == canonical(SignalKind.ADDRESS, "198.51.100.7")
    True
    >>> canonical(SignalKind.NETWORK, "198.51.100.7").hex(), canonical(SignalKind.EMAIL_DOMAIN, "BÜCHER.example")
    ('c63364', b'xn--bcher-kva.example')
    """
    if len(value) > _LONGEST:
        raise _refused(kind, f"at most {_LONGEST} characters")
    return _FORMS[kind](value.strip())


def tag_input(kind: SignalKind, epoch: int, value: str) -> bytes:
    r"""What the function is evaluated on: version, kind, epoch and the value's one form, each apart from the others.

    epoch       0 to 2^63 - 1.
    Raises      InvalidInput as `canonical`, or for an epoch out of range.

    >>> tag_input(SignalKind.TLS, 2969, "t13d1516h2_8daaf6152771")[:22]
    b'stillwatch-tag-v1\x00tls\x00'
    """
    if not 0 <= epoch < 2**63:
        message = f"an epoch must be 0 to 2^63 - 1, got {epoch}"
        raise InvalidInput(message)
    start = LABEL + b"\0" + kind.value.encode() + b"\0"
    return start + epoch.to_bytes(8, "big") + canonical(kind, value)
