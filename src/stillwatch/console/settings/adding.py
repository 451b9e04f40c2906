"""Add a user: with a password that is made here and shown once, or as somebody of the provider of identities."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from stillwatch.act.trail import person
from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput
from stillwatch.service.access.passwords import fresh_password
from stillwatch.service.access.roles import Role, roles_of
from stillwatch.service.access.subject import elsewhere_told
from stillwatch.service.access.users import Elsewhere, User, Users

__all__ = ["roles_told", "send_add", "show_add", "show_password"]

_MOST: Final = 300


@dataclass(frozen=True, slots=True)
class _Typed:
    """What stands in the form.

    is_elsewhere    The user is to log in by the provider of identities.
    """

    name: str = ""
    roles: tuple[str, ...] = ()
    is_elsewhere: bool = False
    subject: str = ""


def show_add(visit: Visit) -> Response:
    """The form, empty."""
    return _form(visit, _Typed(), {})


def send_add(visit: Visit) -> Response:
    """Add the user that the form tells."""
    typed = _Typed(
        visit.fields.get("name", "")[:_MOST],
        tuple(visit.lists.get("role", ())),
        visit.fields.get("login") == "elsewhere",
        visit.fields.get("subject", "")[:_MOST],
    )
    wrong: dict[str, str] = {}
    name, roles, elsewhere = _name(typed, wrong), roles_told(visit, wrong), _elsewhere(visit, typed, wrong)
    if wrong:
        return _form(visit, typed, wrong)
    password = None if typed.is_elsewhere else fresh_password()
    try:
        made = _added(visit, name, roles, password, elsewhere)
    except InvalidInput as error:
        return _form(visit, typed, {"name": str(error)})
    if password is None:
        return visit.see(at("settings", "users", made.name), f"{made.name} can log in from now on.")
    return show_password(visit, made.name, password, is_new=True)


def show_password(visit: Visit, name: str, password: str, *, is_new: bool) -> Response:
    """The page that shows a password, this once.

    is_new      Of a user who was added now.
    """
    return visit.render("settings/password", {"name": name, "password": password, "is_new": is_new})


def roles_told(visit: Visit, wrong: dict[str, str]) -> frozenset[Role]:
    """Roles that are ticked; what is wrong with them is noted by the name of the field."""
    try:
        return roles_of(visit.lists.get("role", ()))
    except InvalidInput:
        wrong["role"] = f"Tick at least one of {', '.join(Role)}."
        return frozenset()


def _added(visit: Visit, name: str, roles: frozenset[Role], password: str | None, elsewhere: Elsewhere | None) -> User:
    with visit.changing() as connection:
        users = Users(connection, visit.console.trail, visit.user.name, visit.now)
        return users.add(name, roles, password, elsewhere)


def _name(typed: _Typed, wrong: dict[str, str]) -> str:
    try:
        return person(typed.name)
    except InvalidInput as error:
        wrong["name"] = str(error)
        return ""


def _elsewhere(visit: Visit, typed: _Typed, wrong: dict[str, str]) -> Elsewhere | None:
    if not typed.is_elsewhere:
        return None
    issuer = visit.console.settings.console.oidc_issuer
    if issuer is None:
        wrong["login"] = "No provider of identities is set: give the user a password."
        return None
    try:
        return elsewhere_told(issuer, typed.subject)
    except InvalidInput as error:
        wrong["subject"] = str(error)
        return None


def _form(visit: Visit, typed: _Typed, wrong: dict[str, str]) -> Response:
    values = {
        "typed": typed,
        "wrong": wrong,
        "roles": list(Role),
        "issuer": visit.console.settings.console.oidc_issuer,
    }
    return visit.render("settings/add_user", values, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK)
