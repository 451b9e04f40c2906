"""Two people, one of each side, allow one search to be revealed; who they were is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stillwatch.errors import InvalidInput

__all__ = ["Approval", "Revealed", "Side", "approved"]


class Side(StrEnum):
    """Whose approval it is."""

    ASKER = "asker"
    HOLDER = "holder"


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes to one search.

    name        Of the person, 1 to 128 characters.
    search      Digest of the counted answer, as `Holder.answer` and `Asker.count` give it: a yes is to one search only.
    """

    side: Side
    name: str
    search: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Revealed:
    """What the ledger is told of a reveal: which search, how many matches were claimed, and who allowed it."""

    search: str
    asker: str
    n_claimed: int
    approvals: tuple[Approval, Approval]


def approved(approvals: Sequence[Approval], search: str) -> tuple[Approval, Approval]:
    """The asker's approval and the holder's.

    Raises      InvalidInput unless there are exactly two, one of each side, of two names, to this search.
    """
    by_side = {approval.side: approval for approval in approvals}
    if len(approvals) != 2 or by_side.keys() != set(Side):
        message = f"a search is revealed with two approvals, one of each side, got {len(approvals)}"
        raise InvalidInput(message)
    asker, holder = by_side[Side.ASKER], by_side[Side.HOLDER]
    if any(one.search != search for one in approvals):
        message = "an approval is of another search"
        raise InvalidInput(message)
    if asker.name.casefold() == holder.name.casefold() or not all(0 < len(one.name) <= 128 for one in approvals):
        message = "two people must approve, each by a name of 1 to 128 characters"
        raise InvalidInput(message)
    return asker, holder
