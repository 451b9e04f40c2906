"""Keys of one table of a policy file, each taken once and checked; what nobody takes is wrong."""

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from stillwatch.act.policy.places import Places
from stillwatch.act.policy.wrong import Problem

__all__ = ["Fields", "duration"]

_DURATION: Final = re.compile(r"([1-9][0-9]{0,5})(m|h|d)")
_UNITS: Final[Mapping[str, timedelta]] = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_Choice = TypeVar("_Choice", bound=StrEnum)


def duration(text: str) -> timedelta | None:
    """Duration such as 90m, 24h or 7d; None for anything else.

    >>> duration("36h").days
    1
    """
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None


class Fields:
    """A table being read; problems are collected, and what is wrong is None.

    what    Array or table it is of: rule, tier, case, limits, or empty for the file itself.
    """

    def __init__(self, told: Mapping[str, Any], places: Places, problems: list[Problem], what: str, index: int) -> None:
        self._told = dict(told)
        self._places = places
        self._problems = problems
        self._what = what
        self._index = index
        self.missed: set[str] = set()

    def line(self, key: str = "") -> int:
        """Line of a key, else of the table."""
        return self._places.line(self._what, self._index, key)

    def wrong(self, key: str, text: str) -> None:
        """Note a problem with a key."""
        self.missed.add(key)
        self._problems.append(Problem(self.line(key), text))

    def take(self, key: str) -> Any:  # noqa: ANN401 - what TOML gave
        """Value as it is; None when it is not there."""
        return self._told.pop(key, None)

    def text(self, key: str, *, needed: bool = True) -> str | None:
        """A text that is not empty."""
        value = self.take(key)
        if value is None and not needed:
            return None
        if not isinstance(value, str):
            self.wrong(key, f"{self._named(key)} must be a text{_got(value)}")
            return None
        return value

    def name(self, key: str = "name", *, needed: bool = True) -> str | None:
        """A name: what tables, pages and the ledger can show as it is."""
        value = self.text(key, needed=needed)
        if value is not None and not _NAME.fullmatch(value):
            self.wrong(key, f"{self._named(key)} must be 1 to 64 letters, digits, spaces, points, _ or -")
            return None
        return value

    def number(self, key: str, least: float, most: float) -> float | None:
        """A number from `least` to `most`; None when it is not there."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(key, f"{self._named(key)} must be a number{_got(value)}")
            return None
        if not least <= value <= most:
            self.wrong(key, f"{self._named(key)} must be {least:g} to {most:g}")
            return None
        return float(value)

    def choice(self, key: str, kinds: type[_Choice], default: _Choice | None = None) -> _Choice | None:
        """One of a closed list."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or value not in {one.value for one in kinds}:
            got = f", got {value}" if isinstance(value, str) and value.isidentifier() else _got(value)
            self.wrong(key, f"{self._named(key)} must be one of {', '.join(kinds)}{got}")
            return None
        return kinds(value)

    def lasting(self, key: str, least: timedelta, most: timedelta) -> timedelta | None:
        """A duration within bounds; None when it is not there."""
        value = self.take(key)
        if value is None:
            return None
        found = duration(value) if isinstance(value, str) else None
        if found is None or not least <= found <= most:
            self.wrong(key, f"{self._named(key)} must be 1m to {most.days}d, such as 90m, 24h or 7d")
            return None
        return found

    def end(self, known: Collection[str]) -> None:
        """Nothing may be left."""
        for key in self._told:
            shown = key if key.isascii() and key.isprintable() and len(key) <= 64 else "a key"
            self.wrong(key, f"{shown} is not known here; there are {', '.join(known)}")

    def _named(self, key: str) -> str:
        return f"{self._what} {key}".strip()


def _got(value: object) -> str:
    """Kind of a value, never the value."""
    return ", got nothing" if value is None else f", got {type(value).__name__}"
