"""Settings of the service: one TOML file, every problem told at once; without a file everything has a default."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from stillwatch.act.appeals.appeal import AppealRules
from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.service.settings_checks import beside, check_values
from stillwatch.service.settings_values import Network, read_table

__all__ = [
    "PARTS",
    "AppealSettings",
    "CollectSettings",
    "ConsoleSettings",
    "DecideSettings",
    "MemberSettings",
    "ServiceSettings",
    "WatchSettings",
    "read_settings",
    "settings_at",
]

_MOST_BYTES: Final = 1 << 16
_USUAL: Final = Path("stillwatch-service.toml")


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How detection runs beside the collector.

    every_s         Seconds from the start of one pass to the start of the next, at most a day.
    period_h        Hours after which what was seen goes into the state, once; they divide a day.
    remembers_days  Days that the state remembers.
    memory          Limit of a pass, such as 2GB or 512MB.
    reference       What `stillwatch calibrate` wrote; without one the reference that comes along.
    pools           Files of public questions, as `stillwatch scan --pool` takes them.
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
    redis           URL of Redis Streams in front; without one bodies are taken directly.
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

    accounts        The provider's table of accounts, read again when it changes.
    protected       File of accounts and organisations, one a line, that nothing beyond observe is done to.
    gateways        Names of the gateways that are answered.
    account_header  Header that names the account to gateways that pass headers on; of a credential, its SHA-256 does.
    """

    accounts: Path | None = None
    protected: Path | None = None
    gateways: tuple[str, ...] = ("native", "litellm", "envoy", "nginx", "opa", "authzen", "crowdsec")
    account_header: str = "x-stillwatch-account"


@dataclass(frozen=True, slots=True)
class AppealSettings:
    """What the provider promises to customers who object.

    answer_within_days  Working days until a person has answered, 1 to 30.
    file_within_days    Days after a decision that a customer may file, 1 to 365.
    holidays            Days besides Saturday and Sunday that are no working days.
    most_softened       Overdue appeals of one campaign whose streams are only observed until somebody answers.
    """

    answer_within_days: int = 5
    file_within_days: int = 30
    holidays: tuple[date, ...] = ()
    most_softened: int = 10

    @property
    def rules(self) -> AppealRules:
        """The same as appeals are filed and answered by."""
        within = timedelta(days=self.file_within_days)
        return AppealRules(self.answer_within_days, frozenset(self.holidays), within, self.most_softened)


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """The member's node, where the provider takes part in an exchange.

    folder          Where the node's member.toml is; without one the provider takes part in none.
    """

    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How people use the console.

    url             Where they reach it, http or https, without a path; without one, the host of public_url.
    idle_minutes    A session ends after so many minutes without a request.
    session_hours   A session ends after so many hours, whatever happens in it.
    trace           Folder of the provider's marks, as `stillwatch trace keys` keeps it; without one nothing is shown.
    reports         Folder with reports of `stillwatch trace`, each in a folder of its own.
    oidc_issuer     URL of the provider of identities that people log in by; without one they have passwords here.
    oidc_client     Name of this service there.
    oidc_secret     File with its secret there; without one it is a public client.
    oidc_name       Claim that names a person.
    """

    url: str | None = None
    idle_minutes: int = 120
    session_hours: int = 12
    trace: Path | None = None
    reports: Path | None = None
    oidc_issuer: str | None = None
    oidc_client: str = "stillwatch"
    oidc_secret: Path | None = field(default=None, repr=False)
    oidc_name: str = "preferred_username"


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """All of them; relative paths are relative to the file.

    folder           Traffic, findings, state, key, secret: everything that is not in the database.
    database         sqlite:///PATH or postgresql://HOST/NAME; without one a SQLite file in the folder.
    listen           HOST:PORT.
    public_url       Where customers reach the appeal page: http or https, without query.
    provider         Name of the provider, as customers know it; one line.
    contact          Where a customer may write who has no link that works; one line.
    trusted_proxies  Networks whose X-Forwarded-For is believed.
    tls_certificate  File of the certificate, PEM; it belongs together with tls_key.
    tls_key          File of the certificate's key, PEM.
    """

    folder: Path = Path("stillwatch-service")
    database: str | None = field(default=None, repr=False)
    listen: str = "127.0.0.1:8470"
    public_url: str = "http://127.0.0.1:8470"
    provider: str = "the provider"
    contact: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    watch: WatchSettings = field(default_factory=WatchSettings)
    collect: CollectSettings = field(default_factory=CollectSettings)
    decide: DecideSettings = field(default_factory=DecideSettings)
    appeals: AppealRules = field(default_factory=AppealRules)
    member: MemberSettings = field(default_factory=MemberSettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)

    @property
    def console_url(self) -> str:
        """Where people reach the console, without what comes after the host.

        >>> ServiceSettings(public_url="https://api.example.com/stillwatch").console_url
        'https://api.example.com'
        """
        parts = urlsplit(self.console.url or self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def database_url(self) -> str:
        """Where the database is."""
        return self.database or f"sqlite:///{self.folder / 'service.db'}"


PARTS: Final[Mapping[str, type]] = {
    "watch": WatchSettings,
    "collect": CollectSettings,
    "decide": DecideSettings,
    "appeals": AppealSettings,
    "member": MemberSettings,
    "console": ConsoleSettings,
}
"""Tables of the file, in its order."""


def settings_at(path: Path | None) -> ServiceSettings:
    """Settings as every command finds them.

    path        None is stillwatch-service.toml in the current folder; where there is none, everything has a default.
    Raises      As `read_settings`.
    """
    if path is None and not _USUAL.is_file():
        return ServiceSettings()
    return read_settings(path or _USUAL)


def read_settings(path: Path) -> ServiceSettings:
    """Settings of a file; relative paths are relative to it, that of the folder too when it is not told.

    Raises  UnreadableSource when it cannot be read; InvalidInput with all that is wrong with it.
    """
    told, at = _told(path), path.resolve().parent
    tables = {name: told.pop(name, {}) for name in PARTS}
    problems = [f"{name} must be a table" for name, table in tables.items() if not isinstance(table, dict)]
    whole, wrong = read_table(ServiceSettings, told, "", at)
    problems += wrong
    parts = dict[str, dict[str, Any]]()
    for name, table in tables.items():
        parts[name], wrong = read_table(PARTS[name], table if isinstance(table, dict) else {}, f"{name}.", at)
        problems += wrong
    dotted = {f"{name}.{key}": value for name, part in parts.items() for key, value in part.items()}
    problems += check_values(whole | dotted, DecideSettings().gateways)
    if problems:
        message = f"{path}: {'; '.join(problems)}"
        raise InvalidInput(message)
    return _settings(whole, {name: PARTS[name](**part) for name, part in parts.items()}, at)


def _told(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot read the settings {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    if len(data) > _MOST_BYTES:
        message = f"{path} must have at most {_MOST_BYTES:,} bytes"
        raise InvalidInput(message)
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        place = re.search(r"at line \d+, column \d+|at end of document", str(error))
        message = f"{path} must be TOML in UTF-8{f', which it is not {place[0]}' if place else ''}"
        raise InvalidInput(message) from error


def _settings(whole: Mapping[str, Any], parts: Mapping[str, Any], at: Path) -> ServiceSettings:
    """Settings whose values are all good."""
    database = whole.get("database")
    found = {
        "folder": at / ServiceSettings().folder,
        **whole,
        "database": None if database is None else beside(database, at),
        "public_url": whole.get("public_url", ServiceSettings().public_url).rstrip("/"),
    }
    return ServiceSettings(**(found | dict(parts) | {"appeals": parts["appeals"].rules}))
