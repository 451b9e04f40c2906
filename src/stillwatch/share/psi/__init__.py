"""Back-search: which of many old values two members both have, counted first, revealed when both sides allow it."""

from stillwatch.share.psi.approval import Approval, Revealed, Side
from stillwatch.share.psi.asker import Asker
from stillwatch.share.psi.holder import LEAST_MATCHES, SEARCHES, Holder, search_of
from stillwatch.share.psi.messages import Form

__all__ = ["LEAST_MATCHES", "SEARCHES", "Approval", "Asker", "Form", "Holder", "Revealed", "Side", "search_of"]
