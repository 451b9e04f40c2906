"""What must hold, and whether it did: a rehearsal that only looks good is none."""

from dataclasses import dataclass

__all__ = ["Check", "Judge"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold.

    told    What was found, in words.
    """

    name: str
    holds: bool
    told: str


class Judge:
    """Collects what was checked.

    >>> judge = Judge()
    >>> judge.check("two is even", 2 % 2 == 0, "2"), judge.check("three is even", 3 % 2 == 0, "3")
    (True, False)
    >>> [check.name for check in judge.failed]
    ['three is even']
    """

    def __init__(self) -> None:
        self.checks: list[Check] = []

    def check(self, name: str, holds: bool, told: str) -> bool:  # noqa: FBT001 - it is what the call is about
        """Note one; whether it holds."""
        self.checks.append(Check(name, holds, told))
        return holds

    @property
    def failed(self) -> list[Check]:
        """Those that do not hold."""
        return [check for check in self.checks if not check.holds]
