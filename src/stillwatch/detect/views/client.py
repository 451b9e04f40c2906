"""View by client: one build with one set of parameters, system prompt and tools."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.view import Fingerprints, Grouping

__all__ = ["Client"]


class Client:
    """Catches one harvester program behind many accounts, also when it rewords every prompt."""

    name = "client"
    has_template = False
    fixes_client = True
    conditions_on: tuple[str, ...] = ()

    def keys(self, fingerprints: Fingerprints, grouping: Grouping) -> list[NDArray[np.uint64]]:
        """The client key; without build and user agent there is none."""
        del grouping
        known = fingerprints["build"] != 0
        return [np.where(known, fingerprints["client"].astype(np.uint64), np.uint64(0))]
