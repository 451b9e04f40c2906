"""item: do all accounts ask the same things, however worded? Then it is a benchmark or a class, not a list."""

from typing import Final

from stillwatch.detect.harvest.closeness import closeness, distinct_closeness
from stillwatch.detect.harvest.heads import distinct_rows, question_rows
from stillwatch.model.family import Family

__all__ = ["Items"]


class Items:
    """`closeness` of all questions: 0 when a list is dealt out at random, 1 when everybody asks each thing once."""

    name: Final = "item"
    meaning: Final = "Do all accounts send the same items?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Effect, at most 1, and its error; NaN with fewer than 8 owners of two questions."""
        rows = question_rows(family)
        if len(rows) == len(distinct_rows(family)):
            return family.once(distinct_closeness)
        return closeness(family, rows)
