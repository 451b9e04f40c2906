"""Today: what needs a person first, then how everything stands."""

from typing import Final

from starlette.responses import Response

from stillwatch.console.page import Page, look
from stillwatch.console.visit import Visit

__all__ = ["PAGES"]


def show_today(visit: Visit) -> Response:
    """The first page."""
    return visit.render("today", {})


PAGES: Final[tuple[Page, ...]] = (look("", show_today),)
