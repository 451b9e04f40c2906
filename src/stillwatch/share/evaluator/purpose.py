"""What members ask evaluators for, and how much of it an epoch allows."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = ["BUDGETS", "Purpose"]


class Purpose(StrEnum):
    """Why a value is tagged; a closed list, each with a budget of its own."""

    PUBLISH = "publish"
    CHECK = "check"
    BACK_SEARCH = "back-search"


BUDGETS: Final[Mapping[Purpose, int]] = {
    Purpose.PUBLISH: 100_000,
    Purpose.CHECK: 2_000_000,
    Purpose.BACK_SEARCH: 100_000,
}
"""Elements a member may have evaluated in an epoch: ten full indicators, its own values of a week, a search of the
past. All of it together would enumerate the IPv4 addresses in 1,952 epochs, 37 years; each epoch's tags are new."""
