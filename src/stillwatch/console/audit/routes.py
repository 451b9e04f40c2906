"""Pages of the audit: entries for everybody who looks, the documents as a file for who works with them."""

from typing import Final

from stillwatch.console.audit.entry import show_entry, take_proof
from stillwatch.console.audit.exporting import take_documents, take_head, take_ledger
from stillwatch.console.audit.listing import show_audit, take_table
from stillwatch.console.audit.verifying import send_verify, show_verified
from stillwatch.console.page import Page, act, look
from stillwatch.service.access.roles import Right

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    look("/audit", show_audit),
    look("/audit/table", take_table),
    look("/audit/ledger", take_ledger),
    look("/audit/documents", take_documents, Right.WORK),
    look("/audit/head", take_head),
    act("/audit/verify", send_verify, Right.LOOK),
    look("/audit/verified/{outcome}", show_verified),
    look("/audit/{index}", show_entry),
    look("/audit/{index}/proof", take_proof),
)
