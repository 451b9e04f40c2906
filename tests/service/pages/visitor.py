"""A customer's browser for tests: the page without a server, its form filled in as a browser would."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import httpx
from starlette.applications import Starlette
from tests.act.desk import NOW, Office, decision

from stillwatch.act.appeals.links import AppealLinks
from stillwatch.act.secret import ServiceSecret
from stillwatch.service.pages.appeals import AppealDesk, AppealPaces, appeal_routes

__all__ = ["LINKS", "WORDS", "Visitor", "hidden_fields", "link", "visitor"]

LINKS = AppealLinks(ServiceSecret(bytes(range(32))), "http://testserver")
WORDS = "We are a school and our pupils all use one worksheet."


def link(n: int = 1) -> str:
    """Path of the link of the decision of that number."""
    return LINKS.appeal_url(decision(n)).removeprefix("http://testserver")


class _Hidden(HTMLParser):
    """Values of hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "input" and told.get("type") == "hidden":
            self.found[told["name"] or ""] = told["value"] or ""


def hidden_fields(page: str) -> dict[str, str]:
    """Hidden fields of a page's form."""
    hidden = _Hidden()
    hidden.feed(page)
    return hidden.found


class Client:
    """HTTP without a server or a socket: each request runs the application to its end."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask("GET", path))

    def post(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, **more))

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.request(method, path, **more)


@dataclass
class Visitor:
    """Somebody with a browser."""

    client: Client
    now: list[datetime] = field(default_factory=lambda: [NOW])

    def see(self, path: str) -> httpx.Response:
        """Open a page."""
        return self.client.get(path)

    def token(self, path: str) -> str:
        """Token of the form on a page."""
        return hidden_fields(self.see(path).text)["form"]

    def send(self, path: str, form: str | None = None, **fields: str) -> httpx.Response:
        """Send the form of a page, or one with another token."""
        told = {"form": self.token(path) if form is None else form, "grounds": "research", "statement": WORDS}
        return self.client.post(path, data=told | fields, headers={"sec-fetch-site": "same-origin"})


def visitor(
    office: Office, paces: AppealPaces | None = None, source: Callable[[], str] = lambda: "192.0.2.1"
) -> Visitor:
    """A browser at the service's page; `source` is the address it comes from."""
    now = [NOW]
    desk = AppealDesk(
        office.engine,
        office.trail,
        LINKS,
        provider="Example Models",
        contact="support@example.com",
        paces=paces or AppealPaces(),
        clock=lambda: now[0],
        source_of=lambda _: source(),
    )
    return Visitor(Client(Starlette(routes=appeal_routes(desk))), now)
