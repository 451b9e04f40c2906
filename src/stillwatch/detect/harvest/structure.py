"""What a structure test is."""

from typing import Protocol

from stillwatch.model.family import Family

__all__ = ["StructureTest"]


class StructureTest(Protocol):
    """One question about a family whose answer differs between shards of a list and people.

    name        Short name, also the column of the effect.
    meaning     The question, for people.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def meaning(self) -> str: ...  # noqa: D102

    def effect(self, family: Family) -> tuple[float, float]:
        """Effect and its standard error over accounts; NaN, NaN when there is too little to judge by."""
        ...
