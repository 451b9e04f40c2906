"""A policy being written: everything that is wrong with it at its line, its own cases, what it would change."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from stillwatch.act.policy.cases import Outcome, run_cases
from stillwatch.act.policy.order import warnings_of
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.wrong import Problem, WrongPolicy
from stillwatch.console.policies.differing import Differing, differing

__all__ = ["MOST_BYTES", "Checked", "NumberedLine", "checked", "numbered"]

MOST_BYTES: Final = 256 << 10
_NAME: Final = "policy.toml"
_WHOLE: Final = 60
"""Lines up to which a text is shown whole."""
_AROUND: Final = 2
_MOST_SHOWN: Final = 1_000


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line of the text with what is wrong in it.

    number      From 1 on; 0 where lines are left out.
    """

    number: int
    text: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check.

    policy      None when anything is wrong.
    outcomes    Of its own cases.
    warnings    What is allowed and may not be meant.
    against     What it would do otherwise than what is in force; None when nothing is.
    """

    text: str
    policy: Policy | None
    problems: Sequence[Problem] = ()
    outcomes: Sequence[Outcome] = ()
    warnings: Sequence[str] = ()
    against: Differing | None = None
    lines: Sequence[NumberedLine] = field(default_factory=list)

    @property
    def failing(self) -> list[Outcome]:
        """Cases that do not come out as they expect."""
        return [one for one in self.outcomes if not one.passes]

    @property
    def is_good(self) -> bool:
        """Whether it can be added."""
        return self.policy is not None and not self.failing


def checked(text: str, before: Policy | None = None) -> Checked:
    """Check a policy.

    before      In force; None for nothing.
    """
    size = len(text.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        told = f"a policy must have at most {MOST_BYTES >> 10} KiB here, this one has {size >> 10}"
        return Checked(text, None, [Problem(0, told)])
    try:
        policy = read_policy(text, _NAME)
    except WrongPolicy as wrong:
        return Checked(text, None, wrong.problems, lines=numbered(text, wrong.problems))
    against = None if before is None else differing(before, policy)
    return Checked(text, policy, (), run_cases(policy), warnings_of(policy), against, numbered(text, ()))


def numbered(text: str, problems: Sequence[Problem]) -> list[NumberedLine]:
    r"""Lines with their problems; of a long text those around problems only.

    >>> numbered("a\nb", [Problem(2, "wrong")])[1]
    NumberedLine(number=2, text='b', problems=('wrong',))
    """
    by_line: dict[int, list[str]] = {}
    for problem in problems:
        by_line.setdefault(problem.line, []).append(problem.text)
    texts = text.split("\n")
    wanted = range(1, len(texts) + 1)
    if len(texts) > _WHOLE:
        near = {at for line in by_line if line for at in range(line - _AROUND, line + _AROUND + 1)}
        wanted = [n for n in wanted if n in near][:_MOST_SHOWN]  # type: ignore[assignment]
    found: list[NumberedLine] = []
    last = 0
    for n in wanted:
        if n != last + 1:
            found.append(NumberedLine(0))
        found.append(NumberedLine(n, texts[n - 1], tuple(by_line.get(n, ()))))
        last = n
    return found
