"""Who shares what, as a graph: accounts and what they have in common; of many accounts those alike are one node."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from stillwatch.console.visit import Visit
from stillwatch.model.campaign import Campaign
from stillwatch.report.pictures.sharing import hub_words, hubs
from stillwatch.report.sentences import named
from stillwatch.web.plain import plain

__all__ = ["MOST_NODES", "Graph", "graph_of", "take_graph"]

MOST_NODES: Final = 2_000
"""What a browser draws and moves without waiting."""
_MOST_GROUPS: Final = 500


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges.

    is_grouped  Accounts that share the same things are one node, with their number.
    """

    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    is_grouped: bool


def graph_of(campaign: Campaign, most_nodes: int = MOST_NODES) -> Graph:
    """Graph of a campaign; above `most_nodes` nodes accounts are grouped by what they share, the rest left off."""
    found = hubs(campaign)
    shares: defaultdict[str, list[int]] = defaultdict(list)
    for at, hub in enumerate(found):
        for account in hub.weights:
            shares[account].append(at)
    nodes = [_hub(at, hub.attribute, len(hub.weights)) for at, hub in enumerate(found)]
    if len(nodes) + len(shares) <= most_nodes:
        nodes += [{"id": f"a{i}", "kind": "account", "label": named(name, 28), "n": 1} for i, name in enumerate(shares)]
        edges = [_edge(f"a{i}", at) for i, places in enumerate(shares.values()) for at in places]
        return Graph(nodes, edges, is_grouped=False)
    n_hubs = max(1, most_nodes - _MOST_GROUPS)
    nodes, groups = nodes[:n_hubs], Counter(tuple(at for at in places if at < n_hubs) for places in shares.values())
    del groups[()]
    largest = sorted(groups.items(), key=lambda item: (-item[1], item[0]))[:_MOST_GROUPS]
    nodes += [{"id": f"g{i}", "kind": "group", "label": f"{n:,} accounts", "n": n} for i, (_, n) in enumerate(largest)]
    edges = [_edge(f"g{i}", at) for i, (places, _) in enumerate(largest) for at in places]
    return Graph(nodes, edges, is_grouped=True)


def take_graph(visit: Visit) -> Response:
    """The graph as JSON, for the page's script."""
    campaign, _ = visit.console.shelf.campaign(visit.part("campaign"))
    graph = graph_of(campaign)
    return plain({"nodes": graph.nodes, "edges": graph.edges, "is_grouped": graph.is_grouped})


def _hub(at: int, attribute: str, n: int) -> dict[str, Any]:
    kind, value = hub_words(attribute)
    return {"id": f"h{at}", "kind": "shared", "label": value or kind, "told": f"{kind}: {value}", "n": n}


def _edge(account: str, hub: int) -> dict[str, Any]:
    return {"id": f"{account}-h{hub}", "source": account, "target": f"h{hub}"}
