"""Pages of appeals; the customers' words are in them, so that whoever answers is let in, and nobody else."""

from typing import Final

from stillwatch.console.appeals.answering import (
    preview_answer,
    send_answer,
    send_look,
    show_appeal,
    show_customers_page,
)
from stillwatch.console.appeals.listing import show_queue, take_queue
from stillwatch.console.page import Page, act, look
from stillwatch.service.access.roles import Right

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    look("/appeals", show_queue, Right.ANSWER),
    look("/appeals/table", take_queue, Right.ANSWER),
    look("/appeals/{appeal}", show_appeal, Right.ANSWER),
    look("/appeals/{appeal}/page", show_customers_page, Right.ANSWER),
    act("/appeals/{appeal}/look", send_look, Right.ANSWER),
    act("/appeals/{appeal}/answer", send_answer, Right.ANSWER),
    act("/appeals/{appeal}/preview", preview_answer, Right.ANSWER),
)
