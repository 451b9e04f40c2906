"""Take the pictures of the console from the demo's result, in Chromium.

Usage: ``make pictures``, which runs the demo first. Without Chromium nothing is taken and the committed pictures stay.
Look at them before committing.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

from stillwatch.console.assembling import console_over
from stillwatch.service.rehearsal.behind_http import bound, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
FOLDER = Path(__file__).parent / "images"
MOST_BYTES = 300_000
FIRST = "main tbody th a"


@dataclass(frozen=True)
class Picture:
    """One picture.

    steps       Bring the page to what is shown.
    height      Pixels of the window; the picture is what stands in it.
    """

    name: str
    steps: Callable[["Page"], None]
    width: int = 1280
    height: int = 900
    scheme: str = "light"


def today(page: "Page") -> None:
    """The first page."""
    page.goto(f"{page.url.partition('/console')[0]}/console")


def campaigns(page: "Page") -> None:
    """The list."""
    page.goto(f"{page.url.partition('/console')[0]}/console/campaigns")


def campaign(page: "Page") -> None:
    """The campaign with most bits."""
    campaigns(page)
    page.locator(FIRST).first.click()
    page.wait_for_selector("#why")


def at(selector: str) -> Callable[["Page"], None]:
    """The same, at one of its parts."""

    def steps(page: "Page") -> None:
        campaign(page)
        page.evaluate("s => document.querySelector(s).scrollIntoView()", selector)
        page.wait_for_timeout(1_500)

    return steps


def exchange(page: "Page") -> None:
    """An exchange, masked."""
    campaign(page)
    page.locator("#streams tbody th a").first.click()
    page.locator(FIRST).first.click()
    page.wait_for_selector(".masked")


def preview(page: "Page") -> None:
    """The preview of a policy that comes along."""
    page.goto(f"{page.url.partition('/console')[0]}/console/policies")
    page.locator("button:has-text('Add strict')").click()
    page.locator("button:has-text('Preview it now')").click()
    page.wait_for_url("**/previews/*", timeout=120_000)
    page.wait_for_timeout(500)


PICTURES = (
    Picture("console-today.png", today),
    Picture("console-campaigns.png", campaigns, height=760),
    Picture("console-campaign.png", campaign, height=1000),
    Picture("console-evidence.png", at("#tests"), height=1000),
    Picture("console-graph.png", at("#when"), height=1060),
    Picture("console-dark.png", campaign, scheme="dark"),
    Picture("console-narrow.png", campaign, width=390, height=844),
    Picture("console-exchange.png", exchange, height=760),
    Picture("console-preview.png", preview, height=1060),
)


def main(demo: Path) -> int:
    """Write the pictures; 1 when one is too large for the repository."""
    if not CHROMIUM.exists():
        print(f"no pictures taken: {CHROMIUM} is absent")
        return 0
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where there is a browser)

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, bound() as place, sync_playwright() as playwright:
        findings = copytree(demo / "findings", Path(folder) / "findings")
        port = int(place.getsockname()[1])
        with console_over(findings, [demo / "logs"], port) as opened, running(opened.app, place):
            chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
            page = chromium.new_page()
            page.goto(f"http://127.0.0.1:{port}/console/enter?key={opened.entry.text}")
            held = page.context.storage_state()
            sizes = [take(chromium, held, page.url, picture) for picture in PICTURES]
            chromium.close()
    return int(max(sizes) > MOST_BYTES)


def take(chromium: "Browser", held: object, url: str, picture: Picture) -> int:
    """Write one picture; return its bytes."""
    context = chromium.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,  # type: ignore[arg-type]
        storage_state=held,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(url)
    picture.steps(page)
    page.screenshot(path=FOLDER / picture.name)
    context.close()
    n_bytes = (FOLDER / picture.name).stat().st_size
    print(f"wrote {FOLDER / picture.name}: {n_bytes // 1000} kB{' (too large)' if n_bytes > MOST_BYTES else ''}")
    return n_bytes


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
