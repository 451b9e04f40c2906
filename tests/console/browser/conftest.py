"""Debian's Chromium for the tests of pages; without one they are skipped."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """One browser of a module: playwright runs an event loop in this thread, beside which no test may run another."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is absent: no page is looked at")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()
