"""Steps in another order: what may move, and that the order is a secret and always the same."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.trace.antidistill.reorder import Step, reorder

STEPS = st.lists(st.builds(Step, st.text(max_size=3), st.sampled_from([None, 1, 2])), max_size=12)


@given(STEPS, st.text(max_size=5))
def test_only_marked_neighbours_move(steps: list[Step], request_id: str) -> None:
    """Each place keeps its group, a step of no group its place, and no step is lost or crosses another group."""
    served = reorder(steps, bytes(16), request_id)
    assert sorted(served.order) == list(range(len(steps)))
    for place, was in enumerate(served.order):
        assert served.steps[place] == steps[was]
        assert steps[place].group == steps[was].group
        low, high = sorted((place, was))
        assert place == was or all(step.group == steps[place].group is not None for step in steps[low : high + 1])
    assert (served.label is None) == (list(served.order) == list(range(len(steps))))


def test_orders_are_even() -> None:
    """Over requests each of the six orders of three steps comes about equally often (chi-squared, p > 1e-6)."""
    steps = [Step("a", 1), Step("b", 1), Step("c", 1)]
    counts = Counter(reorder(steps, b"k" * 16, f"r-{i}").order for i in range(3000))
    assert len(counts) == 6
    assert sum((count - 500) ** 2 / 500 for count in counts.values()) < 36.0


def test_the_secret_decides() -> None:
    """Another secret gives other orders; a short one is refused."""
    steps = [Step(str(i), 1) for i in range(10)]
    assert reorder(steps, b"a" * 16, "r").order != reorder(steps, b"b" * 16, "r").order
    with pytest.raises(InvalidInput, match="16 bytes or more, got 3"):
        reorder(steps, b"abc", "r")
