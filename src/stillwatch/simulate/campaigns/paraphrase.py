"""Paraphrase: every prompt is reworded, so that no words of a template recur."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.brief import Brief
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.harvest_list import harvest_items
from stillwatch.simulate.operation import open_operation, some_span, staffed, work_off
from stillwatch.simulate.options import Options
from stillwatch.simulate.rewriter import four_grams
from stillwatch.simulate.world import World

__all__ = ["Paraphrase"]

_INSTRUCTION_FIRST = 0.6
_CLOSES = 0.5
_TWO_SENTENCES = 0.6


class Paraphrase:
    """A rewriter says the operator's instruction anew for each prompt; no word 4-gram of it survives in any.

    The instruction itself is never sent; the truth keeps it, so that the claim can be checked.
    """

    name = "paraphrase"
    share = 0.03
    full_size = 300_000
    full_days = 14.0
    usual = Options()
    mixes = False

    def build(self, world: World, rng: np.random.Generator, brief: Brief) -> Draft:
        """Draft bodies with an instruction before or after, worded for each."""
        n, library = brief.n, world.library
        span = some_span(world, rng, 6.0, 13.0)
        operation = open_operation(world, rng, brief, staffed(brief, span), span=span, own=True)
        topic = library.legit_topic(rng)
        template = [library.fresh_wording(rng, f"harvest.reasoning.{part}", topic) for part in ("open", "close")]
        brief.facts["template"] = template
        taboo = four_grams(template[0]) | four_grams(template[1])
        opening = library.rewriter.avoid(rng, "reasoning.open", n, taboo)
        further = library.rewriter.avoid(rng, "reasoning.open", n, taboo)
        longer = pc.binary_join_element_wise(opening, further, " ")
        opening = pc.if_else(pa.array(rng.random(n) < _TWO_SENTENCES), longer, opening)
        closing = library.rewriter.avoid(rng, "reasoning.close", n, taboo)
        before = rng.random(n) < _INSTRUCTION_FIRST
        closes = rng.random(n) < _CLOSES
        gap = pc.binary_join_element_wise
        lead, tail = library.add(gap(opening, "\n\n", "")), library.add(gap("\n\n", opening, ""))
        end = library.add(gap("\n\n", closing, ""))
        items = harvest_items(world, rng, n)
        return Draft.of(
            n,
            **work_off(world, rng, operation, n),
            **items,
            lead=np.where(before, lead, 0),
            tail=np.where(before, np.where(closes, end, 0), tail),
            length=2.0,
            population=-1,
            campaign=brief.number,
        )
