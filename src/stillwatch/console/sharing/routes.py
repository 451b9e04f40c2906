"""Pages of sharing."""

from typing import Final

from stillwatch.console.page import Page, act, look
from stillwatch.console.sharing.exports import take_answers, take_in, take_matches, take_out
from stillwatch.console.sharing.ledger import send_forum_proof, show_ledger, take_proof
from stillwatch.console.sharing.listing import (
    show_answers,
    show_in,
    show_leads,
    show_out,
    show_overview,
    show_taken_back,
    show_trust,
)
from stillwatch.console.sharing.one import send_dispute, send_revoke, show_indicator, take_bundle
from stillwatch.console.sharing.telling import send_prepare, send_publish, show_publish
from stillwatch.service.access.roles import Right

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    look("/sharing", show_overview),
    look("/sharing/out", show_out),
    look("/sharing/in", show_in),
    look("/sharing/matches", show_leads),
    look("/sharing/answers", show_answers),
    look("/sharing/out/table", take_out),
    look("/sharing/in/table", take_in),
    look("/sharing/matches/table", take_matches),
    look("/sharing/answers/table", take_answers),
    look("/sharing/trust", show_trust),
    look("/sharing/taken-back", show_taken_back),
    look("/sharing/indicators/{id}", show_indicator),
    look("/sharing/indicators/{id}/bundle", take_bundle),
    act("/sharing/indicators/{id}/dispute", send_dispute, Right.ACT),
    act("/sharing/indicators/{id}/revoke", send_revoke, Right.ACT),
    look("/sharing/publish/{campaign}", show_publish),
    act("/sharing/publish/{campaign}/prepare", send_prepare, Right.WORK),
    act("/sharing/publish/{campaign}", send_publish, Right.APPROVE),
    look("/sharing/ledger", show_ledger),
    look("/sharing/ledger/{entry}/{what}", take_proof),
    act("/sharing/ledger/forum", send_forum_proof, Right.WORK),
)
