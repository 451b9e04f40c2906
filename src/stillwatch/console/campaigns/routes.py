"""Pages of campaigns."""

from typing import Final

from stillwatch.console.campaigns.listing import show_list, take_list
from stillwatch.console.page import Page, look

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    look("/campaigns", show_list),
    look("/campaigns/table", take_list),
)
