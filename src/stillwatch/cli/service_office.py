"""The service's database, keys and folders, as the commands of analysts open them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from stillwatch.act.secret import ServiceSecret
    from stillwatch.act.trail import Trail
    from stillwatch.service.settings import ServiceSettings

__all__ = ["By", "Office", "SettingsAt", "now", "office", "plain"]

SettingsAt = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        envvar="STILLWATCH_SERVICE",
        help="TOML file of the service.",
        show_default="the folder stillwatch-service",
    ),
]
By = Annotated[str, typer.Option("--by", help="Your name, as it is recorded: letters, digits, _ and -.")]


@dataclass(frozen=True)
class Office:
    """What the service has."""

    settings: "ServiceSettings"
    engine: "Engine"
    trail: "Trail"

    def secret(self) -> "ServiceSecret":
        """The service's secret; made at first use."""
        from stillwatch.act.secret import ServiceSecret

        return ServiceSecret.open(self.settings.folder / "service.secret")


@contextmanager
def office(settings: Path | None) -> Iterator[Office]:
    """Open the service's database with the tables of appeals, cases, decisions, policies, tokens and ledger.

    Raises  MissingData when there is no service: its folder, made by the first `stillwatch serve`.
    """
    from stillwatch.act.appeals.tables import APPEAL_TABLES
    from stillwatch.act.cases.tables import CASE_TABLES
    from stillwatch.act.decide.tables import DECISION_TABLES
    from stillwatch.act.policy.tables import POLICY_TABLES
    from stillwatch.act.trail import Trail
    from stillwatch.errors import MissingData
    from stillwatch.ledger.tables import LEDGER_TABLES
    from stillwatch.service.access.tables import SERVICE_TOKEN_TABLES
    from stillwatch.service.settings import ServiceSettings, read_settings
    from stillwatch.signing.keys import SigningKey
    from stillwatch.store.database import open_database

    known = ServiceSettings() if settings is None else read_settings(settings)
    if not known.folder.is_dir():
        message = f"there is no service in {known.folder}; name its settings with --settings"
        raise MissingData(message)
    key = known.folder / "service.key"
    if not key.exists():
        SigningKey.generate().save(key)
        typer.echo(f"the service's key is new: {key}; keep it, its ledger is signed with it", err=True)
    engine = open_database(known.database_url, LEDGER_TABLES)
    try:
        for tables in (DECISION_TABLES, POLICY_TABLES, APPEAL_TABLES, CASE_TABLES, SERVICE_TOKEN_TABLES):
            tables.create_all(engine)
        yield Office(known, engine, Trail(SigningKey.load(key)))
    finally:
        engine.dispose()


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
