"""Values of the settings file that are in force, each with what its dataclass says of it. Secrets are never shown."""

import inspect
from dataclasses import MISSING, Field, dataclass, fields
from datetime import date, timedelta
from typing import Any, Final

from stillwatch.act.appeals.appeal import AppealRules
from stillwatch.service.settings import PARTS, AppealSettings, ServiceSettings
from stillwatch.service.settings_values import settings_of

__all__ = ["KEPT", "Setting", "in_force", "meanings", "settings_kept"]

KEPT: Final = (
    "collect.keep_days",
    "collect.most_bytes",
    "collect.content",
    "watch.remembers_days",
    "console.idle_minutes",
    "console.session_hours",
)
"""What says how long something stays."""
_HIDDEN: Final = "set, and not shown"
_NOT_SET: Final = "not set"
_UNITS: Final = {
    "_days": "days",
    "_minutes": "minutes",
    "_hours": "hours",
    "_h": "hours",
    "_s": "seconds",
}
_BINARY: Final = (("GiB", 30), ("MiB", 20), ("KiB", 10))


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    name        As in the file, with its table: ``collect.keep_days``.
    value       In words.
    is_default  The file does not say otherwise.
    """

    name: str
    value: str
    meaning: str
    is_default: bool


def in_force(settings: ServiceSettings) -> dict[str, list[Setting]]:
    """All settings by table, in the order of the file; the empty name is for what stands before any table."""
    found = {"": _of_table("", ServiceSettings, settings)}
    for table, kind in PARTS.items():
        told = getattr(settings, table)
        found[table] = _of_table(f"{table}.", kind, _appeals(told) if kind is AppealSettings else told)
    return found


def settings_kept(settings: ServiceSettings) -> list[Setting]:
    """Those of `KEPT`, in its order."""
    found = {one.name: one for table in in_force(settings).values() for one in table}
    return [found[name] for name in KEPT]


def meanings(kind: type) -> dict[str, str]:
    """What the aligned lines of a dataclass's docstring say of its fields.

    >>> meanings(Setting)["value"]
    'In words.'
    """
    names = {one.name for one in fields(kind)}
    found: dict[str, str] = {}
    last: str | None = None
    for line in (inspect.getdoc(kind) or "").splitlines():
        head, _, rest = line.partition("  ")
        if head in names and rest.strip():
            last = head
            found[head] = rest.strip()
        elif last is not None and line.startswith("  "):
            found[last] += f" {line.strip()}"
        else:
            last = None
    return found


def _of_table(prefix: str, kind: type, told: object) -> list[Setting]:
    said = meanings(kind)
    return [
        Setting(
            f"{prefix}{one.name}",
            _value(one, getattr(told, one.name)),
            said.get(one.name, ""),
            getattr(told, one.name) == _default(one),
        )
        for one in settings_of(kind)
    ]


def _default(one: Field[Any]) -> object:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def _appeals(rules: AppealRules) -> AppealSettings:
    """The rules as the file tells them."""
    within = rules.file_within // timedelta(days=1)
    return AppealSettings(rules.answer_within, within, tuple(sorted(rules.holidays)), rules.most_softened)


def _value(one: Field[Any], value: object) -> str:
    if value is None or value in ("", ()):
        return _NOT_SET
    if not one.repr:
        return _HIDDEN
    if isinstance(value, tuple):
        return ", ".join(map(_plain, value))
    if one.name.endswith("_bytes") and isinstance(value, int):
        return _size(value)
    unit = next((unit for ending, unit in _UNITS.items() if one.name.endswith(ending)), "")
    return f"{_plain(value)} {unit}".strip() if unit and isinstance(value, int | float) else _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return f"{value:,g}" if isinstance(value, float) else f"{value:,}"
    return str(value)


def _size(n: int) -> str:
    for unit, power in _BINARY:
        if n >= 1 << power and n % (1 << power) == 0:
            return f"{n >> power:,} {unit}"
    return f"{n:,} bytes"
