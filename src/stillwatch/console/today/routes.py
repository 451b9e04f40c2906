"""The first page."""

from typing import Final

from stillwatch.console.page import Page, look
from stillwatch.console.today.showing import show_today
from stillwatch.console.today.traffic import take_traffic

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (look("", show_today), look("/traffic", take_traffic))
