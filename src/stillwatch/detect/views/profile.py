"""View by profile: accounts that ask from one list, whatever they call with."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.lookup import positions

__all__ = ["Profile"]


class Profile:
    """Catches bare questions behind a client of its own for every account: `profiles.profile_groups` finds them.

    That accounts have no topics of their own put them together, so it is no evidence.
    """

    name = "profile"
    has_template = False
    fixes_client = False
    conditions_on: tuple[str, ...] = ("ti",)

    def keys(self, fingerprints: Fingerprints, grouping: Grouping) -> list[NDArray[np.uint64]]:
        """The group, for exchanges that open a conversation."""
        at = positions(grouping.profile_account, fingerprints["account"])
        found = np.zeros(len(at), np.uint64)
        rows = (at >= 0) & fingerprints["head"] if (at >= 0).any() else np.zeros(len(at), np.bool_)
        found[rows] = grouping.profile_group[at[rows]]
        return [found]
