"""The list of policies: what is in force, what was, and which versions there are."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from stillwatch.act.policy.activations import latest_activations
from stillwatch.act.policy.packaged import PACKAGED, packaged
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import Recorded, last_previews
from stillwatch.act.policy.versions import Version, latest_versions, n_versions, version_added
from stillwatch.console.policies.force import Force, force_of
from stillwatch.console.policies.words import SHARES, UNITS, done, short
from stillwatch.console.visit import Visit, at
from stillwatch.errors import StillwatchError
from stillwatch.service.access.roles import Right

__all__ = ["Listed", "list_page", "packaged_policies", "show_list"]

_MOST: Final = 50
_MOST_CHANGES: Final = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A version, ready to lay out.

    added       None for a row that was changed after it was signed: it can be put in force no more.
    is_changed  Its last preview was changed after it was signed.
    stage       At which it is in force, in percent; 0 when it is not.
    """

    version: str
    added: Version | None
    preview: Recorded | None
    is_changed: bool
    is_fresh: bool
    stage: int


@cache
def packaged_policies() -> tuple[Policy, ...]:
    """Those that come along."""
    return tuple(packaged(name) for name in PACKAGED)


def show_list(visit: Visit) -> Response:
    """The page."""
    return list_page(visit)


def list_page(visit: Visit, refused: str = "", status: int = 200) -> Response:
    """The page.

    refused     Why what was asked for was not done; empty when nothing was, or it was.
    """
    keys, of_versions, of_changes = visit.console.keys, visit.number("page"), visit.number("changes")
    with visit.looking() as connection:
        force, n = force_of(connection, keys), n_versions(connection)
        rows = _rows(connection, visit, force, (of_versions - 1) * _MOST)
        changes = latest_activations(connection, keys, (of_changes - 1) * _MOST_CHANGES, _MOST_CHANGES)
        names = _names(connection, visit, [one.version for one in changes if one.version])
    values = {
        "refused": refused,
        "force": force,
        "rows": rows,
        "n": n,
        "page": of_versions,
        "most": _MOST,
        "changes": changes,
        "names": names,
        "of_changes": of_changes,
        "most_changes": _MOST_CHANGES,
        "packaged": _packaged(visit),
        "problems": _problems(visit),
        "link": lambda page: at("policies", page=page, changes="" if of_changes == 1 else of_changes),
        "link_changes": lambda page: at("policies", changes=page, page="" if of_versions == 1 else of_versions),
        "path": lambda *parts: at("policies", *parts),
        "Right": Right,
        "shares": SHARES,
        "units": UNITS,
        "done": done,
        "digits": short,
    }
    return visit.render("policies/list", values, status)


def _rows(connection: Connection, visit: Visit, force: Force, start: int) -> list[Listed]:
    keys = visit.console.keys
    found = latest_versions(connection, keys, start, _MOST)
    previews = last_previews(connection, [version for version, _ in found], keys)
    rows = []
    for version, added in found:
        preview = previews.get(version)
        stage = force.last.stage if force.last is not None and force.version == version else 0
        is_fresh = preview is not None and preview.preview.is_fresh(visit.now)
        is_changed = preview is None and version in previews
        rows.append(Listed(version, added, preview, is_changed, is_fresh, stage))
    return rows


def _packaged(visit: Visit) -> list[tuple[Policy, str, bool]]:
    """Those that come along, what each says of itself in its first line, and whether it was added."""
    found = []
    with visit.looking() as connection:
        for policy in packaged_policies():
            try:
                version_added(connection, policy.version, visit.console.keys)
                is_added = True
            except StillwatchError:
                is_added = False
            found.append((policy, policy.text.partition("\n")[0].lstrip("# ").replace("`", ""), is_added))
    return found


def _problems(visit: Visit) -> tuple[str, ...]:
    """What the service that runs says is wrong with the policy in force."""
    status = visit.console.status
    return () if status is None else tuple(status()["problems"].get("policy", ()))


def _names(connection: Connection, visit: Visit, versions: list[str]) -> dict[str, str]:
    """Names of versions."""
    found = {}
    for version in dict.fromkeys(versions):
        try:
            found[version] = version_added(connection, version, visit.console.keys).name
        except StillwatchError:
            found[version] = "changed since"
    return found
