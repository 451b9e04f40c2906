"""View by question pool: exchanges that send items of one known list."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.views.mixing import mix
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.lookup import positions

__all__ = ["Pool"]


class Pool:
    """Catches the same list sent again, by others, elsewhere; without a pool it proposes nothing.

    A public benchmark is a pool too: what is then sent by everybody is told by the test of common items.
    """

    name = "pool"
    has_template = False
    fixes_client = False
    conditions_on: tuple[str, ...] = ()

    def keys(self, fingerprints: Fingerprints, grouping: Grouping) -> list[NDArray[np.uint64]]:
        """The pool; exchanges were matched before."""
        at = positions(grouping.pooled_exchange, fingerprints["exchange"])
        found = np.zeros(len(at), np.uint64)
        found[at >= 0] = mix(grouping.pooled_key[at[at >= 0]])
        return [found] if len(grouping.pooled_exchange) else []
