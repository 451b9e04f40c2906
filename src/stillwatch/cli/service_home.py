"""The service's home, as commands open it; each takes the file of its settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from stillwatch.service.home import Home

__all__ = ["By", "SettingsAt", "home", "now", "plain"]

SettingsAt = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        envvar="STILLWATCH_SERVICE",
        help="Settings of the service, TOML.",
        show_default="stillwatch-service.toml where there is one, else defaults",
    ),
]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Your name, as it is recorded: letters, digits, _ and -.")
]


@contextmanager
def home(settings: Path | None, *, is_first: bool = False) -> "Iterator[Home]":
    """Home of the service that the settings name.

    is_first    Make what is not there.
    Raises      As `read_settings` and `open_home`.
    """
    from stillwatch.service.home import open_home
    from stillwatch.service.settings import settings_at

    with open_home(settings_at(settings), is_first=is_first) as opened:
        yield opened


def now() -> datetime:
    """The clock of commands."""
    return datetime.now(UTC)


def plain(told: Any) -> Any:  # noqa: ANN401 - anything that is to become JSON
    """Dataclasses, enumerations, times, sets and tuples with names as JSON takes them."""
    from dataclasses import fields, is_dataclass
    from enum import Enum

    if is_dataclass(told) and not isinstance(told, type):
        return {f.name: plain(getattr(told, f.name)) for f in fields(told)}
    if isinstance(told, datetime):
        return told.isoformat()
    if isinstance(told, Enum):
        return told.value
    if hasattr(told, "_asdict"):
        return plain(told._asdict())
    if isinstance(told, dict):
        return {name: plain(value) for name, value in told.items()}
    return [plain(one) for one in told] if isinstance(told, list | tuple | frozenset) else told
