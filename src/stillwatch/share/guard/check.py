"""Hold a document against the table: every refusal at once, none of which repeats what was refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, Final

from stillwatch.share.guard.cross import CROSS_RULES, clock_problem
from stillwatch.share.guard.fitting import BUNDLE, fits, is_fixed, key_of
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
    if isinstance(document, dict) and _passes(document, now):
        return []
    bound = too_much(document)
    if bound:
        return [Refusal("", "limit", bound)]
    return list(islice(_Reading(now).top(document, ""), REFUSALS_MOST))


def _passes(document: dict[str, Any], now: datetime | None) -> bool:
    """Whether there is nothing to refuse, as in most of what is read."""
    if not fits(document):
        return False
    objects = [document, *document["objects"]] if document["type"] == BUNDLE else [document]
    told = [made for made in objects if not is_fixed(made)]
    if any(True for made in told for rule in _RULES[made["type"]] for _ in rule.broken(made)):
        return False
    return now is None or not any(clock_problem(made, now) for made in told)


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
        if is_fixed(value):
            return
        if fixed is not None or (isinstance(kind, str) and kind in _FIXED_TYPES and kind not in _TYPES):
            yield Refusal(at, "fixed", "must be equal to the object that is the same for everybody")
            yield from self.scanned(value, at)
        elif kind not in _TYPES or (inside and f"{kind}.spec_version" not in ROWS):
            yield Refusal(f"{at}/type", "unknown-type", f"must be one of {', '.join(sorted({*_TYPES, *_FIXED_TYPES}))}")
            yield from self.scanned(value, at)
        else:
            yield from self.fields(value, at, ROWS[str(kind)])
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
        if len({key_of(item) for item in value}) != len(value):
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


@cache
def _due(path: str) -> dict[str, Row]:
    return {name: ROWS[f"{path}.{name}"] for name in children(path)}


def _shown(name: object, place: int) -> str:
    """A field's name where the table knows it; else its place: the name may be what must not be told."""
    return name if isinstance(name, str) and name in _KNOWN else f"?{place}"
