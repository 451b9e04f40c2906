"""Who shares what, as a graph that a browser can draw."""

from dataclasses import replace

from tests.console.conftest import Rig
from tests.report.examples import HOSTILE, example_findings

from stillwatch.console.campaigns.graph import MOST_NODES, Graph, graph_of
from stillwatch.model.campaign import Campaign


def campaign(*edges: tuple[str, str]) -> Campaign:
    """A campaign with these ties."""
    return replace(example_findings().campaigns[0], graph_edges=tuple((a, b, 1) for a, b in edges))


def is_whole(graph: Graph) -> bool:
    """Whether every edge joins nodes that are there, and no id is given twice."""
    ids = [node["id"] for node in graph.nodes]
    ends = {edge[end] for edge in graph.edges for end in ("source", "target")}
    return len(ids) == len(set(ids)) and ends <= set(ids)


def test_accounts_and_what_two_of_them_share() -> None:
    """What only one has is no tie."""
    graph = graph_of(campaign(("a", "payment=1"), ("b", "payment=1"), ("b", "prefix=2"), ("c", "prefix=3")))
    assert [node["kind"] for node in graph.nodes] == ["shared", "account", "account"]
    assert graph.nodes[0].get("told", graph.nodes[0]["label"]) == "means of payment: 1"
    assert [(edge["source"], edge["target"]) for edge in graph.edges] == [("a0", "h0"), ("a1", "h0")]
    assert not graph.is_grouped
    assert graph_of(campaign()).nodes == []


def test_two_thousand_nodes_are_drawn_and_one_more_are_grouped() -> None:
    """Accounts that share the same things are one node with their number; nobody is lost."""
    n = MOST_NODES - 2
    edges = [(f"a{i}", f"payment={i % 2}") for i in range(n)]
    assert len(graph_of(campaign(*edges)).nodes) == MOST_NODES
    grouped = graph_of(campaign(*edges, ("more", "payment=0")))
    assert grouped.is_grouped
    assert is_whole(grouped)
    assert sorted(node["n"] for node in grouped.nodes if node["kind"] == "group") == [n // 2, n // 2 + 1]
    assert {edge["target"] for edge in grouped.edges} == {"h0", "h1"}


def test_thousands_of_ties_are_drawn_within_the_bound() -> None:
    """Those that most accounts share; no group hangs on nothing."""
    edges = [(f"a{i}", f"payment={i // 2}") for i in range(8_000)]
    graph = graph_of(campaign(*edges))
    assert graph.is_grouped
    assert len(graph.nodes) <= MOST_NODES
    assert is_whole(graph)
    assert {edge["source"] for edge in graph.edges} == {n["id"] for n in graph.nodes if n["kind"] == "group"}


def test_labels_are_bounded_and_show_what_is_hidden() -> None:
    """The page's script writes them as text."""
    graph = graph_of(campaign(("a" + HOSTILE, f"prefix={HOSTILE}"), ("b", f"prefix={HOSTILE}")))
    assert all(len(node["label"]) < 80 and "\u202e" not in node["label"] for node in graph.nodes)


def test_as_json(standing: Rig) -> None:
    """For the script of the page, and for nobody who may not look."""
    answer = standing.as_("vera").get("/console/campaigns/c-relay00017/graph")
    assert answer.headers["content-type"] == "application/json"
    assert is_whole(Graph(**answer.json()))
    assert standing.as_("vera").get("/console/campaigns/c-none/graph").status_code == 404
