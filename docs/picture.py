"""Take the pictures of the documentation from the report of the demo, in Chromium.

Usage: ``make pictures``, which runs the demo first. Without Chromium nothing is taken and the committed pictures stay.
Look at them before committing.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Page

CHROMIUM = Path("/usr/bin/chromium")
FOLDER = Path(__file__).parent / "images"
WIDTHS = {"report.png": 1280, "campaign.png": 1000}
MARGIN = 12
MOST_BYTES = 300_000


def edge(page: "Page", selector: str, side: str) -> float:
    """Where an element begins or ends, pixels from the top of the page."""
    return float(page.evaluate(f"s => document.querySelector(s).getBoundingClientRect().{side} + scrollY", selector))


def ends(page: "Page", name: str) -> tuple[float, float]:
    """Where a picture begins and ends: the head of the page, or its first campaign."""
    if name == "report.png":
        return 0.0, edge(page, "main figure", "top") - MARGIN
    return (
        edge(page, "#campaign-1", "top") - MARGIN,
        edge(page, "#campaign-1 .two > figure:first-of-type > .picture", "bottom") + MARGIN / 4,
    )


def main(report: Path) -> int:
    """Write the pictures; 1 when one is too large for the repository."""
    if not CHROMIUM.exists():
        print(f"no pictures taken: {CHROMIUM} is absent")
        return 0
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where there is a browser)

    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        sizes = [take(chromium, report, name, width) for name, width in WIDTHS.items()]
        chromium.close()
    return int(max(sizes) > MOST_BYTES)


def take(chromium: "Browser", report: Path, name: str, width: int) -> int:
    """Write one picture; return its bytes."""
    page = chromium.new_page(viewport={"width": width, "height": 1000}, color_scheme="light")
    page.goto(report.resolve().as_uri())
    top, bottom = ends(page, name)
    clip: FloatRect = {"x": 0, "y": top, "width": width, "height": bottom - top}
    page.screenshot(path=FOLDER / name, full_page=True, clip=clip)
    page.close()
    n_bytes = (FOLDER / name).stat().st_size
    print(f"wrote {FOLDER / name}: {n_bytes // 1000} kB{' (too large)' if n_bytes > MOST_BYTES else ''}")
    return n_bytes


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
