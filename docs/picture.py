"""Take the pictures of the documentation from the report of the demo, in Chromium.

Usage: ``make pictures``, which runs the demo first. Look at them before committing.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
FOLDER = Path(__file__).parent / "images"
WIDTH = 1100


def edge(page: "Page", selector: str, side: str) -> float:
    """Where an element begins or ends, pixels from the top of the page."""
    return float(page.evaluate(f"s => document.querySelector(s).getBoundingClientRect().{side} + scrollY", selector))


def main(report: Path) -> int:
    """Write one picture of the overview and one of the first campaign."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only where there is a browser)

    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": WIDTH, "height": 1000})
        page.goto(report.resolve().as_uri())
        ranges = {
            "campaigns.png": (0.0, edge(page, "#overview ~ figure, section figure", "top") - 8),
            "campaign.png": (
                edge(page, "#campaign-1", "top") - 12,
                edge(page, "#campaign-1 .row-picture", "top") - 100,
            ),
        }
        for name, (top, bottom) in ranges.items():
            clip = {"x": 0, "y": top, "width": WIDTH, "height": bottom - top}
            page.screenshot(path=FOLDER / name, full_page=True, clip=clip)  # type: ignore[arg-type]
            print(f"wrote {FOLDER / name}: {(FOLDER / name).stat().st_size // 1024} kB")
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
