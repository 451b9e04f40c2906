"""``stillwatch member dispute``, ``opinions``, ``passed-over``: what is held to be false, and what was not taken."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.member import SettingsAt
from stillwatch.cli.options import AsJson
from stillwatch.cli.telling import check_refused, tell

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["dispute", "node_database", "opinions", "passed_over"]

_SETTINGS = Path("member.toml")


class Reason(StrEnum):
    """Why an indicator is held to be false; the list that crosses."""

    SHARED_NETWORK = "shared-network"
    POPULAR_TEMPLATE = "popular-template"
    RESEARCH = "research"
    ONE_OWNER = "one-owner"
    MISTAKEN_MATCH = "mistaken-match"


def dispute(
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR", help="Id of another member's indicator.")],
    reason: Annotated[Reason, typer.Option(help="Why it is false; nothing else of the case is told.")],
    settings: SettingsAt = _SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Tell the others that an indicator also describes legitimate traffic, with a reason from a closed list."""
    from stillwatch.share.node.service import opened
    from stillwatch.share.node.settings import read_settings
    from stillwatch.share.stix.texts import FalsePositive

    with opened(read_settings(settings), datetime.now(UTC)) as service:
        outcome = service.dispute(indicator, FalsePositive(reason.value))
    tell({"disputed": indicator, "reason": reason.value, "refused": outcome.refused}, as_json=as_json)
    check_refused(outcome.refused)


def opinions(
    indicator: Annotated[
        str | None, typer.Argument(metavar="[INDICATOR]", help="Id of an indicator.", show_default="all")
    ] = None,
    settings: SettingsAt = _SETTINGS,
    as_json: AsJson = False,
) -> None:
    """List which members hold an indicator to be false, and why; the member's own opinions too."""
    from stillwatch.share.node.said import opinions_of

    with node_database(settings).begin() as connection:
        found = opinions_of(connection, indicator)
    for one in found:
        told = {"indicator": one.indicator_id, "member": one.origin, "opinion": one.opinion}
        tell(told | {"reason": one.reason and one.reason.value, "at": one.modified}, as_json=as_json)


def passed_over(settings: SettingsAt = _SETTINGS, as_json: AsJson = False) -> None:
    """List whose objects the node did not take, why, and how many; most first."""
    from stillwatch.share.node.node import passed_over_in

    for found in passed_over_in(node_database(settings)):
        tell({"member": found["origin"], "objects": found["objects"], "reason": found["reason"]}, as_json=as_json)


def node_database(settings: Path) -> "Engine":
    """The node's own database, as its settings say."""
    from stillwatch.share.node.node import findings_in as _node  # noqa: F401 - declares every table
    from stillwatch.share.node.settings import read_settings
    from stillwatch.share.node.tables import NODE_TABLES
    from stillwatch.store.database import open_database

    return open_database(read_settings(settings).folder / "node.db", NODE_TABLES)
