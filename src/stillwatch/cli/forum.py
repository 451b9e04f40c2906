"""``stillwatch forum``: run the neutral hub between members, and keep its roster."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.forum_appeal import appeal
from stillwatch.cli.forum_store import Db, Key, MemberId, key_of, opened
from stillwatch.cli.listening import check_listening
from stillwatch.cli.options import AsJson
from stillwatch.cli.telling import tell
from stillwatch.errors import InvalidInput

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from stillwatch.share.access.access import Access
    from stillwatch.share.access.roster import OnEvent
    from stillwatch.share.forum.appeals import Appeals
    from stillwatch.share.taxii.admission import Admit
    from stillwatch.share.taxii.store import Store
    from stillwatch.signing.keys import SigningKey

__all__ = ["forum"]

forum = typer.Typer(
    help="Run the forum between members, and keep its roster.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
member = typer.Typer(help="Members of the forum.", no_args_is_help=True)
collection = typer.Typer(help="Collections and who may read or write them.", no_args_is_help=True)
forum.add_typer(member, name="member")
forum.add_typer(collection, name="collection")
forum.add_typer(appeal, name="appeal")


class RoleName(StrEnum):
    """What somebody is at the forum."""

    MEMBER = "member"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@forum.callback()
def serve(  # noqa: PLR0917 - typer's
    context: typer.Context,
    db: Db = "forum.db",
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to listen.")] = "127.0.0.1:8460",
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate of the server, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, PEM.")] = None,
    client_ca: Annotated[
        Path | None, typer.Option(help="Authority whose client certificates members may log in with, PEM.")
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(help="Proxy, address or network, whose X-Client-Certificate-SHA256 is believed; repeatable."),
    ] = None,
    public_url: Annotated[str, typer.Option(help="Where members reach the forum.", show_default="as they asked")] = "",
    key: Key = None,
    appeal_days: Annotated[int, typer.Option(min=1, max=30, help="Days to answer an appeal.")] = 7,
) -> None:
    """Run the forum until it is told to end, unless a command is named."""
    if context.invoked_subcommand is not None:
        return
    if client_ca is not None and tls_cert is None:
        message = "--client-ca needs --tls-cert and --tls-key"
        raise InvalidInput(message)
    from stillwatch.share.access.access import Access
    from stillwatch.share.access.credentials import Proxies
    from stillwatch.share.forum.app import Settings, forum_app
    from stillwatch.share.forum.appeals import Appeals
    from stillwatch.share.forum.server import forum_server
    from stillwatch.share.taxii.endpoints import Server
    from stillwatch.web.listen import Listen
    from stillwatch.web.log import log_to_standard_error
    from stillwatch.web.server import Tls

    place = Listen.of(listen)
    check_listening(place.host, tls_cert, tls_key, behind_proxy=bool(trusted_proxy))
    forum_key = key_of(key, db)
    store, on_event = opened(db, forum_key)
    access = Access(store.engine, proxies=Proxies(trusted_proxy or ()))
    appeals = Appeals(store, forum_key, timedelta(days=appeal_days))
    routes = _routes(store, access, on_event, forum_key, appeals)
    presented = Server(url=public_url.rstrip("/"))
    settings = Settings(presented, routes=routes, on_event=on_event, chores=[appeals.settle])
    app = forum_app(store, access, _guard(), settings)
    tls = Tls(tls_cert, tls_key, client_ca) if tls_cert and tls_key else None
    log_to_standard_error("stillwatch.forum", ["member"])
    forum_server(app, place, tls).run()
    store.close()


@forum.command()
def init(db: Db = "forum.db", key: Key = None, as_json: AsJson = False) -> None:
    """Make the forum's database with one collection, and its operator; the operator's token is shown this once."""
    from stillwatch.share.access.collections import Collections
    from stillwatch.share.access.roster import Role, Roster

    store, on_event = opened(db, key_of(key, db))
    roster, collections = Roster(store.engine, on_event), Collections(store.engine, on_event)
    if roster.members():
        message = "the forum's database is there already, with members in it"
        raise InvalidInput(message)
    operator, token = roster.add_member("operator", Role.OPERATOR)
    made = collections.add("Campaigns", "What members tell one another of campaigns", "campaigns")
    collections.grant(operator, made, read=True, write=True)
    tell({"operator": operator, "token": token.text, "collection": made}, as_json=as_json)


@member.command("add")
def add_member(
    name: Annotated[str, typer.Argument(help="What you call the member; the others never see it.")],
    db: Db = "forum.db",
    role: Annotated[RoleName, typer.Option(help="What the member is at the forum.")] = RoleName.MEMBER,
    certificate: Annotated[
        str | None, typer.Option(metavar="SHA256", help="Fingerprint of a client certificate to log in with.")
    ] = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Add a member; its token is shown this once."""
    from stillwatch.share.access.roster import Role, Roster

    store, on_event = opened(db, key_of(key, db))
    roster = Roster(store.engine, on_event)
    member_id, token = roster.add_member(name, Role(role.value))
    if certificate:
        roster.trust_certificate(member_id, certificate)
    tell({"member": member_id, "token": token.text}, as_json=as_json)


@member.command("revoke")
def revoke_member(member_id: MemberId, db: Db = "forum.db", key: Key = None, as_json: AsJson = False) -> None:
    """End a membership at once, with all its tokens and certificates."""
    from stillwatch.share.access.roster import Roster

    store, on_event = opened(db, key_of(key, db))
    Roster(store.engine, on_event).revoke_member(member_id)
    tell({"revoked": member_id}, as_json=as_json)


@member.command("list")
def list_members(db: Db = "forum.db", as_json: AsJson = False) -> None:
    """List everybody, with the names that only the operator knows."""
    from stillwatch.share.access.roster import Roster

    for found in Roster(opened(db, None)[0].engine).members():
        told = {"member": found.member_id, "name": found.name, "role": found.role.value}
        tell(told | {"state": "revoked" if found.revoked_s else "active"}, as_json=as_json)


@collection.command("add")
def add_collection(
    title: Annotated[str, typer.Argument(help="Title that members see.")],
    db: Db = "forum.db",
    alias: Annotated[str | None, typer.Option(help="Name that may stand in URLs instead of the id.")] = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Add a collection that nobody may read or write yet."""
    from stillwatch.share.access.collections import Collections

    store, on_event = opened(db, key_of(key, db))
    tell({"collection": Collections(store.engine, on_event).add(title, alias=alias)}, as_json=as_json)


@collection.command()
def grant(
    name: Annotated[str, typer.Argument(metavar="COLLECTION", help="Id or alias of the collection.")],
    member_id: MemberId,
    *,
    db: Db = "forum.db",
    read: Annotated[bool, typer.Option("--read", help="The member may read.")] = False,
    write: Annotated[bool, typer.Option("--write", help="The member may publish.")] = False,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Set what a member may do in a collection; without --read and --write the grant ends."""
    from stillwatch.share.access.collections import Collections

    store, on_event = opened(db, key_of(key, db))
    Collections(store.engine, on_event).grant(member_id, name, read=read, write=write)
    tell({"collection": name, "member": member_id, "read": read, "write": write}, as_json=as_json)


def _routes(
    store: "Store", access: "Access", on_event: "OnEvent", key: "SigningKey", appeals: "Appeals"
) -> "list[BaseRoute]":
    """What the forum answers beside TAXII, feed and health."""
    from stillwatch.share.forum.appeals_api import appeal_routes
    from stillwatch.share.forum.ledger_api import ledger_routes
    from stillwatch.share.forum.member_keys import key_routes
    from stillwatch.share.forum.relay import relay_routes
    from stillwatch.share.forum.removals import removal_routes
    from stillwatch.share.forum.rules import rule_routes
    from stillwatch.share.forum.sealing_keys import sealing_key_routes
    from stillwatch.share.forum.trust_api import trust_routes
    from stillwatch.share.rules.incoming import read_message

    return [
        *ledger_routes(store.engine, access, key),
        *key_routes(store.engine, access, on_event),
        *sealing_key_routes(store.engine, access, on_event),
        *relay_routes(store.engine, access, on_event),
        *rule_routes(store, access, read_message),
        *removal_routes(store, access, on_event),
        *appeal_routes(access, appeals, _guard()),
        *trust_routes(store.engine, access, key, _guard()),
    ]


def _guard() -> "Admit":
    from stillwatch.share.guard.check import check

    return lambda item: check(item, now=datetime.now(UTC))
