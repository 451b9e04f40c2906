"""``stillwatch forum audit`` and ``forum owner``: what the operator finds of indicators, and whose members are one."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from stillwatch.cli.forum import forum, member
from stillwatch.cli.forum_store import Db, Key, MemberId, key_of, opened
from stillwatch.cli.options import AsJson
from stillwatch.cli.telling import tell
from stillwatch.errors import InvalidInput

__all__ = ["audit", "own"]


class OutcomeName(StrEnum):
    """What an audit found of a signal."""

    CONFIRMED = "confirmed"
    WRONG = "wrong"
    NOT_JUDGED = "not-judged"


@forum.command()
def audit(
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR", help="Id of a published indicator.")],
    *,
    outcome: Annotated[OutcomeName, typer.Option(help="What was found of it.")],
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Kind of signal that was judged; repeatable.", show_default="all that it has"),
    ] = None,
    db: Db = "forum.db",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Record what was found of an indicator afterwards: its originator's grades follow from it."""
    from stillwatch.model.indicator import SignalKind
    from stillwatch.share.forum.recording import OPERATOR
    from stillwatch.share.trust.audits import audit as record
    from stillwatch.share.trust.places import read_on
    from stillwatch.share.trust.posterior import AuditOutcome

    unknown = sorted(set(kind or ()) - set(SignalKind))
    if unknown:
        message = f"--kind must be of {', '.join(SignalKind)}, got {unknown[0]}"
        raise InvalidInput(message)
    store, on_event = opened(db, key_of(key, db))
    read_on(store.engine)
    found = AuditOutcome(outcome.value)
    with store.engine.begin() as connection:
        told = record(connection, indicator, found, [SignalKind(one) for one in kind or ()], datetime.now(UTC))
        on_event("audit", OPERATOR, told, connection)
    store.close()
    tell(dict(told), as_json=as_json)


@member.command("owner")
def own(
    member_id: MemberId,
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Pseudonym of the owner's first member.")],
    db: Db = "forum.db",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Say that two members belong to one company: together they are one origin of what they publish."""
    from stillwatch.share.trust.owners import set_owner

    store, on_event = opened(db, key_of(key, db))
    with store.engine.begin() as connection:
        set_owner(connection, member_id, owner)
        on_event("member-owner", member_id, {"owner": owner}, connection)
    store.close()
    tell({"member": member_id, "owner": owner}, as_json=as_json)
