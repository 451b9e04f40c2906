"""``stillwatch drill account``, ``plant``, ``close``, ``report``, ``list`` and ``check``: drills at a real forum."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.forum_store import Db, Key, key_of, opened
from stillwatch.cli.json_file import read_object
from stillwatch.cli.options import AsJson
from stillwatch.errors import UnreadableSource

if TYPE_CHECKING:
    from stillwatch.share.access.roster import OnEvent
    from stillwatch.share.drills.canary import DrillReport
    from stillwatch.share.taxii.store import Store
    from stillwatch.signing.keys import SigningKey

__all__ = ["add_to"]

DrillId = Annotated[str, typer.Argument(metavar="DRILL", help="Id of the drill.")]
Names = Annotated[
    bool, typer.Option("--names", help="Name the pseudonyms that believed or echoed: for them, not to be published.")
]


def add_to(drill: typer.Typer) -> None:
    """Put the commands into the group."""
    drill.command()(account)
    drill.command()(plant)
    drill.command()(close)
    drill.command()(report)
    drill.command("list")(list_drills)
    drill.command()(check)


def account(
    name: Annotated[str, typer.Argument(help="What you call it; the others never see it.")],
    collection: Annotated[str, typer.Option(help="Collection that it may read and write.")] = "campaigns",
    db: Db = "forum.db",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Add a member account that is the forum's own, for one later drill; nobody can log in as it.

    Do it weeks before: a pseudonym that joins and publishes on one day is looked at twice.
    """
    from stillwatch.share.drills.plant import add_account

    store, on_event, _ = _forum(db, key)
    try:
        tell({"account": add_account(store, on_event, name, collection)}, as_json=as_json)
    finally:
        store.close()


def plant(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT", help="What drill account gave.")],
    *,
    collection: Annotated[str, typer.Option(help="Collection whose indicators the canaries are like.")] = "campaigns",
    count: Annotated[int, typer.Option(min=1, max=20, help="Canaries.")] = 1,
    db: Db = "forum.db",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Commit to a drill in the ledger, then publish false indicators that members cannot tell from others."""
    from stillwatch.share.drills.plant import plant as planted

    store, _, forum_key = _forum(db, key)
    try:
        found = planted(store, account_id, collection, count, forum_key)
    finally:
        store.close()
    told = {"drill": found.drill_id, "entry": found.entry, "canaries": list(found.indicator_ids)}
    tell(told, as_json=as_json)


def close(
    drill_id: DrillId,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="File for the proof that it was a drill.")] = None,
    names: Names = False,
    db: Db = "forum.db",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Delete the canaries everywhere, reveal in the ledger what they were, and say what members made of them."""
    from stillwatch.share.drills.close import close as closed
    from stillwatch.share.drills.close import proof_of

    store, _, forum_key = _forum(db, key)
    try:
        found = closed(store, drill_id, forum_key)
        if out is not None:
            _write(out, proof_of(store, drill_id, forum_key))
    finally:
        store.close()
    _show(found, names=names, as_json=as_json)


def report(
    drill_id: DrillId, *, names: Names = False, db: Db = "forum.db", key: Key = None, as_json: AsJson = False
) -> None:
    """Say what members have made of a drill so far: who answered what stands for nothing, and who still holds it."""
    from stillwatch.share.drills.close import report_on

    store, _, _ = _forum(db, key)
    try:
        found = report_on(store, drill_id)
    finally:
        store.close()
    _show(found, names=names, as_json=as_json)


def list_drills(db: Db = "forum.db", key: Key = None, as_json: AsJson = False) -> None:
    """List the forum's drills."""
    from stillwatch.share.drills.close import drills_in

    store, _, _ = _forum(db, key)
    try:
        with store.engine.begin() as connection:
            found = drills_in(connection)
    finally:
        store.close()
    for one in found:
        closed = None if one.closed_at is None else f"{one.closed_at:%Y-%m-%dT%H:%M:%SZ}"
        told = {"drill": one.drill_id, "canaries": one.n_canaries, "planted": f"{one.planted_at:%Y-%m-%dT%H:%M:%SZ}"}
        tell(told | {"closed": closed}, as_json=as_json)


def check(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="What drill close wrote.")],
    *,
    key: Annotated[Path | None, typer.Option("--key", help="Public key of the forum (JWK or a set of them).")] = None,
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="Exported ledger: the canaries must stand after the commitment.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check offline that what was published had been committed to as a drill; exits with 8 when it had not."""
    from stillwatch.ledger.audit import audit
    from stillwatch.share.drills.proof import check_drill, check_order
    from stillwatch.signing.keys import read_keys

    keys = read_keys(key) if key else None
    shown = check_drill(read_object(proof), keys)
    told: dict[str, Any] = {"drill": shown.drill_id, "canaries": list(shown.indicator_ids), "entry": shown.entry.index}
    if ledger is not None:
        audit(ledger, (), keys)
        told["published_after"] = check_order(shown, ledger)
    tell(told | {"signature_verified": keys is not None}, as_json=as_json)


def _forum(db: str, key: Path | None) -> "tuple[Store, OnEvent, SigningKey]":
    """The forum's store with the tables of drills, what records events in its ledger, and its key."""
    from stillwatch.share.drills.tables import DRILL_TABLES

    forum_key = key_of(key, db)
    store, on_event = opened(db, forum_key)
    DRILL_TABLES.create_all(store.engine)
    return store, on_event, forum_key


def _show(found: "DrillReport", *, names: bool, as_json: bool) -> None:
    told: dict[str, Any] = {
        "members": found.n_members,
        "canaries": found.n_canaries,
        "answers": found.n_answers,
        "seen": found.n_seen,
        "believers": found.n_believers,
        "echoers": found.n_echoers,
        "holding": found.n_holding,
        "detection_s": None if found.detection is None else found.detection.total_seconds(),
        "recovery_s": None if found.recovery is None else found.recovery.total_seconds(),
    }
    if names:
        told |= {"believed_by": sorted(found.believers), "echoed_by": sorted(found.echoers)}
    tell(told, as_json=as_json)


def _write(out: Path, told: dict[str, Any]) -> None:
    try:
        out.write_text(json.dumps(told, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        message = f"cannot write {out}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error


def tell(told: dict[str, Any], *, as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else "  ".join(f"{name}: {value}" for name, value in told.items()))
