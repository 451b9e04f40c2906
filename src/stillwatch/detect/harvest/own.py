"""own: is the question closest to mine my own? People stay with their things; shards of one list do not."""

from typing import Final

from stillwatch.detect.harvest.closeness import distinct_closeness
from stillwatch.model.family import Family

__all__ = ["Own"]


class Own:
    """`closeness` of distinct questions, turned round: 0 for random shards, above for people, 1 and more at most.

    `ti` asks for topics on the whole; this asks for the one question most like mine, and finds people whose interests
    are wide but who come back to each of them.
    """

    name: Final = "own"
    meaning: Final = "Is the closest question the account's own?"

    def effect(self, family: Family) -> tuple[float, float]:
        """Effect and its error; NaN with fewer than 8 owners of two questions."""
        value, error = family.once(distinct_closeness)
        return -value, error
