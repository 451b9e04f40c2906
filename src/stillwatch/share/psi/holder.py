"""The side of a back-search that holds many values: set up once an epoch, answers few askers.

Private set intersection by Diffie and Hellman: what both know is what is equal under both keys, whichever came first.
It is private between members who keep to the protocol. One who does not can ask for values it only guesses, as with any
such protocol: so the searches of an asker are counted, a request is of thousands of elements, and the answer tells how
many match, not which. A claim of how many is the asker's word; what is revealed, people of both sides allow.

References
----------
Meadows (1986), A more efficient cryptographic matchmaking protocol, IEEE S&P.
Huberman, Franklin and Hogg (1999), Enhancing privacy and trust in electronic communities, EC.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from secrets import token_bytes
from typing import Final

import numpy as np

from stillwatch.errors import Declined, InvalidInput, MissingData
from stillwatch.model.indicator import SignalKind
from stillwatch.share.oprf.group import random_scalar
from stillwatch.share.psi.approval import Approval, Revealed, approved
from stillwatch.share.psi.masking import ascending, marks_of, masked_rows, masked_values
from stillwatch.share.psi.messages import LARGEST, MARK_BYTES, ROUNDED_TO, Form, Message, read_message, write_message

__all__ = ["LEAST_MATCHES", "SEARCHES", "Holder", "search_of"]

SEARCHES: Final = 4
"""Searches of one asker in an epoch: two that differ in one value tell whether it is held."""
LEAST_MATCHES: Final = 5
"""Matches below which nothing is revealed: so few may be chance, or one person."""


def search_of(answer: bytes) -> str:
    """Digest that names a search: of the counted answer, which both sides have."""
    return hashlib.sha256(answer).hexdigest()


class Holder:
    """Values of one kind, under a key that lives as long as this object and is drawn when it is made.

    values          Distinct ones count; at most 8,388,608.
    searches        How many each asker may make.
    least_matches   Claimed matches below which nothing is revealed.
    Raises          InvalidInput for too many values; for a value that is none, when the set-up is made.
    """

    def __init__(
        self,
        kind: SignalKind,
        epoch: int,
        values: Sequence[str],
        *,
        searches: int = SEARCHES,
        least_matches: int = LEAST_MATCHES,
    ) -> None:
        self._values = list(dict.fromkeys(values))
        if len(self._values) > LARGEST[Form.SETUP]:
            message = f"a holder must have at most {LARGEST[Form.SETUP]} values, got {len(self._values)}"
            raise InvalidInput(message)
        self.kind, self.epoch = kind, epoch
        self._secret = random_scalar()
        self._allowed, self._least = searches, least_matches
        self._made: Counter[str] = Counter()
        self._in_order: dict[tuple[str, str], bytes] = {}

    @cached_property
    def setup(self) -> bytes:
        """Marks of all values, for every asker of the epoch; worked out once, random ones among them."""
        marks = marks_of(masked_values(self.kind, self.epoch, self._values, self._secret))
        n_more = -len(marks) % ROUNDED_TO or (ROUNDED_TO if not len(marks) else 0)
        more = np.frombuffer(token_bytes(MARK_BYTES * n_more), np.uint64)
        rows = np.sort(np.concatenate([marks, more])).astype(">u8").view(np.uint8).reshape(-1, MARK_BYTES)
        return write_message(Message(Form.SETUP, self.kind, self.epoch, rows))

    def answer(self, asker: str, request: bytes) -> bytes:
        """Counted answer: the asker learns how many of its values are held, and not which.

        Raises      Declined when the asker's searches are used up; InvalidInput for a request that is none or has an
                    element twice. Both before anything is worked out; what is no element is found later and counts.
        """
        rows = read_message(request, Form.REQUEST, self.kind, self.epoch).rows
        if len(np.unique(rows.view(f"S{rows.shape[1]}"))) != len(rows):
            message = "a request must not have an element twice"
            raise InvalidInput(message)
        if self._made[asker] >= self._allowed:
            message = f"the {self._allowed} searches of epoch {self.epoch} are used up"
            raise Declined(message)
        self._made[asker] += 1
        masked = masked_rows(rows, self._secret)
        counted = write_message(Message(Form.COUNTED, self.kind, self.epoch, ascending(masked)))
        self._in_order[asker, search_of(counted)] = write_message(Message(Form.REVEALED, self.kind, self.epoch, masked))
        return counted

    def reveal(self, asker: str, search: str, n_claimed: int, approvals: Sequence[Approval]) -> tuple[bytes, Revealed]:
        """The answer in the order of the request, once, and what the ledger is told.

        n_claimed   Matches the asker counted.
        Raises      MissingData if the asker made no such search, or it was revealed; Declined for too few matches;
                    InvalidInput without the approvals of both sides.
        """
        both = approved(approvals, search)
        if n_claimed < self._least:
            message = f"fewer than {self._least} matches are not revealed, got {n_claimed}"
            raise Declined(message)
        found = self._in_order.pop((asker, search), None)
        if found is None:
            message = "there is no such search to reveal"
            raise MissingData(message)
        return found, Revealed(search, asker, n_claimed, both)
