"""The views, in order; each is one file."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.views.client import Client
from stillwatch.detect.views.ids import family_ids, view_number
from stillwatch.detect.views.infrastructure import Infrastructure
from stillwatch.detect.views.kin import Kin
from stillwatch.detect.views.linked import Linked
from stillwatch.detect.views.pool import Pool
from stillwatch.detect.views.profile import Profile
from stillwatch.detect.views.rhythm import Rhythm
from stillwatch.detect.views.template import Template
from stillwatch.model.view import Fingerprints, Grouping, View

__all__ = ["VIEWS", "family_keys", "view_of"]

VIEWS: Final[tuple[View, ...]] = (Template(), Client(), Rhythm(), Linked(), Infrastructure(), Pool(), Profile(), Kin())


def family_keys(
    fingerprints: Fingerprints, grouping: Grouping, *, templates_only: bool = False, only: str | None = None
) -> list[NDArray[np.uint64]]:
    """Family id of each exchange in every view: the view's number in the top three bits, its key below.

    templates_only  Leave out the views whose families share no fixed text.
    only            Name of the one view to ask; None asks all.
    """
    found = []
    for number, view in enumerate(VIEWS):
        if (templates_only and not view.has_template) or only not in {None, view.name}:
            continue
        found += [family_ids(number, keys) for keys in view.keys(fingerprints, grouping)]
    return found


def view_of(family: int) -> View:
    """View that a family id comes from.

    >>> view_of(1 << 61).name
    'client'
    """
    return VIEWS[view_number(family)]
