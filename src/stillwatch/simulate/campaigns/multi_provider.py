"""Multi-provider: one list over three providers, of which this one sees its part."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.clients import PROVIDER
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["MultiProvider"]

_PROVIDERS = (PROVIDER, "vega", "lyra")


class MultiProvider:
    """One program sends every item to one of three providers at random; 300,000 of 900,000 come here at scale 1."""

    name = "multi-provider"
    share = 0.03
    full_size = 300_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft this provider's part; the manifest says how the list was split."""
        n, span = brief.n, some_span(world, rng, 8.0, 14.0)
        whole = harvest_items(world, rng, n * len(_PROVIDERS))
        here = np.sort(rng.permutation(n * len(_PROVIDERS))[:n])
        brief.facts["list"] = n * len(_PROVIDERS)
        brief.facts["provider"] = dict.fromkeys(_PROVIDERS, n)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=True)
        mine = {name: values[here] for name, values in whole.items()}
        items = apply_templates(world, rng, mine, int(rng.integers(2, 6)))
        columns = work_off(world, rng, operation, n)
        return Draft.of(n, **columns, **items, length=2.0, population=-1, campaign=brief.number)
