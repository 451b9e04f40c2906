"""Operations as an audit sees them: connected by group or tag, against a graph library."""

from collections.abc import Sequence

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st
from tests.share.signals import indicator, tag

from stillwatch.model.indicator import Indicator
from stillwatch.share.trust.operations import operations

DRAWN = st.lists(st.tuples(st.integers(0, 8), st.frozensets(st.integers(0, 12), max_size=3)), max_size=12)


def told(drawn: Sequence[tuple[int, frozenset[int]]]) -> list[Indicator]:
    """Indicators of these groups with these tags."""
    return [
        indicator(indicator_id=f"i{n:02}", group_id=f"g{group}", tags=tuple(map(tag, sorted(tags))))
        for n, (group, tags) in enumerate(drawn)
    ]


@given(drawn=DRAWN, order=st.randoms(use_true_random=False))
def test_operations_are_the_components_of_groups_and_tags(
    drawn: list[tuple[int, frozenset[int]]], order: object
) -> None:
    """Whatever order they come in, and named after their least indicator."""
    indicators = told(drawn)
    graph: nx.Graph = nx.Graph()
    for one in indicators:
        graph.add_edges_from((one.indicator_id, tie) for tie in (one.group_id, *one.tags))
    expected = {}
    for component in nx.connected_components(graph):
        ids = sorted(node for node in component if isinstance(node, str) and node.startswith("i"))
        expected.update(dict.fromkeys(ids, ids[0]))
    order.shuffle(indicators)  # type: ignore[attr-defined]
    assert operations(indicators) == expected


def test_a_thousand_groups_of_one_campaign_are_one_operation() -> None:
    """Who cuts a campaign into groups with a tag in common gains none."""
    indicators = told([(n, frozenset({7, 100 + n})) for n in range(1000)])
    assert set(operations(indicators).values()) == {"i00"}


def test_shared_values_tie_nothing() -> None:
    """A carrier's address in everybody's indicators does not make them one operation."""
    indicators = told([(n, frozenset({7, 100 + n})) for n in range(5)])
    assert len(set(operations(indicators, shared={tag(7)}).values())) == 5
