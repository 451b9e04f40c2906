"""What TOML says, as the settings want it: each kind of value with the words for what is allowed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from datetime import date, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final

__all__ = ["Network", "allowed", "read_table", "settings_of"]

Network = IPv4Network | IPv6Network

_MOST: Final = 1 << 62


def read_table(kind: type, table: Mapping[str, Any], prefix: str, at: Path) -> tuple[dict[str, Any], list[str]]:
    """Values of one table by name, and all that is wrong with it. Tables inside it are not looked at.

    kind    Dataclass whose fields are the settings.
    prefix  Name of the table with its point, for messages.
    at      Folder that relative paths are relative to.
    """
    known = {f.name: f.type for f in settings_of(kind)}
    found, problems = dict[str, Any](), list[str]()
    for name, value in table.items():
        if name not in known:
            problems.append(f"{prefix}{name} is no setting; there are {', '.join(sorted(known))}")
            continue
        read = _KINDS[known[name]][1](value, at)
        if read is None:
            problems.append(f"{prefix}{name} must be {allowed(known[name])}, got {type(value).__name__}")
        else:
            found[name] = read
    return found, problems


def settings_of(kind: type) -> list[Field[Any]]:
    """Fields that are settings; the others are tables.

    kind    Dataclass.
    """
    return [f for f in fields(kind) if f.type in _KINDS]


def allowed(kind: object) -> str:
    """What values of a kind may be.

    >>> allowed(int), allowed(Path | None)
    ('a whole number above 0', 'a path')
    """
    return _KINDS[kind][0]


def _text(value: object, _at: Path) -> str | None:
    return value if isinstance(value, str) and value else None


def _path(value: object, at: Path) -> Path | None:
    return at / value if isinstance(value, str) and value and "\0" not in value else None


def _whole(value: object, _at: Path) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST else None


def _number(value: object, at: Path) -> float | None:
    if isinstance(value, float):
        return value if 0 < value < math.inf else None
    return _whole(value, at)


def _date(value: object, _at: Path) -> date | None:
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _network(value: object, _at: Path) -> Network | None:
    try:
        return ip_network(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _list_of(one: Callable[[object, Path], Any]) -> Callable[[object, Path], tuple[Any, ...] | None]:
    def read(value: object, at: Path) -> tuple[Any, ...] | None:
        found = tuple(one(part, at) for part in value) if isinstance(value, list) else (None,)
        return None if None in found else found

    return read


_KINDS: Final[Mapping[Any, tuple[str, Callable[[object, Path], Any]]]] = {
    str: ("text", _text),
    str | None: ("text", _text),
    Path: ("a path", _path),
    Path | None: ("a path", _path),
    int: ("a whole number above 0", _whole),
    float: ("a number above 0", _number),
    tuple[str, ...]: ("a list of texts", _list_of(_text)),
    tuple[Path, ...]: ("a list of paths", _list_of(_path)),
    tuple[date, ...]: ("a list of dates such as 2026-12-25", _list_of(_date)),
    tuple[Network, ...]: ('a list of networks such as "10.0.0.0/8"', _list_of(_network)),
}
