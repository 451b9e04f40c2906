"""``stillwatch member keys``: keys of the other members, to be compared by people; the node's own, renewed."""

from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.member import SettingsAt
from stillwatch.cli.member_said import node_database
from stillwatch.cli.options import AsJson
from stillwatch.cli.telling import tell
from stillwatch.errors import InvalidInput

__all__ = ["keys"]

_SETTINGS = Path("member.toml")


def keys(
    settings: SettingsAt = _SETTINGS,
    *,
    trust: Annotated[
        str | None, typer.Option(metavar="THUMBPRINT", help="Trust a key that waits: you have compared it.")
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Sign with a new key from now on; the old one signs it, and is gone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List members' keys by thumbprint, where in the feed each was first seen, and those that wait to be trusted.

    Read the thumbprints to two other members by a way that is not the forum's: who has another one was told a lie.
    """
    from stillwatch.share.node.pins import pinned_keys, trust_key
    from stillwatch.share.node.service import renew_key
    from stillwatch.share.node.settings import read_settings

    if trust is not None and renew:
        message = "--trust is about another member's key and --renew about the node's own: one at a time"
        raise InvalidInput(message)
    if renew:
        tell({"own_key": renew_key(read_settings(settings))}, as_json=as_json)
        return
    with node_database(settings).begin() as connection:
        if trust is not None:
            told = {"trusted": trust, "member": trust_key(connection, trust)}
            tell(told | {"next": "start the node again: it reads the feed from the beginning"}, as_json=as_json)
            return
        found = pinned_keys(connection)
    for key in found:
        state = "trusted" if key.is_trusted else "waits"
        told = {"member": key.member_id, "key": key.key_id, "state": state}
        tell(told | {"first_seen": key.place, "at": key.seen_at}, as_json=as_json)
