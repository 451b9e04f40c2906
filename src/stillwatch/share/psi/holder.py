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
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import Declined, InvalidInput, MissingData
from stillwatch.model.indicator import SignalKind
from stillwatch.share.oprf.group import random_scalar
from stillwatch.share.psi.approval import Approval, Revealed, approved
from stillwatch.share.psi.masking import ascending, marks_of, masked_rows, masked_values
from stillwatch.share.psi.messages import LARGEST, MARK_BYTES, ROUNDED_TO, Form, Message, read_message, write_message

__all__ = [
    "LEAST_MATCHES",
    "SEARCHES",
    "Answered",
    "Holder",
    "answered",
    "request_rows",
    "revealable",
    "search_of",
    "setup_of",
]

SEARCHES: Final = 4
"""Searches of one asker in an epoch: two that differ in one value tell whether it is held."""
LEAST_MATCHES: Final = 5
"""Matches below which nothing is revealed: so few may be chance, or one person."""


def search_of(answer: bytes) -> str:
    """Digest that names a search: of the counted answer, which both sides have."""
    return hashlib.sha256(answer).hexdigest()


class Answered(NamedTuple):
    """What a request comes to: the counted answer, and what is revealed if that is allowed."""

    counted: bytes
    revealed: bytes


def setup_of(kind: SignalKind, epoch: int, values: Sequence[str], secret: bytes) -> bytes:
    """Marks of distinct values under a key, random ones among them.

    Raises      InvalidInput for a value that is none of its kind, or for more than 8,388,608.
    """
    if len(values) > LARGEST[Form.SETUP]:
        message = f"a holder must have at most {LARGEST[Form.SETUP]} values, got {len(values)}"
        raise InvalidInput(message)
    marks = marks_of(masked_values(kind, epoch, values, secret))
    n_more = -len(marks) % ROUNDED_TO or (ROUNDED_TO if not len(marks) else 0)
    more = np.frombuffer(token_bytes(MARK_BYTES * n_more), np.uint64)
    rows = np.sort(np.concatenate([marks, more])).astype(">u8").view(np.uint8).reshape(-1, MARK_BYTES)
    return write_message(Message(Form.SETUP, kind, epoch, rows))


def request_rows(kind: SignalKind, epoch: int, request: bytes) -> NDArray[np.uint8]:
    """Rows of a request, before anything is worked out.

    Raises      InvalidInput for one that is none, or has an element twice.
    """
    rows = read_message(request, Form.REQUEST, kind, epoch).rows
    if len(np.unique(rows.view(f"S{rows.shape[1]}"))) != len(rows):
        message = "a request must not have an element twice"
        raise InvalidInput(message)
    return rows


def answered(kind: SignalKind, epoch: int, request: bytes, secret: bytes) -> Answered:
    """Both answers to a request.

    Raises      InvalidInput for a request that is none, has an element twice, or a row that is no element.
    """
    masked = masked_rows(request_rows(kind, epoch, request), secret)
    counted = write_message(Message(Form.COUNTED, kind, epoch, ascending(masked)))
    return Answered(counted, write_message(Message(Form.REVEALED, kind, epoch, masked)))


def revealable(
    search: str, n_claimed: int, approvals: Sequence[Approval], least: int = LEAST_MATCHES
) -> tuple[Approval, Approval]:
    """The two approvals of a search that may be revealed.

    n_claimed   Matches the asker counted.
    Raises      InvalidInput without the approvals of both sides; Declined for too few matches.
    """
    both = approved(approvals, search)
    if n_claimed < least:
        message = f"fewer than {least} matches are not revealed, got {n_claimed}"
        raise Declined(message)
    return both


class Holder:
    """Values of one kind, under a key that lives as long as this object and is drawn when it is made.

    values          Distinct ones count.
    searches        How many each asker may make.
    least_matches   Claimed matches below which nothing is revealed.
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
        self.kind, self.epoch = kind, epoch
        self._secret = random_scalar()
        self._allowed, self._least = searches, least_matches
        self._made: Counter[str] = Counter()
        self._in_order: dict[tuple[str, str], bytes] = {}

    @cached_property
    def setup(self) -> bytes:
        """Marks of all values, for every asker of the epoch; worked out once.

        Raises      As `setup_of`.
        """
        return setup_of(self.kind, self.epoch, self._values, self._secret)

    def answer(self, asker: str, request: bytes) -> bytes:
        """Counted answer: the asker learns how many of its values are held, and not which.

        Raises      Declined when the asker's searches are used up; InvalidInput for a request that is none or has an
                    element twice. Both before anything is worked out; what is no element is found later and counts.
        """
        request_rows(self.kind, self.epoch, request)
        if self._made[asker] >= self._allowed:
            message = f"the {self._allowed} searches of epoch {self.epoch} are used up"
            raise Declined(message)
        self._made[asker] += 1
        made = answered(self.kind, self.epoch, request, self._secret)
        self._in_order[asker, search_of(made.counted)] = made.revealed
        return made.counted

    def reveal(self, asker: str, search: str, n_claimed: int, approvals: Sequence[Approval]) -> tuple[bytes, Revealed]:
        """The answer in the order of the request, once, and what is to be remembered of a reveal.

        n_claimed   Matches the asker counted.
        Raises      MissingData if the asker made no such search, or it was revealed; Declined for too few matches;
                    InvalidInput without the approvals of both sides.
        """
        both = revealable(search, n_claimed, approvals, self._least)
        found = self._in_order.pop((asker, search), None)
        if found is None:
            message = "there is no such search to reveal"
            raise MissingData(message)
        return found, Revealed(search, asker, n_claimed, both)
