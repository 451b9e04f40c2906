"""How much a policy may touch before a second person approves, and how much nobody can approve.

A share counts what gets more than observe. The ceilings cannot be raised by a policy, only tightened.

Defaults are below the ceilings because mistakes are wide and campaigns are narrow. The largest operations that were
disclosed had about 25,000 accounts and 26 exchanges an account and day, 0.65 million a day: 0.65 % of a provider with
100 million exchanges a day, so 2 % is three of them at once. Of 5 million organisations 25,000 are 0.5 %, so 1 % is
two. Accounts of such operations live for days or weeks; of accounts older than half a year only few can belong to one,
while a wrong rule hits them like everybody else: 0.1 %, the tightest, because it sees mistakes first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

__all__ = ["BEYOND_APPROVAL", "CEILINGS", "TENURED_DAYS", "Limits", "Needs", "needs"]

TENURED_DAYS: Final = 180.0
"""An account this old is tenured."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares, 0 to 1, that a policy may touch with one person's word.

    traffic         Of exchanges.
    organisations   Of organisations with traffic.
    tenured         Of tenured accounts with traffic.
    """

    traffic: float = 0.02
    organisations: float = 0.01
    tenured: float = 0.001


CEILINGS: Final = Limits(0.05, 0.02, 0.005)
"""No policy may give itself more."""
BEYOND_APPROVAL: Final = Limits(0.25, 0.10, 0.025)
"""Five times the ceilings: whatever touches more is no answer to a campaign, and no second person can allow it."""


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


def names() -> tuple[str, ...]:
    """Names of the shares."""
    return tuple(one.name for one in fields(Limits))
