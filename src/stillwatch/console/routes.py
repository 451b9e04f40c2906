"""Every page of the console with the right it asks for: the one place that says who may see and do what."""

from collections.abc import Sequence
from typing import Final

from starlette.routing import BaseRoute, Route

from stillwatch.console import jobs_page
from stillwatch.console.access.login import Login
from stillwatch.console.access.oidc_pages import OidcPages
from stillwatch.console.appeals import routes as appeals
from stillwatch.console.audit import routes as audit
from stillwatch.console.campaigns import routes as campaigns
from stillwatch.console.door import Door
from stillwatch.console.exchanges import routes as exchanges
from stillwatch.console.page import Page
from stillwatch.console.policies import routes as policies
from stillwatch.console.settings import routes as settings
from stillwatch.console.sharing import routes as sharing
from stillwatch.console.static_files import answer_static
from stillwatch.console.today import routes as today
from stillwatch.console.trace import routes as trace
from stillwatch.console.visit import PREFIX

__all__ = ["PAGES", "console_routes"]

PAGES: Final[tuple[Page, ...]] = (
    *today.PAGES,
    *campaigns.PAGES,
    *policies.PAGES,
    *jobs_page.PAGES,
    *appeals.PAGES,
    *audit.PAGES,
    *exchanges.PAGES,
    *settings.PAGES,
    *trace.PAGES,
    *sharing.PAGES,
)


def console_routes(door: Door, login: Login, oidc: OidcPages | None = None) -> Sequence[BaseRoute]:
    """Routes for the service's application.

    oidc    Where people log in elsewhere; None where they have passwords here.
    """
    elsewhere = [] if oidc is None else [("", oidc.begin), ("/back", oidc.finish)]
    return [
        Route(f"{PREFIX}/static/{{digest}}/{{name:path}}", answer_static, methods=["GET"]),
        Route(f"{PREFIX}/login", login.show, methods=["GET"]),
        Route(f"{PREFIX}/login", login.send, methods=["POST"]),
        Route(f"{PREFIX}/enter", login.enter, methods=["GET"]),
        Route(f"{PREFIX}/logout", login.leave, methods=["POST"]),
        *(Route(f"{PREFIX}/oidc{path}", answer, methods=["GET"]) for path, answer in elsewhere),
        *(Route(f"{PREFIX}{page.path}", door.of(page), methods=[page.method]) for page in PAGES),
    ]
