"""View by template: exchanges whose prompts carry segments of one cluster. A prompt may be in up to four families."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.fingerprint import SEGMENTS_PER_PROMPT
from stillwatch.model.view import Fingerprints, Grouping

__all__ = ["Template"]


class Template:
    """Catches templated harvests, however mixed. Without prompt text it proposes nothing."""

    name = "template"
    has_template = True
    fixes_client = False
    conditions_on: tuple[str, ...] = ()

    def keys(self, fingerprints: Fingerprints, grouping: Grouping) -> list[NDArray[np.uint64]]:
        """One array per segment; a template that fills two segments of a prompt counts once."""
        del grouping
        found: list[NDArray[np.uint64]] = []
        for i in range(SEGMENTS_PER_PROMPT):
            keys = fingerprints[f"signature_{i}"].astype(np.uint64)
            for earlier in found:
                keys = np.where(keys == earlier, np.uint64(0), keys)
            found.append(keys)
        return found
