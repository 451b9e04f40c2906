"""Pages of campaigns."""

from typing import Final

from stillwatch.console.campaigns.graph import take_graph
from stillwatch.console.campaigns.handling import send_assign, send_close, send_note
from stillwatch.console.campaigns.listing import show_list, take_list
from stillwatch.console.campaigns.showing import show_campaign
from stillwatch.console.campaigns.streams import show_streams, take_streams
from stillwatch.console.campaigns.tables import take_table
from stillwatch.console.page import Page, act, look
from stillwatch.service.access.roles import Right

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    look("/campaigns", show_list),
    look("/campaigns/table", take_list),
    look("/campaigns/{campaign}", show_campaign),
    look("/campaigns/{campaign}/graph", take_graph),
    look("/campaigns/{campaign}/tables/{table}", take_table),
    look("/campaigns/{campaign}/streams", show_streams),
    look("/campaigns/{campaign}/streams/table", take_streams),
    act("/campaigns/{campaign}/assign", send_assign, Right.WORK),
    act("/campaigns/{campaign}/note", send_note, Right.WORK),
    act("/campaigns/{campaign}/close", send_close, Right.WORK),
)
