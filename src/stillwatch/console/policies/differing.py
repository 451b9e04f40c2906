"""What one policy says otherwise than another: rule by rule, and line by line of the text."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from stillwatch.act.policy.difference import Change, difference
from stillwatch.act.policy.policy import Policy
from stillwatch.console.policies.words import changed_value

__all__ = ["ChangedField", "DiffLine", "Differing", "differing", "lines_between"]

_MOST_LINES: Final = 2_000
"""Of a text; finding what stayed the same in longer ones takes seconds."""
_AROUND: Final = 3


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A field before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of the text.

    kind        same, gone, new, or gap for lines that are left out.
    before, after   Number of the line in each text.
    """

    kind: str
    text: str = ""
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Differing:
    """The difference.

    changes     What is done otherwise, with fields ready to lay out.
    lines       Of the texts; empty when they are the same, None when they are too long to compare.
    """

    changes: list[tuple[Change, list[ChangedField]]]
    lines: list[DiffLine] | None


def differing(before: Policy, after: Policy) -> Differing:
    """Difference from one to another."""
    found = [(change, list(_fields(change))) for change in difference(before, after)]
    return Differing(found, lines_between(before.text, after.text))


def _fields(change: Change) -> Iterator[ChangedField]:
    for field, (old, new) in change.fields.items():
        name, before = changed_value(field, old)
        yield ChangedField(name, before, changed_value(field, new)[1])


def lines_between(before: str, after: str) -> list[DiffLine] | None:
    r"""Lines that differ, each with a few around it; None when the texts are too long.

    >>> [(one.kind, one.text) for one in lines_between("a\nb\n", "a\nc\n")]
    [('same', 'a'), ('gone', 'b'), ('new', 'c')]
    """
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > _MOST_LINES:
        return None
    found: list[DiffLine] = []
    last = 0
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(_AROUND):
        if group[0][1] > last:
            found.append(DiffLine("gap"))
        for tag, i, j, k, end in group:
            if tag == "equal":
                found += [DiffLine("same", old[i + n], i + n + 1, k + n + 1) for n in range(j - i)]
                continue
            found += [DiffLine("gone", old[n], before=n + 1) for n in range(i, j)]
            found += [DiffLine("new", new[n], after=n + 1) for n in range(k, end)]
        last = group[-1][2]
    return [*found, DiffLine("gap")] if found and last < len(old) else found
