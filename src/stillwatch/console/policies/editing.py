"""Write a policy, have it checked, and add it as a signed version."""

from http import HTTPStatus

from sqlalchemy import Connection
from starlette.responses import Response

from stillwatch.act.policy.packaged import PACKAGED, packaged
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.versions import add_version, find_version, load_version
from stillwatch.console.policies.checking import MOST_BYTES, Checked, checked
from stillwatch.console.policies.force import force_of
from stillwatch.console.policies.words import short
from stillwatch.console.visit import Visit, at

__all__ = ["send_add", "send_check", "send_packaged", "show_new"]

_START = """\
name = "new"

[[rule]]
name = "harvest"
when = 'stream.accused && stream.verdict == "harvest" && stream.bits_over_bar >= 5'
then = "observe"
reason = "Requests of this kind are looked at."

[[case]]
name = "nothing is known"
expects = "observe"
rule = ""
"""


def show_new(visit: Visit) -> Response:
    """The editor, with the text of the version that `from` names, or of one that comes along."""
    told = visit.asked("from")
    with visit.looking() as connection:
        text = _text_of(connection, visit, told)
    return _page(visit, text, None, told)


def send_check(visit: Visit) -> Response:
    """Everything that is wrong, or what the policy would do."""
    text = _sent(visit)
    return _page(visit, text, _checked(visit, text))


def send_add(visit: Visit) -> Response:
    """Sign it as a version; what is wrong with it is shown as a check shows it."""
    text = _sent(visit)
    found = _checked(visit, text)
    if found.policy is None or not found.is_good:
        return _page(visit, text, found, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _added(visit, found.policy)


def send_packaged(visit: Visit) -> Response:
    """Add one that comes along.

    Raises      MissingData for another name.
    """
    return _added(visit, packaged(visit.needed("name")))


def _added(visit: Visit, policy: Policy) -> Response:
    with visit.changing() as connection:
        is_new = add_version(connection, policy, visit.signer())
    said = (
        f"Added {policy.name} as version {short(policy.version)}. Nothing is in force by that."
        if is_new
        else f"This is version {short(policy.version)}, which is there already: it says the same."
    )
    return visit.see(at("policies", policy.version), said)


def _sent(visit: Visit) -> str:
    """The text as it was written: browsers send line ends of their own."""
    return visit.fields.get("text", "").replace("\r\n", "\n").replace("\r", "\n")


def _checked(visit: Visit, text: str) -> Checked:
    with visit.looking() as connection:
        force = force_of(connection, visit.console.keys)
    return checked(text, force.policy)


def _text_of(connection: Connection, visit: Visit, told: str) -> str:
    """Raises MissingData or InvalidInput for what is no version."""
    if not told:
        return _START
    if told in PACKAGED:
        return packaged(told).text
    return load_version(connection, find_version(connection, told), visit.console.keys).text


def _page(visit: Visit, text: str, found: Checked | None, told: str = "", status: int = HTTPStatus.OK) -> Response:
    values = {
        "text": text,
        "found": found,
        "start": told,
        "most_kib": MOST_BYTES >> 10,
        "packaged": PACKAGED,
        "digits": short,
        "path": lambda *parts, **query: at("policies", *parts, **query),
    }
    return visit.render("policies/new", values, status)
