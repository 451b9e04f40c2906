"""``stillwatch forum``: run the neutral hub between members, and keep its roster."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.errors import InvalidInput

if TYPE_CHECKING:
    from stillwatch.share.taxii.admission import Admit
    from stillwatch.share.taxii.store import Store

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

Db = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="URL",
        envvar="STILLWATCH_FORUM_DB",
        help="The forum's database: sqlite or postgresql, or a path.",
    ),
]
MemberId = Annotated[str, typer.Argument(metavar="MEMBER", help="Pseudonym of the member.")]


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
) -> None:
    """Run the forum until it is told to end, unless a command is named."""
    if context.invoked_subcommand is not None:
        return
    if (tls_cert is None) != (tls_key is None) or (client_ca is not None and tls_cert is None):
        message = "--tls-cert and --tls-key belong together, and --client-ca needs both"
        raise InvalidInput(message)
    from stillwatch.share.access.access import Access
    from stillwatch.share.access.credentials import Proxies
    from stillwatch.share.forum.app import Settings, forum_app
    from stillwatch.share.forum.server import Listen, Tls, log_to_standard_error, server_of
    from stillwatch.share.taxii.endpoints import Server

    store = _store(db)
    access = Access(store.engine, proxies=Proxies(trusted_proxy or ()))
    app = forum_app(store, access, _guard(), Settings(server=Server(url=public_url.rstrip("/"))))
    tls = Tls(tls_cert, tls_key, client_ca) if tls_cert and tls_key else None
    log_to_standard_error()
    server_of(app, Listen.of(listen), tls).run()
    store.close()


@forum.command()
def init(db: Db = "forum.db", as_json: AsJson = False) -> None:
    """Make the forum's database with one collection, and its operator; the operator's token is shown this once."""
    from stillwatch.share.access.collections import Collections
    from stillwatch.share.access.roster import Role, Roster

    store = _store(db)
    roster, collections = Roster(store.engine), Collections(store.engine)
    if roster.members():
        message = "the forum's database is there already, with members in it"
        raise InvalidInput(message)
    operator, token = roster.add_member("operator", Role.OPERATOR)
    made = collections.add("Campaigns", "What members tell one another of campaigns", "campaigns")
    collections.grant(operator, made, read=True, write=True)
    _tell({"operator": operator, "token": token.text, "collection": made}, as_json=as_json)


@member.command("add")
def add_member(
    name: Annotated[str, typer.Argument(help="What you call the member; the others never see it.")],
    db: Db = "forum.db",
    role: Annotated[RoleName, typer.Option(help="What the member is at the forum.")] = RoleName.MEMBER,
    certificate: Annotated[
        str | None, typer.Option(metavar="SHA256", help="Fingerprint of a client certificate to log in with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a member; its token is shown this once."""
    from stillwatch.share.access.roster import Role, Roster

    roster = Roster(_store(db).engine)
    member_id, token = roster.add_member(name, Role(role.value))
    if certificate:
        roster.trust_certificate(member_id, certificate)
    _tell({"member": member_id, "token": token.text}, as_json=as_json)


@member.command("revoke")
def revoke_member(member_id: MemberId, db: Db = "forum.db", as_json: AsJson = False) -> None:
    """End a membership at once, with all its tokens and certificates."""
    from stillwatch.share.access.roster import Roster

    Roster(_store(db).engine).revoke_member(member_id)
    _tell({"revoked": member_id}, as_json=as_json)


@member.command("list")
def list_members(db: Db = "forum.db", as_json: AsJson = False) -> None:
    """List everybody, with the names that only the operator knows."""
    from stillwatch.share.access.roster import Roster

    for found in Roster(_store(db).engine).members():
        told = {"member": found.member_id, "name": found.name, "role": found.role.value}
        _tell(told | {"state": "revoked" if found.revoked_s else "active"}, as_json=as_json)


@collection.command("add")
def add_collection(
    title: Annotated[str, typer.Argument(help="Title that members see.")],
    db: Db = "forum.db",
    alias: Annotated[str | None, typer.Option(help="Name that may stand in URLs instead of the id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a collection that nobody may read or write yet."""
    from stillwatch.share.access.collections import Collections

    _tell({"collection": Collections(_store(db).engine).add(title, alias=alias)}, as_json=as_json)


@collection.command()
def grant(
    name: Annotated[str, typer.Argument(metavar="COLLECTION", help="Id or alias of the collection.")],
    member_id: MemberId,
    db: Db = "forum.db",
    read: Annotated[bool, typer.Option("--read", help="The member may read.")] = False,
    write: Annotated[bool, typer.Option("--write", help="The member may publish.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set what a member may do in a collection; without --read and --write the grant ends."""
    from stillwatch.share.access.collections import Collections

    Collections(_store(db).engine).grant(member_id, name, read=read, write=write)
    _tell({"collection": name, "member": member_id, "read": read, "write": write}, as_json=as_json)


def _guard() -> "Admit":
    """The guard, by the clock of now."""
    from stillwatch.share.guard.check import check

    return lambda item: check(item, now=datetime.now(UTC))


def _store(db: str) -> "Store":
    try:
        from stillwatch.share.taxii.store import Store
    except ModuleNotFoundError as error:
        message = f"the forum needs the extra share: pip install 'stillwatch[share]' ({error.name} is missing)"
        raise InvalidInput(message) from error
    return Store(db)


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else "  ".join(f"{name}: {value}" for name, value in told.items()))
