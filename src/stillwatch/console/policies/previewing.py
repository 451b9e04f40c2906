"""Begin a preview: stored traffic is replayed to a version beside the pages, and what came of it is recorded."""

from collections.abc import Callable

from starlette.responses import Response

from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import record_preview
from stillwatch.act.policy.versions import find_version, load_version
from stillwatch.act.preview.record import recorded
from stillwatch.console.console import Console
from stillwatch.console.policies.words import short
from stillwatch.console.visit import Visit, at
from stillwatch.errors import MissingData
from stillwatch.service.replay.previewing import Asked, preview_of, protected_at, said_of
from stillwatch.service.replay.streams import ByFindings, ByIndex
from stillwatch.service.replay.traffic import Source

__all__ = ["nothing_to_replay", "send_preview"]

Tell = Callable[[str, int, int], None]


def nothing_to_replay(console: Console) -> str:
    """Why nothing can be previewed; empty when something can."""
    if console.is_local:
        if not console.logs:
            return "This console was started without logs. Start it again with --logs and what was scanned."
        return ""
    if not console.home.traffic.is_dir():
        return "No exchange was collected yet. Send some to the collector first."
    if not console.home.index.is_dir():
        return "Detection has not looked at the traffic yet. It does within a minute once there is some."
    return ""


def send_preview(visit: Visit) -> Response:
    """Begin it, and go to the page that shows how far it is.

    Raises      MissingData when there is no traffic, or no such version; Problem when too much waits already.
    """
    console, by = visit.console, visit.user.name
    if why := nothing_to_replay(console):
        raise MissingData(why)
    with visit.looking() as connection:
        policy = load_version(connection, find_version(connection, visit.part("version")), console.keys)
    what = f"Preview of {policy.name}, version {short(policy.version)}"
    job = console.jobs.begin(what, by, lambda tell: _preview(console, policy, by, tell))
    return visit.see(at("jobs", str(job.number)))


def _preview(console: Console, policy: Policy, by: str, tell: Tell) -> str:
    """Path of the page of what was found."""
    tell("reading the findings", 0, 0)
    said = said_of(console.home, policy, console.clock())
    asked = Asked(policy, _source(console), said, protected_at(console.settings.decide.protected))
    found, _ = preview_of(asked, tell)
    with console.engine.begin() as connection:
        number = record_preview(connection, recorded(found, console.clock()), console.signer(by))
    return at("policies", policy.version, "previews", str(number))


def _source(console: Console) -> Source:
    """Logs of the scan with what it found in them, or the service's traffic with its index."""
    if console.is_local:
        return Source(console.logs, ByFindings.of_folder(console.shelf.folder))
    home = console.home
    return Source((home.traffic,), ByIndex(home.index), home.settings.decide.accounts)
