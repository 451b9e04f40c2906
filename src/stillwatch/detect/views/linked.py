"""View by linked core: exchanges that carry one template and come from one client, so that bystanders drop out."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.views.mixing import mix
from stillwatch.model.view import Fingerprints, Grouping

__all__ = ["Linked"]


class Linked:
    """Narrows a popular template or a popular client to where both meet, by the two longest segments."""

    name = "linked"
    has_template = True
    fixes_client = True
    conditions_on: tuple[str, ...] = ()

    def keys(self, fingerprints: Fingerprints, grouping: Grouping) -> list[NDArray[np.uint64]]:
        """Template and client as one key, for the longest two segments; 0 where either is missing."""
        del grouping
        known = fingerprints["build"] != 0
        found: list[NDArray[np.uint64]] = []
        for name in ("signature_0", "signature_1"):
            template = fingerprints[name].astype(np.uint64)
            keys = np.where(known & (template != 0), mix(template, fingerprints["client"]), np.uint64(0))
            for earlier in found:
                keys = np.where(keys == earlier, np.uint64(0), keys)
            found.append(keys)
        return found
