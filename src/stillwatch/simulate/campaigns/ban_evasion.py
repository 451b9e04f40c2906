"""Ban evasion: accounts are banned after a few days and replaced by new ones."""

import numpy as np

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.world import World

__all__ = ["BanEvasion"]


class BanEvasion:
    """A templated harvest whose accounts live three days on average; whoever bans them sees the next ones sign up."""

    name = "ban-evasion"
    share = 0.03
    full_size = 300_000
    full_days = 14.0
    usual = Options(lifetime_days=3.0)
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft the harvest over all accounts that live in its time."""
        n, span = brief.n, some_span(world, rng, 9.0, 14.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=True)
        items = apply_templates(world, rng, harvest_items(world, rng, n), int(rng.integers(2, 6)))
        columns = work_off(world, rng, operation, n)
        return Draft.of(n, **columns, **items, length=2.0, population=-1, campaign=brief.number)
