"""A policy being written: every problem at its line, its cases, what it would change."""

from tests.act.policy.made import rule_text

from stillwatch.act.policy.packaged import packaged
from stillwatch.act.policy.wrong import Problem
from stillwatch.console.policies.checking import MOST_BYTES, checked, numbered

GOOD = f'name = "good"\n{rule_text()}'
FAILS = '[[case]]\nname = "never"\nexpects = "block"\n'


def test_every_problem_has_its_line() -> None:
    """All problems are told at once, beside the lines that they are in."""
    found = checked("a = 1\n[[rule]]\nname = 'x'\nthen = 'hit'\n")
    assert not found.is_good
    assert {problem.line for problem in found.problems} == {1, 2, 4}
    wrong = {line.number: line.problems for line in found.lines if line.problems}
    assert set(wrong) == {1, 2, 4}
    assert len(wrong[2]) == 2


def test_what_is_good() -> None:
    """Its cases come out, and what it would change is told when something is in force."""
    found = checked(GOOD)
    assert (found.is_good, found.against, found.problems) == (True, None, ())
    against = checked(packaged("strict").text, packaged("default")).against
    assert against is not None
    assert {change.what for change, _ in against.changes} >= {"limits", "rule resale", "tier high"}


def test_cases_that_fail_are_told() -> None:
    """A policy that fails its own case cannot be added."""
    found = checked(GOOD + FAILS)
    assert not found.is_good
    assert [one.case.name for one in found.failing] == ["never"]


def test_a_text_that_is_too_long() -> None:
    """It is told, and not shown again line by line."""
    found = checked("#" * (MOST_BYTES + 1))
    assert [problem.text for problem in found.problems] == ["a policy must have at most 256 KiB here, this one has 256"]
    assert not found.lines


def test_of_a_long_text_what_is_around_problems() -> None:
    """Two lines before and after; a mark stands where lines are left out."""
    lines = numbered("\n".join(map(str, range(1, 1001))), [Problem(500, "wrong"), Problem(0, "whole")])
    assert [line.number for line in lines] == [0, 498, 499, 500, 501, 502]
    assert lines[3].problems == ("wrong",)
