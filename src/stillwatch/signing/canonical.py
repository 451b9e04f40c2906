"""Canonical JSON: one sequence of bytes for one document, whoever writes it.

References
----------
RFC 8785 (2020), JSON Canonicalization Scheme; RFC 7493 (2015), the I-JSON message format.
"""

import json
import re
from typing import Any, Final, NoReturn

import orjson
from rfc8785 import CanonicalizationError, dumps

from stillwatch.errors import InvalidInput
from stillwatch.signing.refused import Reason, Refused

__all__ = ["MOST_BYTES", "MOST_DEPTH", "canonical", "encoded", "parse", "parse_any"]

MOST_BYTES: Final = 1 << 20
MOST_DEPTH: Final = 32
_SAFE: Final = 2**53 - 1
_PRINTED_WHOLE: Final = 1e21
"""Floats from here on are printed with an exponent, and so are floats for whoever reads them."""
_PRINTED_ALIKE: Final = 1e-4, 1e15
"""Between these, everybody prints a float that is no whole number alike."""
_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS: Final = re.compile(r"[\[\]{}\"]")


def canonical(document: object) -> bytes:
    r"""Canonical JSON of a document.

    Raises      InvalidInput for what is no JSON: numbers that not everybody reads the same (beyond 2^53 - 1, not
                finite), lone surrogates, keys that are not text, more than 32 levels, more than 1 MiB.

    >>> canonical({"b": [1.0, "\u20ac"], "a": None})
    b'{"a":null,"b":[1,"\xe2\x82\xac"]}'
    """
    try:
        data = encoded(document)
    except (CanonicalizationError, UnicodeEncodeError) as error:
        message = f"a document must be JSON: text in Unicode, keys of text, no other types ({type(error).__name__})"
        raise InvalidInput(message) from error
    if len(data) > MOST_BYTES:
        message = f"a document must have at most {MOST_BYTES} bytes, got {len(data)}"
        raise InvalidInput(message)
    return data


def encoded(document: object) -> bytes:
    """As `canonical`, without the limit on bytes, for documents whose size was looked at already.

    What orjson writes as the RFC does, which is nearly all that crosses, it writes: a hundred times as fast.

    Raises      InvalidInput as `canonical` for numbers and levels; CanonicalizationError for what is no JSON.
    """
    if _check(document):
        try:
            return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # a lone surrogate: the writer below says so
            pass
    return dumps(document)  # type: ignore[arg-type]  # what it does not know it refuses


def _check(document: object) -> bool:
    """Bounds of numbers and levels; whether the document has but plain types, keys in ASCII and plain floats.

    Sorted by UTF-8, as orjson does, and by UTF-16, as the RFC does, keys in ASCII come in one order.
    """
    is_plain, depth, row = True, 1, [document]
    while row:
        inner: list[Any] = []
        for value in row:
            kind = type(value)
            if kind is str or kind is bool or value is None:
                continue
            if isinstance(value, dict):
                is_plain = is_plain and kind is dict and _has_plain_keys(value)
                inner += value.values()
            elif isinstance(value, list | tuple):
                is_plain = is_plain and kind in (list, tuple)
                inner += value
            elif isinstance(value, int | float):
                if not _is_read_alike(value):
                    message = "numbers must be finite, and whole ones within 2^53 - 1: readers disagree about others"
                    raise InvalidInput(message)
                is_plain = is_plain and (kind is int or (kind is float and _is_printed_alike(value)))
            else:
                is_plain = False
        if inner and depth > MOST_DEPTH:
            message = f"a document must have at most {MOST_DEPTH} levels"
            raise InvalidInput(message)
        row, depth = inner, depth + 1
    return is_plain


def _has_plain_keys(value: dict[Any, Any]) -> bool:
    try:
        return "".join(value).isascii()
    except TypeError:
        return False


def _is_printed_alike(value: float) -> bool:
    least, most = _PRINTED_ALIKE
    return least <= abs(value) < most and not value.is_integer()


def _is_read_alike(value: float) -> bool:
    size = abs(value)
    return size <= _SAFE or (isinstance(value, float) and _PRINTED_WHOLE <= size < float("inf"))


def parse(data: bytes, most_bytes: int = MOST_BYTES, most_depth: int = MOST_DEPTH) -> dict[str, Any]:
    r"""Read an object from strangers: strict, and bounded before anything is built.

    Raises      Refused, as `parse_any`; malformed when it is no object.

    >>> parse(b'{"a": [1, 2]}')
    {'a': [1, 2]}
    """
    document = parse_any(data, most_bytes, most_depth)
    if not isinstance(document, dict):
        raise Refused(Reason.MALFORMED, "a message must be a JSON object")
    return document


def parse_any(data: bytes, most_bytes: int = MOST_BYTES, most_depth: int = MOST_DEPTH) -> Any:  # noqa: ANN401 - any JSON
    """As `parse`, any JSON.

    Raises      Refused: oversized, truncated, too deep or malformed (a key twice, numbers as in `canonical`); nothing
                of the message is repeated.
    """
    if len(data) > most_bytes:
        raise Refused(Reason.OVERSIZED, f"a message must have at most {most_bytes} bytes, got {len(data)}")
    _check_brackets(data.decode("utf-8", "replace"), most_depth)
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        _check(document)
    except InvalidInput as error:
        raise Refused(Reason.MALFORMED, f"a message must be I-JSON: {error}") from None
    except ValueError as error:  # also UnicodeDecodeError, and a number of too many digits
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        told = f"a message must be JSON in UTF-8, got {len(data)} bytes that are not{place}"
        raise Refused(Reason.MALFORMED, told) from None  # the cause would carry the message
    return document


def _check_brackets(text: str, most_depth: int) -> None:
    """Whatever was cut off leaves an object open; depth is known before the parser goes down."""
    depth = deepest = 0
    bare = _STRING.sub("", text)
    for bracket in _BRACKETS.findall(bare):
        depth += 1 if bracket in '[{"' else -1  # a quote that is left over opens a string that never ends
        deepest = max(deepest, depth)
    if deepest > most_depth + 1:  # one more may be the quote
        raise Refused(Reason.TOO_DEEP, f"a message must be at most {most_depth} levels deep")
    if depth > 0 or not bare.strip():
        raise Refused(Reason.TRUNCATED, f"a message must be whole, this one ends after {len(text)} characters")
    if deepest > most_depth:
        raise Refused(Reason.TOO_DEEP, f"a message must be at most {most_depth} levels deep")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "no key may stand twice in one object"
        raise InvalidInput(message)
    return found


def _no_constant(_name: str) -> NoReturn:
    message = "NaN and infinity are no numbers"
    raise InvalidInput(message)
