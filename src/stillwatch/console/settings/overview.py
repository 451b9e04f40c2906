"""Settings on one page: who may log in, what calls the service, what the settings file says."""

from collections.abc import Callable
from typing import Any, Final

from starlette.responses import Response

from stillwatch.console.settings.in_force import in_force, settings_kept
from stillwatch.console.settings.people import n_people, people_of
from stillwatch.console.settings.token_rows import n_tokens, tokens_of
from stillwatch.console.visit import Visit, at

__all__ = ["show_file", "show_overview"]

_MOST: Final = 50
_MOST_TOKENS: Final = 20


def show_overview(visit: Visit) -> Response:
    """Users, a page of them; tokens, members and retention in short."""
    is_ended, page, console = visit.asked("ended") == "1", visit.number("page"), visit.console
    with visit.looking() as connection:
        rows = ((page - 1) * _MOST, _MOST)
        people = people_of(connection, rows, visit.now, console.lasting, ended=is_ended)
        n_living, n_ended = (n_people(connection, ended=ended) for ended in (False, True))
        tokens = tokens_of(connection, 0, _MOST_TOKENS)
        n_alive = n_tokens(connection, ended=False)
    values: dict[str, Any] = {
        "people": people,
        "is_ended": is_ended,
        "n_living": n_living,
        "n_ended": n_ended,
        "page": page,
        "most": _MOST,
        "link": _link(is_ended=is_ended),
        "path": lambda name: at("settings", "users", name),
        "tokens": tokens,
        "n_tokens": n_alive,
        "kept": settings_kept(console.settings),
        "node": console.node,
        "oidc": console.settings.console,
        "has_secret": _has_secret(visit),
    }
    return visit.render("settings/overview", values)


def show_file(visit: Visit) -> Response:
    """Every setting of the file that is in force."""
    return visit.render("settings/file", {"tables": in_force(visit.console.settings)})


def _link(*, is_ended: bool) -> Callable[..., str]:
    def link(page: int = 1) -> str:
        return at("settings", ended="1" if is_ended else "", page="" if page == 1 else page)

    return link


def _has_secret(visit: Visit) -> bool:
    """Whether the file with the client's secret is there; what is in it is not looked at."""
    file = visit.console.settings.console.oidc_secret
    try:
        return file is not None and file.is_file()
    except OSError:
        return False
