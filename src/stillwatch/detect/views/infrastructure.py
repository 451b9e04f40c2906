"""View by infrastructure: accounts that rare attributes tie together, by client and by kind of prompt."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.views.mixing import mix
from stillwatch.model.family import STRONG_ATTRIBUTES
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.lookup import positions

__all__ = ["Infrastructure"]


class Infrastructure:
    """Catches replacements and bought batches, whatever they send: `ties.tied_groups` finds the accounts.

    Streams are accused, not accounts, so a family is what one group sends from one client, or the conversations it
    opens from whatever client.
    """

    name = "infrastructure"
    has_template = False
    fixes_client = True
    conditions_on: tuple[str, ...] = STRONG_ATTRIBUTES

    def keys(self, fingerprints: Fingerprints, grouping: Grouping) -> list[NDArray[np.uint64]]:
        """Group and client; group, for exchanges that open a conversation."""
        at = positions(grouping.tied_account, fingerprints["account"])
        tied = at >= 0
        found = [np.zeros(len(at), np.uint64) for _ in range(2)]
        if tied.any():
            group = grouping.tied_group[at[tied]]
            head = fingerprints["head"][tied]
            found[0][tied] = mix(group, fingerprints["client"][tied])
            found[1][tied] = np.where(head, mix(group), np.uint64(0))
        return found
