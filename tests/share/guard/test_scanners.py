"""Scanners: what must not cross is named, however it is dressed; the words of the table are not taken for it."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.share.guard.normalise import plain
from stillwatch.share.guard.scanners import SCANNERS, scan
from stillwatch.share.guard.table import TABLE
from stillwatch.share.guard.words import ENFORCEMENT_WORDS, enforcement_word
from stillwatch.share.stix.vocabulary import MAX_TOKENS

FOUND = [
    ("e-mail", "jo@example.org"),
    ("e-mail", "jo (at) example (dot) org"),
    ("e-mail", "jo＠example．org"),
    ("e-mail", "j\u200bo@exam\u200dple.org"),
    ("e-mail", "jo[at]example[dot]org"),
    ("card", "4111111111111111"),
    ("card", "4111-1111-1111-1111"),
    ("card", "x4111 1111 1111 1111x"),
    ("card", "４１１１１１１１１１１１１１１１"),
    ("card", "٤١١١١١١١١١١١١١١١"),
    ("card", "4111\u200b1111\u200b1111\u200b1111"),
    ("card", "4lll llll llll llll"),
    ("card", "378282246310005"),
    ("api-key", "sk-ant-api03-abcdefghijkl"),
    ("api-key", "AKIAIOSFODNN7EXAMPLE"),
    ("api-key", "ghp_abcdefghijklmnop"),
    ("api-key", "Bearer abcdefgh.ijkl"),
    ("private-key", "-----BEGIN OPENSSH PRIVATE KEY-----"),
    ("private-key", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
    ("address", "192.0.2.1"),
    ("address", "192.0.2.0/24"),
    ("address", "192[.]0[.]2[.]1"),
    ("address", "１９２．０．２．１"),
    ("address", "l92.O.2.l"),
    ("address", "2001:db8::1"),
    ("address", "2001:db8::/32"),
    ("address", "::ffff:192.0.2.1"),
    ("url", "https://intranet/x"),
    ("url", "hxxps://evil"),
    ("url", "acme.com"),
    ("url", "www.acme"),
    ("phone", "+1 (555) 010-9999"),
    ("phone", "030 1234 5678"),
    ("prose", "write me a poem about rain"),
    ("prose", "write_me_a_poem_about_rain"),
    ("prose", "I don't know what they want"),
    ("blob", "d2hhdCBpcyB0aGUgcGFzc3dvcmQ/"),
    ("blob", "deadbeef0badf00d1"),
    ("account", "acct_12ab34"),
    ("account", "user-00017"),
    ("account", "6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89"),
    ("enforcement", "autoBlock"),
    ("enforcement", "BAN_LIST"),
    ("enforcement", "рriсе"),
    ("script", "привет"),
    ("script", "a\u200bb"),
    ("script", "a\nb"),
]


@pytest.mark.parametrize(("name", "text"), FOUND)
def test_shapes_are_found_however_they_are_dressed(name: str, text: str) -> None:
    """Plain, full width, other digits, look-alikes, zero width, brackets."""
    assert name in {scanner.name for scanner in scan(text)}


def test_every_scanner_has_an_example() -> None:
    """None stands there that finds nothing."""
    assert {name for name, _ in FOUND} == {scanner.name for scanner in SCANNERS}


def test_words_of_the_table_are_not_taken_for_secrets() -> None:
    """No value of a choice fires, but sentences, ids and spans of tokens, which are compared with constants."""
    words = {choice for row in TABLE for choice in row.choices if isinstance(choice, str)} - {*MAX_TOKENS}
    fired = {word for word in words if scan(word)}
    assert all(" " in word or "--" in word or word.endswith("Z") for word in fired), fired


@settings(deadline=None)
@given(value=st.integers(0, 2**128 - 1), start=st.sampled_from(["", "x=", "[", "net "]))
def test_every_ipv6_address_is_found(value: int, start: str) -> None:
    """As the library writes it, with something before."""
    assert "address" in {scanner.name for scanner in scan(f"{start}{ipaddress.IPv6Address(value)}")}


@settings(deadline=None)
@given(value=st.integers(0, 2**32 - 1), length=st.none() | st.integers(0, 32))
def test_every_ipv4_address_and_network_is_found(value: int, length: int | None) -> None:
    """With and without a prefix length."""
    text = f"{ipaddress.IPv4Address(value)}{'' if length is None else f'/{length}'}"
    assert "address" in {scanner.name for scanner in scan(text)}


@settings(deadline=None)
@given(digits=st.text("0123456789", min_size=12, max_size=18), joint=st.sampled_from(["", " ", "-", "."]))
def test_every_number_with_a_right_check_digit_is_a_card(digits: str, joint: str) -> None:
    """Luhn's check digit is added by the definition of ISO/IEC 7812, read from the left."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    whole = digits + str(-total % 10)
    expected = len(set(whole)) > 1
    assert ("card" in {scanner.name for scanner in scan(joint.join(whole))}) or not expected


@given(text=st.text(max_size=200))
def test_plain_text_stays_plain(text: str) -> None:
    """Undoing tricks twice changes nothing more, and ASCII that can be seen is left alone."""
    once = plain(text)
    assert plain(once) == once
    seen = "".join(c for c in text if c.isascii() and c.isprintable())
    assert plain(seen) == seen


def test_enforcement_words_are_words_and_not_parts_of_words() -> None:
    """Each is found alone; a longer word that begins with it is another."""
    assert all(enforcement_word(word) for word in ENFORCEMENT_WORDS)
    assert not any(enforcement_word(word) for word in ("bandwidth", "costume", "pricey", "blockage", "turban"))
