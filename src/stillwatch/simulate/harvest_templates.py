"""The wordings of a harvest: several templates per operator, each a lead and a tail."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.world import World

__all__ = ["apply_templates"]

_WITH_PHRASE = 0.7
_KINDS = {"reasoning": 0.6, "grading": 0.25, "rewriting": 0.15}


def apply_templates(
    world: World, rng: np.random.Generator, items: dict[str, IntArray], n_templates: int, kind: str | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Put each item into one of `n_templates` templates.

    kind    reasoning, grading, rewriting or drip; None mixes the first three, each at least once if there are three.
    """
    library, n = world.library, len(items["body"])
    mixed = [*_KINDS, *rng.choice(list(_KINDS), n_templates, p=list(_KINDS.values()))]
    kinds = [kind] * n_templates if kind else mixed[:n_templates]
    topic = library.legit_topic(rng)
    leads, tails, middles = (np.zeros(n_templates, np.int64) for _ in range(3))
    for i, style in enumerate(kinds):
        opening = library.fresh_wording(rng, f"harvest.{style}.open", topic)
        if rng.random() < _WITH_PHRASE:
            opening += " " + library.wording(rng, f"harvest.{style}.phrase", topic)
        leads[i] = library.add_text(opening + "\n\n")
        tails[i] = library.add_text("\n\n" + library.fresh_wording(rng, f"harvest.{style}.close", topic))
        if style == "grading":
            middles[i] = library.add_text("\n\n" + library.fresh_wording(rng, "harvest.grading.middle", topic) + "\n")
    chosen = rng.choice(n_templates, n, p=rng.dirichlet(np.full(n_templates, 4.0)))
    middle, extra = middles[chosen], np.roll(items["body"], n // 3 + 1)
    return {
        "lead": leads[chosen],
        "tail": tails[chosen],
        "body": items["body"],
        "middle": np.where(middle > 0, middle, items["middle"]),
        "extra": np.where(middle > 0, extra, items["extra"]),
    }
