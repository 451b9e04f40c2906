"""Which values of the right kind are none all the same; messages hold no value that may have a password in it."""

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from stillwatch.engine.memory import parse_memory
from stillwatch.errors import InvalidInput

__all__ = ["CONTENTS", "beside", "check_values"]

CONTENTS: Final = ("full", "hashed", "none")
_MOST_DAYS: Final = 3650
_MOST_LINE: Final = 200
_MOST_PORT: Final = 65_535
_HEADER: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,64}")


def check_values(told: Mapping[str, Any], gateways: Collection[str]) -> list[str]:
    """All that is wrong with values that were told, by the name of the setting with its table.

    gateways    Names that there are.

    >>> check_values({"listen": "here", "watch.period_h": 7}, ["native"])
    ['listen must be HOST:PORT with a port up to 65535, got here', 'watch.period_h must divide a day, got 7']
    """
    problems = [
        f"{name} {wrong}" for name, value in told.items() if name in _CHECKS and (wrong := _CHECKS[name](value))
    ]
    unknown = sorted(set(told.get("decide.gateways", ())) - set(gateways))
    if unknown:
        problems.append(f"decide.gateways must be some of {', '.join(gateways)}, got {', '.join(unknown)}")
    if ("tls_certificate" in told) != ("tls_key" in told):
        problems.append("tls_certificate and tls_key belong together")
    return problems


def beside(database: str, at: Path) -> str:
    """URL of a database; the relative path of a file is relative to that folder.

    >>> beside("sqlite:///var/a.db", Path("/srv")), beside("postgresql://host/name", Path("/srv"))
    ('sqlite:////srv/var/a.db', 'postgresql://host/name')
    """
    path = database.removeprefix("sqlite:///")
    return database if path == database else f"sqlite:///{at / path}"


def _database(value: str) -> str | None:
    try:
        url = make_url(value)
    except ArgumentError:
        url = None
    is_file = url is not None and url.drivername == "sqlite" and bool(url.database) and value.startswith("sqlite:///")
    if is_file or (url is not None and url.drivername == "postgresql" and url.database):
        return None
    return "must be sqlite:///PATH or postgresql://HOST/NAME"


def _listen(value: str) -> str | None:
    host, _, port = value.rpartition(":")
    if host and port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= _MOST_PORT:
        return None
    return f"must be HOST:PORT with a port up to {_MOST_PORT}, got {value}"


def _public_url(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "must be an http or https URL"
    if parts.scheme not in {"http", "https"} or not host or not value.isprintable() or " " in value:
        return "must be an http or https URL"
    if parts.username is not None or "?" in value or "#" in value:
        return "must be a URL without user, query and fragment"
    return None


def _origin(value: str) -> str | None:
    wrong = _public_url(value)
    return wrong or (None if urlsplit(value).path in {"", "/"} else "must be a URL without a path")


def _redis(value: str) -> str | None:
    return None if value.startswith(("redis://", "rediss://", "unix://")) else "must be a redis, rediss or unix URL"


def _line(value: str) -> str | None:
    is_line = value.isprintable() and value == value.strip() and len(value) <= _MOST_LINE
    return None if is_line else f"must be one line of at most {_MOST_LINE} characters"


def _memory(value: str) -> str | None:
    try:
        parse_memory(value)
    except InvalidInput as error:
        return str(error).removeprefix("memory ")
    return None


def _content(value: str) -> str | None:
    return None if value in CONTENTS else f"must be one of {', '.join(CONTENTS)}, got {value}"


def _header(value: str) -> str | None:
    return None if _HEADER.fullmatch(value) else "must be the name of a header in lower case"


def _period(value: int) -> str | None:
    return f"must divide a day, got {value}" if 24 % value else None


def _at_most(most: int, unit: str) -> Callable[[int], str | None]:
    return lambda value: None if value <= most else f"must be at most {most:,} {unit}, got {value}"


_CHECKS: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "database": _database,
    "listen": _listen,
    "public_url": _public_url,
    "provider": _line,
    "contact": _line,
    "watch.every_s": _at_most(86_400, "seconds"),
    "watch.period_h": _period,
    "watch.remembers_days": _at_most(_MOST_DAYS, "days"),
    "watch.memory": _memory,
    "collect.keep_days": _at_most(_MOST_DAYS, "days"),
    "collect.content": _content,
    "collect.redis": _redis,
    "decide.account_header": _header,
    "appeals.answer_within_days": _at_most(30, "working days"),
    "appeals.file_within_days": _at_most(365, "days"),
    "console.url": _origin,
    "console.idle_minutes": _at_most(1440, "minutes"),
    "console.session_hours": _at_most(168, "hours"),
    "console.oidc_issuer": _public_url,
    "console.oidc_client": _line,
    "console.oidc_name": _line,
}
