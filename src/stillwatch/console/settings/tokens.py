"""Tokens of gateways and collectors: issued, with the secret shown on the very page that answers, and ended."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from stillwatch.console.settings.token_rows import n_tokens, tokens_of
from stillwatch.console.visit import Visit, at
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.service.access.issued import Issue, Scope, end_token, issue_token
from stillwatch.web.problem import Problem

__all__ = ["SCOPE_WORDS", "send_token", "send_token_end", "show_tokens"]

SCOPE_WORDS: Final = {
    Scope.COLLECT: "send exchanges to the collector",
    Scope.DECIDE: "ask what to do with a request, as gateways do",
    Scope.METRICS: "read the service’s figures",
}
_MOST: Final = 50
_MOST_DAYS: Final = 3660
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class _Typed:
    """What stands in the form; days empty for a token that does not end by itself."""

    name: str = ""
    scopes: tuple[str, ...] = ()
    days: str = ""


def show_tokens(visit: Visit) -> Response:
    """Tokens, and the form for another one."""
    return _page(visit, _Typed(), {})


def send_token(visit: Visit) -> Response:
    """Issue a token; the answer shows it, and nothing does so again."""
    typed = _Typed(
        visit.fields.get("name", "").strip()[:_LONGEST],
        tuple(visit.lists.get("scope", ())),
        visit.fields.get("days", "").strip()[:_LONGEST],
    )
    wrong: dict[str, str] = {}
    lasts, scopes = _lasts(typed.days, wrong), frozenset(one for one in Scope if one.value in typed.scopes)
    if not scopes:
        wrong["scope"] = "Tick what the token is for."
    if wrong:
        return _page(visit, typed, wrong)
    try:
        ends = None if lasts is None else visit.now + lasts
        issue = Issue(typed.name, scopes, visit.user.name, ends)
        with visit.changing() as connection:
            made = issue_token(connection, visit.console.trail, issue, visit.now)
    except InvalidInput as error:
        return _page(visit, typed, {"name": str(error)})
    values = {"issue": issue, "secret": made.text, "scopes": [SCOPE_WORDS[one] for one in Scope if one in scopes]}
    return visit.render("settings/token_issued", values)


def send_token_end(visit: Visit) -> Response:
    """End a token."""
    name = visit.part("name")
    with visit.changing() as connection:
        try:
            end_token(connection, visit.console.trail, name, visit.user.name, visit.now)
        except MissingData as error:
            raise Problem(HTTPStatus.CONFLICT, f"there is no token {name[:64]} that could be ended any more") from error
    return visit.see(at("settings", "tokens"), f"The token {name} has ended; services notice within a second.")


def _lasts(told: str, wrong: dict[str, str]) -> timedelta | None:
    """Days until it ends; None for one that is ended by hand."""
    if not told:
        return None
    if not told.isascii() or not told.isdigit() or not 0 < int(told) <= _MOST_DAYS:
        wrong["days"] = f"A whole number of days, 1 to {_MOST_DAYS:,}; empty for no end."
        return None
    return timedelta(days=int(told))


def _page(visit: Visit, typed: _Typed, wrong: dict[str, str]) -> Response:
    is_ended, page = visit.asked("ended") == "1", visit.number("page")
    with visit.looking() as connection:
        rows = tokens_of(connection, (page - 1) * _MOST, _MOST, ended=is_ended)
        counts = {ended: n_tokens(connection, ended=ended) for ended in (False, True)}

    def link(page: int = 1) -> str:
        return at("settings", "tokens", ended="1" if is_ended else "", page="" if page == 1 else page)

    values: dict[str, Any] = {
        "rows": rows,
        "counts": counts,
        "is_ended": is_ended,
        "page": page,
        "most": _MOST,
        "link": link,
        "typed": typed,
        "wrong": wrong,
        "scope_words": SCOPE_WORDS,
        "end_path": lambda name: at("settings", "tokens", name, "end"),
    }
    return visit.render("settings/tokens", values, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK)
