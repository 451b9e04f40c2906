"""Settings of the service: one TOML file, every problem told at once; without a file everything has a default."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from stillwatch.errors import InvalidInput, UnreadableSource

__all__ = ["CollectSettings", "DecideSettings", "ServiceSettings", "WatchSettings", "read_settings"]

_MOST_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How detection runs beside the collector.

    every_s     Seconds from the start of one pass to the start of the next; a longer pass is waited for.
    period_h    Hours after which what was seen goes into the state, once.
    remembers_days  Days that the state remembers.
    memory      Limit of a pass.
    """

    every_s: float = 60.0
    period_h: int = 24
    remembers_days: int = 14
    memory: str = "2GB"
    reference: Path | None = None
    pools: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """What the collector takes.

    keep_days       Days that exchanges are kept.
    most_bytes      Disk that they may use; the oldest go first.
    queue_bytes     Bodies that may wait; more are answered 429.
    body_bytes      Of one body, inflated.
    content         full, hashed or none, as in `stillwatch scan`.
    redis           URL of Redis Streams in front; None takes bodies directly.
    """

    keep_days: int = 30
    most_bytes: int = 64 << 30
    queue_bytes: int = 64 << 20
    body_bytes: int = 16 << 20
    content: str = "full"
    redis: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DecideSettings:
    """What decisions know besides the findings.

    accounts    The provider's table of accounts, read again when it changes.
    protected   Accounts and organisations, one a line, that nothing beyond observe is done to.
    gateways    Names of the gateways that are answered.
    account_header  What names the account for gateways that pass headers on: a header that they set, or that of the
                    credential (``authorization``, ``x-api-key``), whose SHA-256 is the account.
    """

    accounts: Path | None = None
    protected: Path | None = None
    gateways: tuple[str, ...] = ("native", "litellm", "envoy", "nginx", "opa", "authzen", "crowdsec")
    account_header: str = "x-stillwatch-account"


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """All of them.

    folder      Traffic, state, index, key: everything that is not in the database.
    database    ``sqlite:///PATH`` or ``postgresql://...``; None is a SQLite file in the folder.
    listen      HOST:PORT.
    public_url  Where customers reach the appeal page.
    """

    folder: Path = Path("stillwatch-service")
    database: str | None = field(default=None, repr=False)
    listen: str = "127.0.0.1:8470"
    public_url: str = "http://127.0.0.1:8470"
    watch: WatchSettings = field(default_factory=WatchSettings)
    collect: CollectSettings = field(default_factory=CollectSettings)
    decide: DecideSettings = field(default_factory=DecideSettings)

    @property
    def database_url(self) -> str:
        """Where the database is."""
        return self.database or f"sqlite:///{self.folder / 'service.db'}"


_PARTS: Final[Mapping[str, type]] = {"watch": WatchSettings, "collect": CollectSettings, "decide": DecideSettings}
_CONTENTS: Final = ("full", "hashed", "none")


def read_settings(path: Path) -> ServiceSettings:
    """Settings of a file; relative paths are relative to it.

    Raises  UnreadableSource when it cannot be read; InvalidInput with all that is wrong with it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        told = tomllib.loads(_whole(data, path).decode())
    except OSError as error:
        message = f"cannot read the settings {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path} must be TOML: {error}"
        raise InvalidInput(message) from error
    problems: list[str] = []
    at = path.resolve().parent
    parts = {}
    for name, kind in _PARTS.items():
        table = told.pop(name, {})
        if not isinstance(table, dict):
            problems.append(f"{name} must be a table")
            continue
        parts[name] = _part(kind, table, f"{name}.", at, problems)
    whole = _part(ServiceSettings, told, "", at, problems)
    problems += _wrong_values(parts)
    if problems:
        message = f"{path}: {'; '.join(problems)}"
        raise InvalidInput(message)
    return ServiceSettings(**(whole | {name: _PARTS[name](**part) for name, part in parts.items()}))


def _whole(data: bytes, path: Path) -> bytes:
    """The file's bytes; of half a file a list of protected accounts may be in the other half.

    Raises  InvalidInput.
    """
    if len(data) > _MOST_BYTES:
        message = f"{path} must have at most {_MOST_BYTES:,} bytes"
        raise InvalidInput(message)
    return data


def _part(kind: type, told: Mapping[str, Any], prefix: str, at: Path, problems: list[str]) -> dict[str, Any]:
    """Values of one table by name; what is wrong is added to the problems."""
    known = {f.name: _name(f.type) for f in fields(kind) if f.name not in _PARTS}
    found = {}
    for name, value in told.items():
        if name not in known:
            problems.append(f"{prefix}{name} is no setting; there are {', '.join(sorted(known))}")
            continue
        read = _value(known[name], value, at)
        if read is None:
            problems.append(f"{prefix}{name} must be {_wanted(known[name])}, got {type(value).__name__}")
        else:
            found[name] = read
    return found


def _name(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _value(kind: str, value: object, at: Path) -> object | None:
    """The value as its setting wants it; None when it is of another type."""
    if "tuple" in kind:
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            return None
        return tuple(at / one for one in value) if "Path" in kind else tuple(value)
    if "Path" in kind:
        return at / value if isinstance(value, str) and value else None
    if kind.startswith("str"):
        return value if isinstance(value, str) and value else None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if kind == "float":
        is_number = is_number or isinstance(value, float)
    return value if is_number and value > 0 else None  # type: ignore[operator]


def _wanted(kind: str) -> str:
    if "tuple" in kind:
        return "a list of texts"
    if "Path" in kind or kind.startswith("str"):
        return "text"
    return "a number above 0"


def _wrong_values(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    content = parts.get("collect", {}).get("content", "full")
    problems = [] if content in _CONTENTS else [f"collect.content must be one of {', '.join(_CONTENTS)}, got {content}"]
    period = parts.get("watch", {}).get("period_h", 24)
    if 24 % period:
        problems.append(f"watch.period_h must divide a day, got {period}")
    return problems
