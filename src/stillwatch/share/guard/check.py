"""Hold a document against the table: every refusal at once, none of which repeats what was refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, Final

import orjson

from stillwatch.share.guard.cross import CROSS_RULES, clock_problem
from stillwatch.share.guard.kinds import problem_of
from stillwatch.share.guard.limits import TEXT_MOST, too_much
from stillwatch.share.guard.row import Kind, Row
from stillwatch.share.guard.scanners import scan
from stillwatch.share.guard.table import FIXED_OBJECTS, ROWS, TABLE, children

__all__ = ["REFUSALS_MOST", "SCANNED_MOST", "Refusal", "check"]

REFUSALS_MOST: Final = 1000
SCANNED_MOST: Final = 1 << 16
"""Characters of refused values that are looked through to explain; the document is refused either way."""

_TYPES: Final = tuple(row.path for row in TABLE if "." not in row.path)
_FIXED_TYPES: Final = frozenset(made["type"] for made in FIXED_OBJECTS.values())
_RULES: Final = {kind: [rule for rule in CROSS_RULES if kind in rule.types] for kind in _TYPES}
_KNOWN: Final = frozenset(name for path in ROWS if ROWS[path].kind is Kind.OBJECT for name in children(path))


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a document may not cross.

    path          JSON pointer (RFC 6901); a field that the table does not know is ``?`` and its place in the object.
    rule          Which rule: ``unknown-field``, ``choice``, ``value:card``, ...
    explanation   What is allowed; never what was there.
    """

    path: str
    rule: str
    explanation: str


def check(document: object, *, now: datetime | None = None) -> list[Refusal]:
    """Every reason why a document may not cross; none when it may.

    document    Anything that JSON can say: a bundle, one object of it, or a message.
    now         When given, what comes from the future or has expired is refused too. Without it the answer depends on
                the document and the table alone, so that anyone can replay it.

    >>> [(r.path, r.rule) for r in check({"type": "bundle", "mail": "jo@example.org"}) if "?" in r.path]
    [('/?1', 'unknown-field'), ('/?1', 'value:e-mail'), ('/?1', 'value:url')]
    """
    bound = too_much(document)
    if bound:
        return [Refusal("", "limit", bound)]
    return list(islice(_Reading(now).top(document, ""), REFUSALS_MOST))


class _Reading:
    """One document being read: what time it is, and how much text may still be looked through."""

    def __init__(self, now: datetime | None) -> None:
        self.now = now
        self.left = SCANNED_MOST

    def top(self, value: object, at: str, *, inside: bool = False) -> Iterator[Refusal]:
        """An object whose type says what it may hold; `inside` a bundle, there is no other bundle and no message."""
        if not isinstance(value, dict):
            yield Refusal(at, "type", "must be an object with a type")
            yield from self.scanned(value, at)
            return
        identifier, kind = value.get("id"), value.get("type")
        fixed = FIXED_OBJECTS.get(identifier) if isinstance(identifier, str) else None
        if fixed is not None and value == fixed and _key(value) == _FIXED_KEYS[fixed["id"]]:
            return  # equal and written alike: 1 and True are equal and not written alike
        if fixed is not None or (isinstance(kind, str) and kind in _FIXED_TYPES and kind not in _TYPES):
            yield Refusal(at, "fixed", "must be equal to the object that is the same for everybody")
            yield from self.scanned(value, at)
        elif kind not in _TYPES or (inside and f"{kind}.spec_version" not in ROWS):
            yield Refusal(f"{at}/type", "unknown-type", f"must be one of {', '.join(sorted({*_TYPES, *_FIXED_TYPES}))}")
            yield from self.scanned(value, at)
        else:
            row = ROWS[str(kind)]
            if not _fits(value, row):
                yield from self.fields(value, at, row)
            yield from self.between(value, at)

    def between(self, value: dict[str, Any], at: str) -> Iterator[Refusal]:
        for rule in _RULES[value["type"]]:
            yield from (Refusal(f"{at}{place}", rule.name, rule.says) for place in rule.broken(value))
        late = clock_problem(value, self.now) if self.now else None
        if late:
            yield Refusal(f"{at}{late[0]}", late[1], late[2])

    def walk(self, value: object, at: str, row: Row) -> Iterator[Refusal]:
        if row.kind is Kind.ANY:
            yield from self.top(value, at, inside=True)
        elif row.kind is Kind.OBJECT:
            yield from self.fields(value, at, row)
        elif row.kind is Kind.LIST:
            yield from self.items(value, at, row)
        else:
            wrong = problem_of(row, value)
            if wrong:
                yield Refusal(at, *wrong)
                yield from self.scanned(value, at)

    def fields(self, value: object, at: str, row: Row) -> Iterator[Refusal]:
        if not isinstance(value, dict):
            yield Refusal(at, "type", "must be an object")
            yield from self.scanned(value, at)
            return
        due = _due(row.path)
        for name, below in due.items():
            if name in value:
                yield from self.walk(value[name], f"{at}/{name}", below)
            elif below.required:
                yield Refusal(f"{at}/{name}", "missing", "must be there")
        for place, name in enumerate(value):
            if name not in due:
                pointer = f"{at}/{_shown(name, place)}"
                yield Refusal(pointer, "unknown-field", f"must be one of {', '.join(due)}")
                yield from self.shapes(name, pointer)
                yield from self.scanned(value[name], pointer)

    def items(self, value: object, at: str, row: Row) -> Iterator[Refusal]:
        if not isinstance(value, list):
            yield Refusal(at, "type", "must be a list")
            yield from self.scanned(value, at)
            return
        least, most = int(row.least or 0), int(row.most or 0)
        if not least <= len(value) <= most:
            yield Refusal(at, "length", f"must hold {least} to {most}")
        if len({_key(item) for item in value}) != len(value):
            yield Refusal(at, "repeated", "must hold nothing twice")
        inner = ROWS[f"{row.path}[]"]
        for place, item in enumerate(value):
            yield from self.walk(item, f"{at}/{place}", inner)

    def scanned(self, value: object, at: str) -> Iterator[Refusal]:
        """Shapes of every text below a value that was refused, names of fields included."""
        if isinstance(value, dict):
            for place, (name, inner) in enumerate(value.items()):
                pointer = f"{at}/{_shown(name, place)}"
                yield from self.shapes(name, pointer)
                yield from self.scanned(inner, pointer)
        elif isinstance(value, list):
            for place, inner in enumerate(value):
                yield from self.scanned(inner, f"{at}/{place}")
        elif isinstance(value, str):
            yield from self.shapes(value, at)
        elif isinstance(value, int | float):
            yield from self.shapes(str(value), at)
        elif value is not None:
            yield Refusal(at, "type", "must be JSON")

    def shapes(self, text: object, at: str) -> Iterator[Refusal]:
        if not isinstance(text, str):
            yield Refusal(at, "type", "must be JSON: a field's name must be a text")
            return
        if text in _KNOWN or self.left <= 0:
            return
        if len(text) > TEXT_MOST:
            yield Refusal(at, "limit", f"must have at most {TEXT_MOST} characters")
        self.left -= min(len(text), TEXT_MOST)
        for scanner in scan(text[:TEXT_MOST]):
            yield Refusal(at, f"value:{scanner.name}", f"must not hold {scanner.says}")


def _fits(value: object, row: Row) -> bool:
    """Whether there is nothing to refuse, as for most of what is read; where there is, the reading says what.

    Of a bundle no: what it holds is read one by one.
    """
    if row.kind is Kind.OBJECT:
        if not isinstance(value, dict):
            return False
        n = 0
        for name, below in _due(row.path).items():
            if name in value:
                if not _fits(value[name], below):
                    return False
                n += 1
            elif below.required:
                return False
        return n == len(value)
    if row.kind is Kind.LIST:
        if not isinstance(value, list) or not int(row.least or 0) <= len(value) <= int(row.most or 0):
            return False
        inner = ROWS[f"{row.path}[]"]
        return all(_fits(item, inner) for item in value) and len(set(map(_key, value))) == len(value)
    return row.kind is not Kind.ANY and problem_of(row, value) is None


@cache
def _due(path: str) -> dict[str, Row]:
    return {name: ROWS[f"{path}.{name}"] for name in children(path)}


def _shown(name: object, place: int) -> str:
    """A field's name where the table knows it; else its place: the name may be what must not be told."""
    return name if isinstance(name, str) and name in _KNOWN else f"?{place}"


def _key(item: object) -> bytes | str:
    try:
        return orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # no JSON: refused anyway
        return repr(item)


_FIXED_KEYS: Final = {name: _key(made) for name, made in FIXED_OBJECTS.items()}
