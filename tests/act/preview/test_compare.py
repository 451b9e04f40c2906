"""Two policies on the same traffic."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.preview.made import LADDER, Told, blocks, judged, row, seen, stream, world

from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.compare import changes
from stillwatch.act.preview.figures import Count
from stillwatch.act.preview.judge import judge
from stillwatch.errors import InvalidInput
from stillwatch.model.decision import AccountFacts, Action

LADDERS = read_policy(LADDER, "ladder")


def test_what_changes_for_whom() -> None:
    """One stream is newly blocked, one is blocked as before."""
    told = Told({"a": AccountFacts(5.0), "b": AccountFacts(900.0)}, stream("a", bits=70.0) | stream("b", bits=30.0))
    policies = blocks("stream.bits > 50.0"), blocks("stream.bits > 20.0")
    taken = seen([row("a", 0, 0), row("b", 1, 0), row("b", 2, 0)], told, *policies)
    found = changes(*(judge(policy, taken) for policy in policies))
    assert (found.harsher, found.milder, found.unchanged) == (1, 0, 1)
    assert (found.newly, found.no_longer) == (Count(2, 1, 1, 1), Count())
    assert {(one.before, one.after): one.count.exchanges for one in found.changes} == {
        (Action.OBSERVE, Action.BLOCK): 2,
        (Action.BLOCK, Action.BLOCK): 1,
    }
    tenure = [(one.label, one.newly, one.no_longer, one.still) for one in found.by if one.name == "tenure"]
    assert tenure == [("under 7 days", 0, 0, 1), ("over 2 years", 1, 0, 0)]


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_there_and_back(seed: int) -> None:
    """From one to the other and back are mirror images; a policy changes nothing against itself."""
    rows, told = world(seed)
    policies = LADDERS, blocks("stream.bits > 40.0")
    taken = seen(rows, told, *policies)
    one, other = (judge(policy, taken) for policy in policies)
    there, back = changes(one, other), changes(other, one)
    assert (there.harsher, there.milder, there.newly) == (back.milder, back.harsher, back.no_longer)
    assert sum(change.count.exchanges for change in there.changes) == len(one.action)
    same = changes(one, one)
    assert (same.harsher, same.milder, same.newly, same.no_longer) == (0, 0, Count(), Count())
    assert all(change.before is change.after for change in same.changes)


def test_other_traffic_is_no_comparison() -> None:
    """Two policies that were judged on different traffic are not held against each other."""
    told = Told(streams=stream("a"))
    with pytest.raises(InvalidInput, match="same traffic"):
        changes(judged([row("a", 0, 0)], told, blocks()), judged([row("a", 1, 0)], told, blocks()))
