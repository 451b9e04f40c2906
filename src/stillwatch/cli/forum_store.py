"""What all commands of a forum's operator share: where its database and key are, and how they are opened."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stillwatch.share.access.roster import OnEvent
    from stillwatch.share.taxii.store import Store
    from stillwatch.signing.keys import SigningKey

__all__ = ["Db", "Key", "MemberId", "key_of", "opened"]

Db = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="URL",
        envvar="STILLWATCH_FORUM_DB",
        help="The forum's database: sqlite or postgresql, or a path.",
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key",
        envvar="STILLWATCH_FORUM_KEY",
        help="The forum's signing key, for its ledger; made at first use.",
        show_default="beside a SQLite database, else forum.key",
    ),
]
MemberId = Annotated[str, typer.Argument(metavar="MEMBER", help="Pseudonym of the member.")]


def key_of(told: Path | None, db: str) -> "SigningKey":
    """The forum's signing key, made at first use.

    told    Where it is; None: beside the database.
    """
    from stillwatch.signing.keys import SigningKey

    sqlite = db.removeprefix("sqlite:///")
    path = told or (Path("forum.key") if "://" in sqlite else Path(sqlite).with_suffix(".key"))
    if not path.exists():
        SigningKey.generate().save(path)
        typer.echo(f"the forum's key is new: {path}; keep it, its ledger is signed with it", err=True)
    return SigningKey.load(path)


def opened(db: str, key: "SigningKey | None") -> "tuple[Store, OnEvent]":
    """The forum's store with its ledger, and what records events there; without a key nothing is recorded."""
    from stillwatch.ledger.tables import LEDGER_TABLES
    from stillwatch.share.access.roster import no_event
    from stillwatch.share.appeals.tables import APPEAL_TABLES
    from stillwatch.share.forum.burials import with_tombstones
    from stillwatch.share.forum.member_keys import MEMBER_KEY_TABLES
    from stillwatch.share.forum.recording import ledger_events
    from stillwatch.share.forum.trust_api import make_trust_tables
    from stillwatch.share.life.tombstones import TOMBSTONE_TABLES
    from stillwatch.share.taxii.store import Store
    from stillwatch.share.trust.places import read_on_in
    from stillwatch.share.trust.records import RECORD_TABLES

    on_event = no_event if key is None else with_tombstones(ledger_events(key, read_on_in))
    store = Store(db, on_event)
    for tables in (LEDGER_TABLES, MEMBER_KEY_TABLES, APPEAL_TABLES, TOMBSTONE_TABLES, RECORD_TABLES):
        tables.create_all(store.engine)
    make_trust_tables(store.engine)
    return store, on_event
