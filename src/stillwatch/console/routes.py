"""Every page of the console with the right it asks for: the one place that says who may see and do what."""

from collections.abc import Sequence
from typing import Final

from starlette.routing import BaseRoute, Route

from stillwatch.console import home
from stillwatch.console.access.login import Login
from stillwatch.console.campaigns import routes as campaigns
from stillwatch.console.door import Door
from stillwatch.console.page import Page
from stillwatch.console.static_files import answer_static
from stillwatch.console.visit import PREFIX

__all__ = ["PAGES", "console_routes"]

PAGES: Final[tuple[Page, ...]] = (
    *home.PAGES,
    *campaigns.PAGES,
)


def console_routes(door: Door, login: Login) -> Sequence[BaseRoute]:
    """Routes for the service's application."""
    return [
        Route(f"{PREFIX}/static/{{digest}}/{{name:path}}", answer_static, methods=["GET"]),
        Route(f"{PREFIX}/login", login.show, methods=["GET"]),
        Route(f"{PREFIX}/login", login.send, methods=["POST"]),
        Route(f"{PREFIX}/enter", login.enter, methods=["GET"]),
        Route(f"{PREFIX}/logout", login.leave, methods=["POST"]),
        *(Route(f"{PREFIX}{page.path}", door.of(page), methods=[page.method]) for page in PAGES),
    ]
