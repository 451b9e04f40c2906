"""Where one can go: the rooms of the console, in the order of a day's work."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from stillwatch.service.access.roles import Right

__all__ = ["Place", "places_for"]


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the menu.

    name    What a page names to be marked as inside it.
    right   Whoever has it not does not see the entry.
    is_of_service   It means nothing where a console shows one scan's result.
    """

    name: str
    label: str
    path: str
    right: Right = Right.LOOK
    is_of_service: bool = False


_PLACES: Final = (
    Place("today", "Today", "/console"),
    Place("campaigns", "Campaigns", "/console/campaigns"),
    Place("policies", "Policies", "/console/policies"),
    Place("appeals", "Appeals", "/console/appeals", Right.ANSWER, is_of_service=True),
    Place("sharing", "Sharing", "/console/sharing"),
    Place("trace", "Trace", "/console/trace"),
    Place("audit", "Audit", "/console/audit"),
    Place("settings", "Settings", "/console/settings", Right.ADMINISTER, is_of_service=True),
)


def places_for(rights: Collection[Right], *, is_local: bool) -> list[Place]:
    """Entries for somebody with these rights.

    is_local    Of a console that shows one scan's result.

    >>> [place.name for place in places_for({Right.LOOK}, is_local=False)]
    ['today', 'campaigns', 'policies', 'sharing', 'trace', 'audit']
    """
    return [place for place in _PLACES if place.right in rights and not (is_local and place.is_of_service)]
