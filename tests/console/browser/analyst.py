"""A person at the console, in a browser that watches itself: what goes wrong in it fails the test."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

__all__ = ["Analyst", "analyst"]


@dataclass
class Analyst:
    """Somebody with a browser of their own.

    wrong       Console errors, failed requests, and requests to anywhere else.
    n_clicks    Clicks and fields filled since `begin`.
    """

    page: "Page"
    base: str
    wrong: list[str] = field(default_factory=list)
    n_clicks: int = 0
    began_s: float = 0.0

    def begin(self) -> None:
        """Count from here."""
        self.n_clicks, self.began_s = 0, time.monotonic()

    @property
    def seconds(self) -> float:
        """Since `begin`."""
        return time.monotonic() - self.began_s

    def go(self, path: str) -> None:
        """Open a page by its path."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"

    def click(self, selector: str) -> None:
        """Click the first that fits."""
        self.n_clicks += 1
        self.page.locator(selector).first.click()

    def fill(self, selector: str, words: str) -> None:
        """Fill a field."""
        self.n_clicks += 1
        self.page.locator(selector).first.fill(words)

    def choose(self, selector: str, value: str) -> None:
        """Choose of a list."""
        self.n_clicks += 1
        self.page.locator(selector).first.select_option(value)

    def sees(self, selector: str) -> str:
        """Text of the first that fits, once it is there."""
        return self.page.locator(selector).first.inner_text()

    def log_in(self, name: str, password: str) -> None:
        """By a password."""
        self.go("/console")
        self.fill("#name", name)
        self.fill("#password", password)
        self.click("button:has-text('Log in')")
        self.page.wait_for_url("**/console")


def analyst(browser: "Browser", base: str, **options: object) -> Analyst:
    """A browser of one person; dialogs are agreed to."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(8_000)
    found = Analyst(page, base)
    host = urlsplit(base).netloc

    def asked(request: "Request") -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc != host:
            found.wrong.append(f"asked {parts.netloc}")

    page.on("console", lambda told: found.wrong.append(f"{told.type}: {told.text}") if told.type == "error" else None)
    page.on("pageerror", lambda error: found.wrong.append(f"script: {error}"))
    page.on("request", asked)
    page.on("dialog", lambda dialog: dialog.accept())
    return found
