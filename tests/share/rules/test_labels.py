"""Labels from findings, and answers added up."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.share.rules.consensus import consensus
from stillwatch.share.rules.labels import Judged
from stillwatch.share.rules.shadow import ShadowAnswer
from stillwatch.share.rules.terms import ANSWERS

MEMBERS = st.sampled_from("abcd")
SAID = st.builds(ShadowAnswer, st.sampled_from(["rule", "other"]), st.sampled_from(ANSWERS), st.sampled_from(ANSWERS))


def judged(**verdicts: str) -> Judged:
    """Findings with a stream of each of these accounts."""
    return Judged(pa.table({"account_id": list(verdicts), "verdict": list(verdicts.values())}))


def test_only_a_harvest_harvests_and_the_unclear_are_not_judged() -> None:
    """Relays and tools were looked at and not accused of harvesting; nobody knows of the unclear."""
    labels = judged(a="harvest", b="relay", c="unclear", d="tool")
    assert [labels.get(name) for name in ("a", "b", "c", "d", "nobody")] == [True, False, None, False, False]
    assert "c" not in labels
    assert (list(labels), len(labels)) == (["a"], 1)
    with pytest.raises(KeyError):
        labels["c"]


def test_a_harvest_outweighs_what_is_unclear() -> None:
    """An account in two campaigns."""
    table = pa.table({"account_id": ["a", "a"], "verdict": ["unclear", "harvest"]})
    assert Judged(table)["a"] is True


@given(answers=st.lists(st.tuples(MEMBERS, SAID), max_size=12))
def test_every_member_but_the_author_counts_once(answers: list[tuple[str, ShadowAnswer]]) -> None:
    """Against going backwards through the list and taking each member's first."""
    expected: dict[str, ShadowAnswer] = {}
    for member, answer in reversed(answers):
        if answer.rule == "rule" and member != "a":
            expected.setdefault(member, answer)
    found = consensus("rule", "a", answers)
    assert found.n_members == len(expected) == sum(found.precision.values()) == sum(found.recall.values())
    for name in ANSWERS:
        assert found.precision[name] == sum(answer.precision == name for answer in expected.values())
        assert found.recall[name] == sum(answer.recall == name for answer in expected.values())
