"""What a value looks like that must not cross. They explain a refusal; the table alone already refuses free text."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from stillwatch.share.guard.normalise import readings
from stillwatch.share.guard.words import enforcement_word

__all__ = ["SCANNERS", "Scanner", "scan"]

_EMAIL = re.compile(
    r"[\w.+'-] ?(?:@|\(at\)|\[at\]) ?[\w-]{1,63}(?: ?(?:\.|\(dot\)|\[dot\]) ?[\w-]{1,63})+", re.IGNORECASE
)
_DIGITS = re.compile(r"\d(?:[ .\-_/,:]{0,2}\d){12,}")
_KEY = re.compile(
    r"(?<![A-Za-z])(?:sk|pk|rk|api|key)[-_][A-Za-z0-9_-]{12,}|AKIA[0-9A-Z]{8,}|gh[pousr]_\w{10,}|github_pat_\w{10,}"
    r"|xox[abpr]-[\w-]{8,}|AIza[\w-]{20,}|glpat-[\w-]{8,}|hf_\w{10,}|[Bb]earer [\w.~+/-]{8,}"
)
_PRIVATE = re.compile(r"-----BEGIN|PRIVATE KEY|ssh-(?:rsa|ed25519) |eyJ[\w-]{4,}\.[\w-]*")
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:(?:\.|\[\.\]|\(\.\)|\[dot\])\d{1,3}){3}(?:/\d{1,2})?(?![\d])")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,}")
_URL = re.compile(
    r"\b(?:h(?:tt|xx)ps?|ftp|wss?|file|data|mailto|tel)\s?:|//[\w-]|\bwww\.|(?<=\w)(?:\.|\[\.\]|\[dot\])"
    r"(?:com|net|org|io|ai|dev|co|cn|ru|uk|de|eu|info|biz|app|cloud|xyz|example|test)\b",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w])\+?\(?\d(?:[ ().\-/]{0,2}\d){7,14}(?![\w])")
_PROSE = re.compile(r"(?<![^\W\d_])(?:[^\W\d_]+(?:['’][^\W\d_]+)?[\s,.;:!?_-]+){4}[^\W\d_]{2,}")
_BLOB = re.compile(r"[A-Za-z0-9+/=_-]{24,}|[0-9A-Fa-f]{16,}")
_ACCOUNT = re.compile(
    r"\b(?:acct|acc|account|user|usr|org|cust|cus|team|proj|project|workspace|tenant|member|session)"
    r"[-_:#=/ ]{1,2}(?=\w*\d)\w{3,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE,
)


class Scanner(NamedTuple):
    """A shape: its name, what it is in words, whether a text has it."""

    name: str
    says: str
    finds: Callable[[str], bool]


def _luhn(digits: str) -> bool:
    total = sum(int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(reversed(digits)))
    return total % 10 == 0


def _card(text: str) -> bool:
    for run in _DIGITS.findall(text):
        digits = "".join(c for c in run if c.isdigit())[:64]
        windows = (digits[i : i + n] for n in range(13, 20) for i in range(len(digits) - n + 1))
        if any(_luhn(window) and len(set(window)) > 1 for window in windows):
            return True
    return False


def _address(text: str) -> bool:
    return _IPV4.search(text) is not None or any(
        _is_ipv6(found[start:]) for found in _IPV6.findall(text) if found.count(":") > 1 for start in range(4)
    )


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text.strip("."))
    except ValueError:
        return False
    return True


def _blob(text: str) -> bool:
    return any(_is_mixed(found) for found in _BLOB.findall(text))


def _is_mixed(text: str) -> bool:
    """Digits and letters mixed, or both cases mixed within: no word, and no words joined by hyphens."""
    inner = text[1:]
    has_digit = any(c.isdigit() for c in text)
    is_mixed_case = inner.lower() != inner != inner.upper()
    return (has_digit and any(c.isalpha() for c in text)) or (len(text) >= 24 and is_mixed_case)


SCANNERS: Final = (
    Scanner("e-mail", "an e-mail address", lambda t: _EMAIL.search(t) is not None),
    Scanner("card", "a card number", _card),
    Scanner("api-key", "an API key", lambda t: _KEY.search(t) is not None),
    Scanner("private-key", "a private key or a signed token", lambda t: _PRIVATE.search(t) is not None),
    Scanner("address", "an IP address or network", _address),
    Scanner("url", "a URL or domain", lambda t: _URL.search(t) is not None),
    Scanner("phone", "a telephone number", lambda t: _PHONE.search(t) is not None),
    Scanner("prose", "words in a row, as of a prompt", lambda t: _PROSE.search(t) is not None),
    Scanner("blob", "encoded bytes where no tag is due", _blob),
    Scanner("account", "the id of an account", lambda t: _ACCOUNT.search(t) is not None),
    Scanner("enforcement", "a word for what somebody does or charges", enforcement_word),
    Scanner("script", "letters that are not ASCII, or invisible ones", lambda t: not (t.isascii() and t.isprintable())),
)
"""Every shape, in the order in which they are told."""


def scan(text: str) -> tuple[Scanner, ...]:
    """Shapes that a text has, tricks of Unicode undone.

    >>> [scanner.name for scanner in scan("mail jo＠example．org")]
    ['e-mail', 'url', 'script']
    >>> scan("reasoning-elicitation")
    ()
    """
    return tuple(_found(text))


def _found(text: str) -> Iterator[Scanner]:
    known, as_digits = readings(text)
    for scanner in SCANNERS:
        if scanner.name == "script":
            seen: tuple[str, ...] = (text,)
        elif scanner.name in {"card", "phone", "address"}:
            seen = (known, as_digits)
        else:
            seen = (known,)
        if any(scanner.finds(one) for one in seen):
            yield scanner
