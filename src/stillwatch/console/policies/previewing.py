"""Begin a preview: stored traffic is replayed to a version beside the pages, and what came of it is recorded."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.responses import Response

from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import record_preview
from stillwatch.act.policy.versions import find_version, load_version
from stillwatch.act.preview.record import recorded
from stillwatch.console.console import Console
from stillwatch.console.policies.stored_traffic import nothing_to_replay, source_of
from stillwatch.console.policies.version import version_page
from stillwatch.console.policies.words import short
from stillwatch.console.visit import Visit, at
from stillwatch.service.replay.previewing import Asked, preview_of, protected_at, said_of

__all__ = ["send_preview"]

Tell = Callable[[str, int, int], None]


def send_preview(visit: Visit) -> Response:
    """Begin it, and go to the page that shows how far it is.

    Raises      MissingData when there is no such version; Problem when too much waits already.
    """
    console, by = visit.console, visit.user.name
    if why := nothing_to_replay(console):
        return version_page(visit, why, HTTPStatus.UNPROCESSABLE_ENTITY)
    with visit.looking() as connection:
        policy = load_version(connection, find_version(connection, visit.part("version")), console.keys)
    what = f"Preview of {policy.name}, version {short(policy.version)}"
    job = console.jobs.begin(what, by, lambda tell: _preview(console, policy, by, tell))
    return visit.see(at("jobs", str(job.number)))


def _preview(console: Console, policy: Policy, by: str, tell: Tell) -> str:
    """Path of the page of what was found."""
    tell("reading the findings", 0, 0)
    said = said_of(console.home, policy, console.clock())
    asked = Asked(policy, source_of(console), said, protected_at(console.settings.decide.protected))
    found, _ = preview_of(asked, tell)
    with console.engine.begin() as connection:
        number = record_preview(connection, recorded(found, console.clock()), console.signer(by))
    return at("policies", policy.version, "previews", str(number))
