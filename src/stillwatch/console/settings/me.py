"""Everybody's own page: name, roles and what they allow, password, sessions."""

from http import HTTPStatus
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from stillwatch.console.access.cookies import hold
from stillwatch.console.settings.own_sessions import MOST, end_others, sessions_of
from stillwatch.console.settings.rights import RIGHT_WORDS
from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput
from stillwatch.service.access.passwords import LEAST
from stillwatch.service.access.passwords import MOST as LONGEST
from stillwatch.service.access.roles import Right
from stillwatch.service.access.sessions import begin_session, digest_of, leave_word
from stillwatch.service.access.users import Users, user_with_password
from stillwatch.web.failures import Failures
from stillwatch.web.problem import Problem

__all__ = ["send_me_password", "send_me_sessions_end", "show_me"]

_GUESSES: Final = Failures(allowed=5, window_s=300)
"""Wrong old passwords by session: whoever sits at another's open browser shall not guess."""


def show_me(visit: Visit) -> Response:
    """The page."""
    return _page(visit, {})


def send_me_password(visit: Visit) -> Response:
    """Another password; every other session ends, and this one goes on under a new name."""
    user, told = visit.user, visit.fields
    if not user.has_password or visit.console.is_local:
        message = "you have no password here"
        raise InvalidInput(message)
    fresh = told.get("new", "")
    wrong = {} if fresh == told.get("again", "") else {"again": "The two new passwords must be the same."}
    if wrong:
        return _page(visit, wrong)
    try:
        _GUESSES.check("", visit.session.digest)
    except Problem as problem:
        seconds = problem.headers.get("Retry-After", "300")
        return _page(visit, {"old": f"Too many wrong passwords: wait {seconds} seconds."}, problem.status)
    with visit.looking() as connection:
        is_right = user_with_password(connection, user.name, told.get("old", "")) is not None
    if not is_right:
        _GUESSES.count("", visit.session.digest)
        return _page(visit, {"old": "This is not your password."})
    try:
        return _changed(visit, fresh)
    except InvalidInput as error:
        return _page(visit, {"new": str(error)})


def send_me_sessions_end(visit: Visit) -> Response:
    """Log out everywhere else."""
    with visit.changing() as connection:
        n = end_others(connection, visit.user.name, visit.session.digest)
    return visit.see(at("me"), f"Logged out elsewhere: {n} session{'' if n == 1 else 's'} ended.")


def _changed(visit: Visit, password: str) -> Response:
    """Set it, and go on in a session of its own: those before have ended with the old password."""
    console = visit.console
    with visit.changing() as connection:
        Users(connection, console.trail, visit.user.name, visit.now).set_password(visit.user.name, password)
        held = begin_session(connection, visit.user, visit.now, console.lasting)
        said = "Your password is changed, and you are logged out everywhere else."
        leave_word(connection, digest_of(held), said)
    response = RedirectResponse(at("me"), HTTPStatus.SEE_OTHER)
    is_secure = visit.origin.startswith("https://") or console.settings.public_url.startswith("https://")
    hold(response, held, is_secure=is_secure)
    return response


def _page(visit: Visit, wrong: dict[str, str], status: int = HTTPStatus.UNPROCESSABLE_ENTITY) -> Response:
    user, session = visit.user, visit.session
    with visit.looking() as connection:
        sessions = sessions_of(connection, user.name, visit.now, visit.console.lasting, session.digest)
    values: dict[str, Any] = {
        "rights": [RIGHT_WORDS[right] for right in Right if visit.may(right)],
        "not_rights": [RIGHT_WORDS[right] for right in Right if not visit.may(right)],
        "sessions": sessions,
        "most": MOST,
        "lasting": visit.console.settings.console,
        "wrong": wrong,
        "least": LEAST,
        "longest": LONGEST,
        "has_password": user.has_password and not visit.console.is_local,
    }
    return visit.render("settings/me", values, status if wrong else HTTPStatus.OK)
