"""``stillwatch transparency``: the forum's report on a period."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.json_file import read_object
from stillwatch.cli.options import AsJson
from stillwatch.errors import MissingData

__all__ = ["transparency"]

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Day, UTC; --until is not included.")]
KeyAt = Annotated[Path | None, typer.Option("--key", help="Public key of the forum, to verify the ledger with.")]
RequestsAt = Annotated[
    Path | None, typer.Option(help="JSON of governments' requests by kind.", show_default="no requests")
]


def transparency(
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="Exported ledger, JSON lines.")],
    *,
    db: Annotated[
        str,
        typer.Option(
            "--db",
            metavar="URL",
            envvar="STILLWATCH_FORUM_DB",
            help="The forum's database: sqlite or postgresql, or a path.",
        ),
    ],
    since: Day,
    until: Day,
    requests: RequestsAt = None,
    key: KeyAt = None,
    epsilon: Annotated[float, typer.Option(help="Privacy loss of this report.")] = 1.0,
    budget: Annotated[float, typer.Option(help="Most that reports on overlapping periods may lose together.")] = 2.0,
    as_json: AsJson = False,
) -> None:
    """Verify the ledger and report on a period in noised counts; asked again, it gives the same report."""
    from stillwatch.ledger.audit import audit
    from stillwatch.share.appeals.tables import APPEAL_TABLES
    from stillwatch.share.life.tombstones import TOMBSTONE_TABLES
    from stillwatch.share.transparency.counts import Period, counted, requests_of
    from stillwatch.share.transparency.release import RELEASE_TABLES, release
    from stillwatch.share.transparency.text import as_text
    from stillwatch.signing.keys import read_keys
    from stillwatch.store.database import open_database

    if "://" not in db and not Path(db).is_file():
        msg = f"there is no database {db}"
        raise MissingData(msg)
    told = requests_of(read_object(requests)) if requests else requests_of({})
    audit(ledger, keys=read_keys(key) if key else None)
    period = Period(since.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
    for tables in (RELEASE_TABLES, TOMBSTONE_TABLES):
        open_database(db, tables).dispose()
    with open_database(db, APPEAL_TABLES).begin() as connection:
        counts = counted(ledger, connection, period, told)
        made = release(connection, counts, period, epsilon, budget, datetime.now(UTC))
    typer.echo(json.dumps(made) if as_json else as_text(made))
