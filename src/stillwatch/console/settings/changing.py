"""One user: other roles, another password, logged out everywhere, ended; each on the record."""

from http import HTTPStatus
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from stillwatch.console.settings.adding import roles_told, show_password
from stillwatch.console.settings.people import is_last_admin, person_named
from stillwatch.console.settings.rights import RIGHT_WORDS
from stillwatch.console.visit import PREFIX, Visit, at
from stillwatch.errors import InvalidInput
from stillwatch.ledger.entry import Kind
from stillwatch.service.access.passwords import fresh_password
from stillwatch.service.access.roles import Right, Role, rights_of
from stillwatch.service.access.sessions import end_sessions_of
from stillwatch.service.access.users import User, Users, user_named
from stillwatch.web.problem import Problem

__all__ = ["send_end", "send_password", "send_roles", "send_sessions_end", "show_user"]


def show_user(visit: Visit) -> Response:
    """One user, and what can be changed."""
    return _page(visit, visit.part("name"), {}, None)


def send_roles(visit: Visit) -> Response:
    """Give the user the roles that are ticked."""
    name, wrong = visit.part("name"), dict[str, str]()
    roles = roles_told(visit, wrong)
    if wrong:
        return _page(visit, name, wrong, visit.lists.get("role", []))
    with visit.changing() as connection:
        user = _living(connection, name)
        if visit.fields.get("seen", "") != _written(user):
            message = f"somebody else has changed the roles of {name} meanwhile: look at them, and change them again"
            raise Problem(HTTPStatus.CONFLICT, message)
        if Role.ADMIN not in roles and is_last_admin(connection, name):
            message = f"{name} is the last admin: make another one first"
            raise InvalidInput(message)
        changed = _users(visit, connection).set_roles(name, roles)
    said = f"{name} is {', '.join(sorted(changed.roles))} from now on."
    stays = name != visit.user.name or Right.ADMINISTER in changed.rights
    return visit.see(at("settings", "users", name) if stays else PREFIX, said)


def send_password(visit: Visit) -> Response:
    """Make another password for the user, and show it this once."""
    name, password = _other(visit), fresh_password()
    with visit.changing() as connection:
        _living(connection, name)
        _users(visit, connection).set_password(name, password)
    return show_password(visit, name, password, is_new=False)


def send_sessions_end(visit: Visit) -> Response:
    """Log the user out everywhere."""
    name = _other(visit)
    with visit.changing() as connection:
        user_named(connection, name)
        n = end_sessions_of(connection, name)
        told = {"what": "user-logged-out", "user": name, "sessions": n}
        visit.console.trail.record(connection, Kind.ROSTER_CHANGE, visit.user.name, told, visit.now)
    return visit.see(at("settings", "users", name), f"{name} is logged out everywhere.")


def send_end(visit: Visit) -> Response:
    """Let the user in no more."""
    name = _other(visit)
    with visit.changing() as connection:
        _living(connection, name)
        _users(visit, connection).end(name)
    return visit.see(at("settings", "users", name), f"{name} has ended, and is logged out everywhere.")


def _other(visit: Visit) -> str:
    """Name of a user who is somebody else: who ends their own session sees nothing of what comes of it.

    Raises      InvalidInput for one's own.
    """
    name = visit.part("name")
    if name == visit.user.name:
        message = "this is done to others: change your own password on your own page, and have another admin end you"
        raise InvalidInput(message)
    return name


def _living(connection: Connection, name: str) -> User:
    """The user.

    Raises      MissingData when there is none; Problem 409 when the user has ended.
    """
    user = user_named(connection, name)
    if user.ended_at is not None:
        raise Problem(HTTPStatus.CONFLICT, f"{name} has ended meanwhile, and cannot be changed any more")
    return user


def _users(visit: Visit, connection: Connection) -> Users:
    return Users(connection, visit.console.trail, visit.user.name, visit.now)


def _written(user: User) -> str:
    return " ".join(sorted(user.roles))


def _page(visit: Visit, name: str, wrong: dict[str, str], ticked: list[str] | None) -> Response:
    """The page of a user.

    ticked      Roles as they were sent; None for those that the user has.
    """
    with visit.looking() as connection:
        person = person_named(connection, name, visit.now, visit.console.lasting)
        is_last = is_last_admin(connection, name)
    values: dict[str, Any] = {
        "person": person,
        "is_own": name == visit.user.name,
        "is_last": is_last,
        "rights": [RIGHT_WORDS[right] for right in Right if right in rights_of(person.user.roles)],
        "all_roles": list(Role),
        "ticked": sorted(person.user.roles) if ticked is None else ticked,
        "seen": _written(person.user),
        "wrong": wrong,
        "path": lambda what: at("settings", "users", name, what),
    }
    return visit.render("settings/user", values, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK)
