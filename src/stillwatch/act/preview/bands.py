"""What accounts are told apart by, for looking only: no band is a reason for anything."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from stillwatch.act.policy.limits import TENURED_DAYS
from stillwatch.model.decision import AccountFacts

__all__ = ["BANDS", "NOT_KNOWN", "Band", "tenure"]

NOT_KNOWN: Final = "not known"
_TENURES: Final = (
    (7.0, "under 7 days"),
    (30.0, "7 to 29 days"),
    (TENURED_DAYS, "30 to 179 days"),
    (365.0, "180 to 364 days"),
    (730.0, "1 to 2 years"),
    (float("inf"), "over 2 years"),
)
_LEVELS: Final = {0: "0 unverified", 1: "1 contact", 2: "2 business, by a person"}
_SPENDS: Final = {0: "0 nothing known", 1: "1 lowest", 2: "2", 3: "3", 4: "4 top twentieth"}


class Band(NamedTuple):
    """One way to tell accounts apart.

    of      Label of an account.
    order   Labels in the order in which they are shown; others follow by size.
    """

    name: str
    of: Callable[[AccountFacts], str]
    order: Sequence[str]


def tenure(age_days: float | None) -> str:
    """Label of an age.

    >>> tenure(179.9), tenure(180.0), tenure(None)
    ('30 to 179 days', '180 to 364 days', 'not known')
    """
    if age_days is None or age_days != age_days:  # noqa: PLR0124 - no number
        return NOT_KNOWN
    return next(label for end, label in _TENURES if age_days < end or end == float("inf"))


def _level(account: AccountFacts) -> str:
    level = account.verified_level
    return NOT_KNOWN if level is None else _LEVELS.get(level, str(level))


BANDS: Final[tuple[Band, ...]] = (
    Band("tenure", lambda account: tenure(account.age_days), (*(label for _, label in _TENURES), NOT_KNOWN)),
    Band("programme", lambda account: account.programme or "none", ()),
    Band("verified level", _level, (*_LEVELS.values(), NOT_KNOWN)),
    Band(
        "spend band", lambda account: _SPENDS.get(account.spend_band, str(account.spend_band)), tuple(_SPENDS.values())
    ),
    Band("declared use", lambda account: account.declared_use or "none", ()),
)
"""In the order in which they are shown; model and region, which are of exchanges, follow them."""
