"""The first page."""

from typing import Final

from stillwatch.console.page import Page, look
from stillwatch.console.today.showing import show_today

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (look("", show_today),)
