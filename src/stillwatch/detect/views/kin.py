"""View by kin: exchanges that carry any of the templates that the same accounts send."""

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.views.ids import TEMPLATE_NUMBER, family_ids
from stillwatch.model.fingerprint import SEGMENTS_PER_PROMPT
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.stats.lookup import positions

__all__ = ["Kin"]


class Kin:
    """Catches operations that put their prompts together from many pieces: `relatives.template_groups` joins these."""

    name = "kin"
    has_template = True
    fixes_client = False
    conditions_on: tuple[str, ...] = ()

    def keys(self, fingerprints: Fingerprints, grouping: Grouping) -> list[NDArray[np.uint64]]:
        """One array per segment; the group of its template, each group once."""
        if not len(grouping.kin_template):
            return []
        found: list[NDArray[np.uint64]] = []
        for i in range(SEGMENTS_PER_PROMPT):
            template = family_ids(TEMPLATE_NUMBER, fingerprints[f"signature_{i}"].astype(np.uint64))
            at = positions(grouping.kin_template, template)
            keys = np.where(at >= 0, grouping.kin_group[at], np.uint64(0))
            for earlier in found:
                keys = np.where(keys == earlier, np.uint64(0), keys)
            found.append(keys)
        return found
