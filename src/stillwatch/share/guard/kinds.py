"""Whether a value is of a kind: one small function each, none of which repeats the value."""

import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.share.guard.row import Kind, Row
from stillwatch.share.guard.scanners import scan
from stillwatch.share.rules.wording import wording_problem
from stillwatch.share.stix.ids import read_time, uuid_of
from stillwatch.share.stix.pattern import format_pattern, parse_pattern

__all__ = ["problem_of"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"member [0-9a-f]{4}")
_SIGNATURE = re.compile(r"([A-Za-z0-9_-]{92})\.\.[A-Za-z0-9_-]{86}")
_HEADER = re.compile(rb'\{"alg":"Ed25519","kid":"[A-Za-z0-9_-]{43}"\}')
_READABLE = re.compile(rb"[\x20-\x7e]{20,}")
_REPEATED = re.compile(rb"(.)\1{7}", re.DOTALL)
_SHOWN_MOST: Final = 12

Problem = tuple[str, str]
"""Rule and explanation."""


def problem_of(row: Row, value: object) -> Problem | None:
    """What is wrong with a single value, which is no object and no list; None for a right one.

    >>> problem_of(Row("x.count", Kind.CHOICE, "", (0, 1)), 17)
    ('choice', 'must be one of 0, 1')
    """
    return _CHECKS[row.kind](row, value)


def _choice(row: Row, value: object) -> Problem | None:
    if isinstance(value, Hashable) and (type(value), value) in row.allowed:
        return None
    if len(row.choices) > _SHOWN_MOST:
        return "choice", f"must be one of the {len(row.choices)} values that the table lists"
    return "choice", f"must be one of {', '.join(str(allowed) for allowed in row.choices)}"


def _time(_row: Row, value: object) -> Problem | None:
    if read_time(value) is None:
        return "time", "must be a UTC time with milliseconds, as 2026-11-02T03:04:05.006Z"
    return None


def _whole(row: Row, value: object) -> Problem | None:
    if type(value) is not int:
        return "number", "must be a whole number"
    return _within(row, value)


def _steps(row: Row, value: object) -> Problem | None:
    if type(value) not in (int, float) or not isinstance(value, int | float) or not math.isfinite(value):
        return "number", "must be a finite number"
    outside = _within(row, value)
    if outside:
        return outside
    step = row.step or 1
    if value != round(round(value / step) * step, 4):
        return "exact-value", f"must be a multiple of {step}: finer values are not told"
    return None


def _within(row: Row, value: float) -> Problem | None:
    if (row.least is not None and value < row.least) or (row.most is not None and value > row.most):
        return "range", f"must be from {row.least} to {row.most}"
    return None


def _id(row: Row, value: object) -> Problem | None:
    if any(uuid_of(value, kind) for kind in row.choices):
        return None
    return "id", f"must be an id of {' or '.join(row.choices)} with a random UUID (version 4, lower case)"


def _uuid(_row: Row, value: object) -> Problem | None:
    if isinstance(value, str) and uuid_of(f"some-type--{value}", "some-type"):
        return None
    return "uuid", "must be a random UUID (version 4), lower case with hyphens"


def _digest(_row: Row, value: object) -> Problem | None:
    if isinstance(value, str) and _DIGEST.fullmatch(value):
        return None
    return "digest", "must be 64 lower-case hexadecimal digits"


def _tag(row: Row, value: object) -> Problem | None:
    wrong = _digest(row, value)
    if wrong or not isinstance(value, str):
        return wrong
    data = bytes.fromhex(value)
    if _READABLE.search(data) or _REPEATED.search(data):
        return "readable-tag", "must be the output of a keyed function: this one can be read, or is padded"
    return None


def _schema(_row: Row, value: object) -> Problem | None:
    from stillwatch.share.guard.table import schema_hash  # noqa: PLC0415 - the table names the kinds that are checked here

    return None if value == schema_hash() else ("schema", "must be the hash of this version of the table")


def _signature(_row: Row, value: object) -> Problem | None:
    """One spelling of the header, so that there is no room for anything but a key's id and a signature."""
    found = _SIGNATURE.fullmatch(value) if isinstance(value, str) else None
    if found and _is_header(found[1]):
        return None
    return "signature", "must be a detached JWS of Ed25519, with the key's id and no other header"


@lru_cache(maxsize=256)
def _is_header(text: str) -> bool:
    """One member signs with one header for months."""
    header = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return urlsafe_b64encode(header).rstrip(b"=").decode() == text and _HEADER.fullmatch(header) is not None


def _name(_row: Row, value: object) -> Problem | None:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return None
    return "name", "must be the word member and four hexadecimal digits"


def _pattern(_row: Row, value: object) -> Problem | None:
    return _pattern_problem(value) if isinstance(value, str) else ("pattern", "must be a text")


@lru_cache(maxsize=256)
def _pattern_problem(value: str) -> Problem | None:
    """A pattern is looked at when it is made, sent, taken and checked."""
    try:
        if format_pattern(parse_pattern(value)) == value:
            return None
    except InvalidInput as wrong:
        return "pattern", str(wrong)
    return "pattern", "must be written as the language writes it"


def _words(_row: Row, value: object) -> Problem | None:
    if not isinstance(value, str):
        return "words", "must be a text"
    problem = wording_problem(value)
    if problem:
        return "words", problem
    found = [scanner for scanner in scan(value) if scanner.name != "prose"]
    return ("words", f"must not hold {found[0].says}") if found else None


_CHECKS: Final[Mapping[Kind, Callable[[Row, object], Problem | None]]] = {
    Kind.CHOICE: _choice,
    Kind.TIME: _time,
    Kind.WHOLE: _whole,
    Kind.STEPS: _steps,
    Kind.ID: _id,
    Kind.UUID: _uuid,
    Kind.DIGEST: _digest,
    Kind.TAG: _tag,
    Kind.SCHEMA: _schema,
    Kind.SIGNATURE: _signature,
    Kind.NAME: _name,
    Kind.PATTERN: _pattern,
    Kind.WORDS: _words,
}
