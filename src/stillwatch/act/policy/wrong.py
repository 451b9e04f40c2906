"""What is wrong with a policy: every problem at once, each with its line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stillwatch.errors import InvalidInput

__all__ = ["Problem", "WrongPolicy"]

_MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem.

    line    From 1 on; 0 when it is of the whole file.
    """

    line: int
    text: str

    def at(self, name: str) -> str:
        """The problem with its place.

        >>> Problem(14, "a rule must have a name").at("policy.toml")
        'policy.toml:14: a rule must have a name'
        """
        return f"{name}:{self.line}: {self.text}" if self.line else f"{name}: {self.text}"


class WrongPolicy(InvalidInput):
    """A policy cannot be used.

    name        Of the file.
    problems    All of them, by line.
    """

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems))
        shown = "; ".join(problem.at(name) for problem in self.problems[:_MOST_SHOWN])
        more = len(self.problems) - _MOST_SHOWN
        super().__init__(shown + (f"; and {more} more" if more > 0 else ""))
