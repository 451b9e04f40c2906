"""View by profile: accounts that ask from one list, whatever they call with."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.views.mixing import mix
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.lookup import among, positions

__all__ = ["Profile"]


class Profile:
    """Catches bare questions behind a client of its own for every account: `profiles.profile_groups` finds them.

    That accounts have no topics of their own put them together, and that nothing follows a question, so neither is
    evidence.
    """

    name = "profile"
    has_template = False
    fixes_client = False
    conditions_on: tuple[str, ...] = ("ti", "talk")

    def keys(self, fingerprints: Fingerprints, grouping: Grouping) -> list[NDArray[np.uint64]]:
        """The group, for exchanges that open a conversation; and for those that are all of it.

        Chatter that hides a list goes on for some turns, and so do the people whom a relay carries; items of a list are
        asked once. Where they are not, the first family has them.
        """
        at = positions(grouping.profile_account, fingerprints["account"])
        opening, alone = (np.zeros(len(at), np.uint64) for _ in range(2))
        if (at >= 0).any():
            rows = (at >= 0) & fingerprints["head"]
            opening[rows] = mix(grouping.profile_group[at[rows]])
            rows &= ~among(grouping.followed, fingerprints["conversation"])
            alone[rows] = grouping.profile_group[at[rows]]
        return [opening, alone]
