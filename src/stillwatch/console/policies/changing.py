"""Forms that change what is in force, and who stands behind it; the rules are those of act/policy."""

from http import HTTPStatus

from sqlalchemy import Connection
from starlette.responses import Response

from stillwatch.act.policy.activations import Activation, Overtaken, activate, roll_back, stop
from stillwatch.act.policy.approvals import approve
from stillwatch.act.policy.versions import find_version
from stillwatch.console.policies.listing import list_page
from stillwatch.console.policies.version import version_page
from stillwatch.console.policies.words import done, short, without_command
from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput

__all__ = ["send_activate", "send_approve", "send_rollback", "send_stop"]

_MOST_DIGITS = 9
_CHANGED = "Somebody was faster: {told}. Nothing was changed by you. Look at how it stands now, then decide again."


def send_rollback(visit: Visit) -> Response:
    """Go back to the version before."""
    try:
        with visit.changing() as connection:
            change = roll_back(connection, visit.signer(), seen=_whole(visit, "seen"))
    except Overtaken as error:
        return list_page(visit, _overtaken(error), HTTPStatus.CONFLICT)
    except InvalidInput as error:
        return list_page(visit, _refused(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.see(at("policies"), _said(change))


def send_stop(visit: Visit) -> Response:
    """Put nothing in force."""
    try:
        with visit.changing() as connection:
            change = stop(connection, visit.signer(), seen=_whole(visit, "seen"))
    except Overtaken as error:
        return list_page(visit, _overtaken(error), HTTPStatus.CONFLICT)
    return visit.see(at("policies"), _said(change))


def send_activate(visit: Visit) -> Response:
    """Put a version in force at a stage."""
    try:
        with visit.changing() as connection:
            version = _named(connection, visit)
            change = activate(connection, version, _whole(visit, "stage"), visit.signer(), seen=_whole(visit, "seen"))
    except Overtaken as error:
        return version_page(visit, _overtaken(error), HTTPStatus.CONFLICT)
    except InvalidInput as error:
        return version_page(visit, _refused(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.see(at("policies", version), _said(change))


def send_approve(visit: Visit) -> Response:
    """Stand behind the preview that was looked at."""
    seen = _whole(visit, "seen")
    try:
        with visit.changing() as connection:
            version = _named(connection, visit)
            number = approve(connection, version, visit.signer())
            _check_seen(number, seen)
    except Overtaken as error:
        return version_page(visit, _overtaken(error), HTTPStatus.CONFLICT)
    except InvalidInput as error:
        return version_page(visit, _refused(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.see(at("policies", version), f"You stand behind what preview {number} shows.")


def _check_seen(number: int, seen: int) -> None:
    """Raises Overtaken when another preview is the latest by now."""
    if number != seen:
        message = f"there is a newer preview (number {number}) than the one you looked at"
        raise Overtaken(message)


def _named(connection: Connection, visit: Visit) -> str:
    return find_version(connection, visit.part("version"))


def _whole(visit: Visit, name: str) -> int:
    """Whole number of the form.

    Raises      InvalidInput for anything else.
    """
    told = visit.needed(name)
    if not (told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS):
        message = f"{name} must be a whole number; load the page again"
        raise InvalidInput(message)
    return int(told)


def _overtaken(error: Overtaken) -> str:
    return _CHANGED.format(told=without_command(str(error)))


def _refused(error: InvalidInput) -> str:
    told = without_command(str(error))
    return f"This was not done: {told}."


def _said(change: Activation) -> str:
    if change.version is None:
        return "Nothing is in force now: everything is observed."
    if change.how == "rollback":
        return f"Gone back: version {short(change.version)} is in force at {change.stage} % again."
    return f"Version {short(change.version)} was {done(change)} of accused streams."
