"""Pages of exchanges. An exchange's id comes from a customer's logs: there may be slashes in it."""

from typing import Final

from stillwatch.console.exchanges.showing import send_reveal, show_exchange, show_exchanges
from stillwatch.console.page import Page, act, look
from stillwatch.service.access.roles import Right

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    look("/campaigns/{campaign}/exchanges", show_exchanges),
    look("/campaigns/{campaign}/exchanges/{exchange:path}", show_exchange, Right.REVEAL),
    act("/campaigns/{campaign}/exchanges/{exchange:path}", send_reveal, Right.REVEAL),
)
