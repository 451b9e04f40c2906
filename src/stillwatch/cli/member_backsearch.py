"""``stillwatch member backsearch``: which of many old values two members both have, counted first."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stillwatch.cli.options import AsJson
from stillwatch.errors import InvalidInput, UnreadableSource

if TYPE_CHECKING:
    from stillwatch.model.indicator import SignalKind
    from stillwatch.share.node.local import LocalIndex
    from stillwatch.share.node.search.office import Moved, Office
    from stillwatch.share.node.search.records import Records
    from stillwatch.share.node.service import Service

__all__ = ["backsearch", "told_of"]

backsearch = typer.Typer(
    help="Ask one other member how many of many values both have; learn which when both sides allow it.",
    no_args_is_help=True,
)
_MOST_BYTES: Final = 64 << 20
SettingsAt = Annotated[
    Path, typer.Option("--settings", envvar="STILLWATCH_MEMBER", help="TOML file that says where everything is.")
]
SearchId = Annotated[str, typer.Argument(metavar="SEARCH", help="Id of the search.")]
_SETTINGS = Path("member.toml")


@backsearch.command()
def ask(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="Pseudonym of who is asked.")],
    settings: SettingsAt = _SETTINGS,
    *,
    kind: Annotated[
        str, typer.Option(help="Kind of the values: address, network, email-domain, payment, tls or band.")
    ] = "address",
    values: Annotated[Path | None, typer.Option(help="File with a value a line, at most 262,144.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Or: the values of a campaign of the index.")] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="Days of traffic the other must have looked through.")] = 14,
    as_json: AsJson = False,
) -> None:
    """Ask how many of these values the other has; neither it nor the forum sees one. The answer comes later."""
    from stillwatch.model.indicator import SignalKind
    from stillwatch.share.node.search.asking import Question

    if kind not in {known.value for known in SignalKind} or (values is None) == (campaign is None):
        message = f"--kind must be a kind of signal, and either --values or --campaign be given, got {kind}"
        raise InvalidInput(message)
    with _opened(settings) as (service, office):
        named = _lines(values) if values else _of_campaign(service.index, str(campaign), SignalKind(kind))
        search = office.ask(member, Question(SignalKind(kind), named, days))
    _tell({"search": search, "values": len(named)}, as_json=as_json)


@backsearch.command()
def approve(
    search: SearchId,
    settings: SettingsAt = _SETTINGS,
    *,
    name: Annotated[str, typer.Option(help="Who says yes; the name stays here, a salted hash of it crosses.")],
    as_json: AsJson = False,
) -> None:
    """Allow a search to be revealed: a person of each side must, before the asker learns which values both have."""
    with _opened(settings) as (_, office):
        state = office.approve(search, name)
    _tell({"search": search, "state": state}, as_json=as_json)


@backsearch.command("list")
def list_searches(settings: SettingsAt = _SETTINGS, as_json: AsJson = False) -> None:
    """List searches that were asked here or came from others: their state, and the bucket of what was counted."""
    from stillwatch.share.node.search.office import listed

    with _records(settings) as records:
        for row in records.every():
            told = listed(row)
            _tell(told if as_json else {k: v for k, v in told.items() if v is not None}, as_json=as_json)


@backsearch.command()
def show(search: SearchId, settings: SettingsAt = _SETTINGS, as_json: AsJson = False) -> None:
    """Print the values that both have, of a search that was asked here and is revealed."""
    from stillwatch.share.node.search.office import matched

    with _records(settings) as records:
        found = matched(records.get(search))
    typer.echo(json.dumps({"search": search, "values": found}) if as_json else "\n".join(found))


@backsearch.command()
def exchange(settings: SettingsAt = _SETTINGS, as_json: AsJson = False) -> None:
    """Send what waits and take what came, once; `member run` does so all the time."""
    with _opened(settings) as (_, office):
        for moved in office.turn():
            _tell(told_of(moved), as_json=as_json)


def told_of(moved: "Moved") -> dict[str, Any]:
    """What became of a message, for a line of output."""
    told = {"search": moved.search, "came": moved.stage, "state": moved.state}
    return told | ({"reason": moved.reason} if moved.reason else {})


@contextmanager
def _opened(settings: Path) -> "Iterator[tuple[Service, Office]]":
    from stillwatch.share.node.search.office import office_of
    from stillwatch.share.node.service import opened
    from stillwatch.share.node.settings import read_settings

    with opened(read_settings(settings), datetime.now(UTC)) as service, office_of(service) as office:
        yield service, office


@contextmanager
def _records(settings: Path) -> "Iterator[Records]":
    """Searches of a node that need not run, without asking the forum."""
    from stillwatch.share.node.search.records import Records
    from stillwatch.share.node.settings import read_settings
    from stillwatch.share.node.tables import NODE_TABLES
    from stillwatch.store.database import open_database

    engine = open_database(read_settings(settings).folder / "node.db", NODE_TABLES)
    try:
        yield Records(engine)
    finally:
        engine.dispose()


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read the values {path}: {type(error).__name__}"
        raise UnreadableSource(message) from error
    if len(data) > _MOST_BYTES:
        message = f"the values {path} must have at most {_MOST_BYTES} bytes"
        raise InvalidInput(message)
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _of_campaign(index: "LocalIndex", campaign: str, kind: "SignalKind") -> list[str]:
    from stillwatch.errors import MissingData
    from stillwatch.share.node.describe import values_of

    found = values_of(index, campaign).get(kind, []) if campaign in index.acts else []
    if not found:
        message = f"the index has no campaign {campaign} with values of kind {kind.value} that are its own"
        raise MissingData(message)
    return found


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else "  ".join(f"{name}: {value}" for name, value in told.items()))
