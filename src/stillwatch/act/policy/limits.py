"""How much a policy may touch before a second person approves, and how much nobody can approve.

A share is of the exchanges, organisations and tenured accounts of the streams that get more than observe, each whole,
whatever part of its requests a rule looks at: so it does not depend on what a stream sends next. The ceilings cannot
be raised by a policy, only tightened.

Defaults are below the ceilings because mistakes are wide and campaigns are narrow. The largest operations that were
disclosed had about 25,000 accounts and 26 exchanges an account and day, 0.65 million a day: 0.65 % of a provider with
100 million exchanges a day, so 2 % is three of them at once. Of 5 million organisations 25,000 are 0.5 %, so 1 % is
two. Accounts of such operations live for days or weeks; of accounts older than half a year only few can belong to one,
while a wrong rule hits them like everybody else: 0.1 %, the tightest, because it sees mistakes first.

A second person approves what a preview showed, and not more: in force a policy may touch twice that, because a campaign
grows while people look at it, and no more than nobody can approve.

What nobody can approve is a quarter of traffic or of organisations, and 2.5 % of tenured accounts. Organisations are
what an operation makes as many of as it likes: 20,000 accounts with nobody's name on them are 20,000 organisations, 5 %
of a provider's 400,000 accounts and 17 % of its organisations where customers have four accounts each. A tenth, five
times the ceiling, would shelter just the largest. Tenured accounts cannot be made; of mistakes, which do not look at
age, 2.5 % of them are the same share as of everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

__all__ = ["BEYOND_APPROVAL", "CEILINGS", "HEAD_ROOM", "TENURED_DAYS", "Limits", "Needs", "approved", "needs"]

TENURED_DAYS: Final = 180.0
"""An account this old is tenured."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares, 0 to 1, that a policy may touch with one person's word.

    traffic         Of exchanges, those of a touched stream all counted.
    organisations   Of organisations with traffic.
    tenured         Of tenured accounts with traffic.
    """

    traffic: float = 0.02
    organisations: float = 0.01
    tenured: float = 0.001


CEILINGS: Final = Limits(0.05, 0.02, 0.005)
"""No policy may give itself more."""
BEYOND_APPROVAL: Final = Limits(0.25, 0.25, 0.025)
"""Whatever touches more is no answer to a campaign, and no second person can allow it."""
HEAD_ROOM: Final = 2.0
"""How many times what its approved preview showed a policy may touch."""


class Needs(StrEnum):
    """Who must stand behind an activation."""

    ONE = "one person"
    TWO = "two people"
    REFUSED = "refused"


def needs(shares: Mapping[str, float], limits: Limits) -> Needs:
    """Who must allow a policy that touches these shares.

    shares      By name as in Limits; one that is missing or no number counts as everything.

    >>> needs({"traffic": 0.8, "organisations": 0.0, "tenured": 0.0}, Limits())
    <Needs.REFUSED: 'refused'>
    """
    told = {name: shares.get(name, 1.0) for name in names()}
    if any(not told[name] <= getattr(BEYOND_APPROVAL, name) for name in told):
        return Needs.REFUSED
    if any(told[name] > min(getattr(limits, name), getattr(CEILINGS, name)) for name in told):
        return Needs.TWO
    return Needs.ONE


def approved(limits: Limits, shown: Mapping[str, float]) -> Limits:
    """What a policy may touch once a second person has approved a preview of it.

    limits      Of the policy: an approval takes nothing from what one person may decide.
    shown       Shares that the preview showed, by name as in Limits.

    >>> approved(Limits(), {"traffic": 0.1, "organisations": 0.17, "tenured": 0.0})
    Limits(traffic=0.2, organisations=0.25, tenured=0.001)
    """
    told = {n: max(min(getattr(limits, n), getattr(CEILINGS, n)), HEAD_ROOM * shown[n]) for n in names()}
    return Limits(**{name: min(share, getattr(BEYOND_APPROVAL, name)) for name, share in told.items()})


def names() -> tuple[str, ...]:
    """Names of the shares."""
    return tuple(one.name for one in fields(Limits))
