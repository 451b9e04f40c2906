"""The table made into functions: whether a document fits, and nothing about why it does not.

Nearly everything that is read fits. Where something does not, the reading in `check` says what; that reading alone
decides, and a property test holds the two against one another.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import orjson

from stillwatch.share.guard.kinds import problem_of
from stillwatch.share.guard.limits import NODES_MOST, too_much
from stillwatch.share.guard.row import Kind, Row
from stillwatch.share.guard.table import FIXED_OBJECTS, ROWS, children

__all__ = ["BUNDLE", "fits", "is_fixed", "key_of"]

BUNDLE: Final = "bundle"
_TABLED: Final = frozenset(path for path in ROWS if "." not in path)
_SINGLE: Final = frozenset({str, int, float, bool})

Fits = Callable[[object], bool]


def fits(document: dict[str, Any]) -> bool:
    """Whether every field of an object, or of a bundle and its objects, is what the table says.

    Within a single object the table bounds everything, so that only a bundle's size has to be looked at.
    """
    kind = document.get("type")
    if not isinstance(kind, str) or kind not in _TABLED or _names_fixed(document):
        return is_fixed(document)
    return not (kind == BUNDLE and _is_too_much(document)) and _fitting(kind)(document)


def is_fixed(document: dict[str, Any]) -> bool:
    """Whether it is an object that is the same for everybody: 1 and True are equal, and not written alike."""
    if not _names_fixed(document):
        return False
    identifier = document["id"]
    return bool(document == FIXED_OBJECTS[identifier]) and key_of(document) == _FIXED_KEYS[identifier]


def key_of(item: object) -> bytes | str:
    """What two equal documents have in common, whatever the order of their fields."""
    try:
        return orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # no JSON: refused anyway
        return repr(item)


@cache
def _fitting(path: str) -> Fits:
    row = ROWS[path]
    if row.kind is Kind.OBJECT:
        return _object(path)
    if row.kind is Kind.LIST:
        return _list(row)
    if row.kind is Kind.ANY:
        return _any
    if row.kind is Kind.CHOICE:
        return lambda value: type(value) in _SINGLE and (type(value), value) in row.allowed
    return lambda value: problem_of(row, value) is None


def _object(path: str) -> Fits:
    below = [(name, f"{path}.{name}") for name in children(path)]
    fields = [(name, _fitting(at), ROWS[at].required) for name, at in below]

    def fit(value: object) -> bool:
        if not isinstance(value, dict):
            return False
        n = 0
        for name, is_fine, required in fields:
            if name in value:
                if not is_fine(value[name]):
                    return False
                n += 1
            elif required:
                return False
        return n == len(value)

    return fit


def _list(row: Row) -> Fits:
    least, most, inner = int(row.least or 0), int(row.most or 0), _fitting(f"{row.path}[]")

    def fit(value: object) -> bool:
        return (
            isinstance(value, list)
            and least <= len(value) <= most
            and all(map(inner, value))
            and len(set(map(key_of, value))) == len(value)
        )

    return fit


def _any(value: object) -> bool:
    """An object of a bundle: no other bundle, and no message."""
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(value, dict) and (f"{kind}.spec_version" in ROWS or is_fixed(value)) and fits(value)


def _is_too_much(bundle: dict[str, Any]) -> bool:
    """Every value takes two bytes at least, so that a short bundle cannot hold too many."""
    try:
        if len(orjson.dumps(bundle)) <= 2 * NODES_MOST:
            return False
    except TypeError:  # too deep for orjson, or no JSON
        return True
    return too_much(bundle) is not None


def _names_fixed(document: dict[str, Any]) -> bool:
    identifier = document.get("id")
    return isinstance(identifier, str) and identifier in FIXED_OBJECTS


_FIXED_KEYS: Final = {name: key_of(made) for name, made in FIXED_OBJECTS.items()}
