"""FRAUDAR: the guarantee against exhaustive search, the kernel against its twin, and planted blocks."""

from itertools import chain, combinations

import networkx as nx
import numpy as np
import pytest
from tests.bench.baselines.toy import ToyTraffic, by_account, sent

from stillwatch.bench.baselines._actions import ADDRESS
from stillwatch.bench.baselines._twins import peel as peel_slowly
from stillwatch.bench.baselines.fraudar import Edges, Fraudar, column_weights, densest_blocks


def random_edges(seed: int, n_rows: int, n_columns: int, n: int) -> Edges:
    """Distinct random edges."""
    rng = np.random.default_rng(seed)
    row, column = np.divmod(np.sort(rng.choice(n_rows * n_columns, n, replace=False)), n_columns)
    return Edges(row, column, n_rows, n_columns)


def weighted(edges: Edges) -> list[tuple[int, int, float]]:
    """Edges of one graph with their weights; columns come after rows."""
    weight = column_weights(edges)[edges.column]
    ends = zip(edges.row.tolist(), (edges.column + edges.n_rows).tolist(), weight.tolist(), strict=True)
    return list(ends)


def best_density(edges: list[tuple[int, int, float]], n_nodes: int) -> float:
    """Largest weight of inner edges over nodes, of all sets of nodes."""
    nodes = chain.from_iterable(combinations(range(n_nodes), size) for size in range(1, n_nodes + 1))
    return max(sum(w for a, b, w in edges if a in some and b in some) / len(some) for some in map(frozenset, nodes))


@pytest.mark.parametrize("seed", range(12))
def test_at_least_half_as_dense_as_the_densest(seed: int) -> None:
    """The guarantee of the paper, on every graph of up to ten nodes that is tried; and never denser than possible."""
    edges = random_edges(seed, 5, 5, 6 + seed)
    optimum = best_density(weighted(edges), 10)
    (block,) = densest_blocks(edges, 1)
    assert optimum / 2 <= block.density <= optimum + 1e-9


@pytest.mark.parametrize("seed", range(12))
def test_kernel_agrees_with_its_twin(seed: int) -> None:
    """Peeling with a priority tree finds what peeling with plain sets finds."""
    edges = random_edges(seed, 8, 6, 15 + seed)
    (block,) = densest_blocks(edges, 1)
    touched = set(edges.row.tolist()) | {int(c) + 8 for c in edges.column}
    nodes = {v: i for i, v in enumerate(sorted(touched))}
    _, density = peel_slowly([(nodes[a], nodes[b], w) for a, b, w in weighted(edges)], len(nodes))
    assert block.density == pytest.approx(density)


@pytest.mark.parametrize("seed", range(6))
def test_density_is_that_of_the_block(seed: int) -> None:
    """What is reported as density is the weight inside the block over its nodes, as networkx counts it."""
    edges = random_edges(seed, 30, 20, 120)
    (block,) = densest_blocks(edges, 1)
    graph = nx.Graph()
    graph.add_weighted_edges_from(weighted(edges))
    held = graph.subgraph([*np.flatnonzero(block.rows), *(np.flatnonzero(block.columns) + 30)])
    assert block.density == pytest.approx(held.size(weight="weight") / held.number_of_nodes())


def test_a_popular_object_weighs_less() -> None:
    """1 / log(d + 5): camouflage on popular objects adds little."""
    edges = Edges(np.arange(101), np.append(np.zeros(100, int), 1), 101, 2)
    assert column_weights(edges).tolist() == pytest.approx([1 / np.log(105), 1 / np.log(6)])


def test_a_second_block_is_found_after_the_first() -> None:
    """Two planted bicliques, the denser first; rows of neither are in none."""
    first = [(r, c) for r in range(8) for c in range(8)]
    second = [(r, c) for r in range(10, 15) for c in range(10, 15)]
    noise = [(r, r) for r in range(20, 30)]
    row, column = (np.array(ends) for ends in zip(*first, *second, *noise, strict=True))
    one, two = densest_blocks(Edges(row, column, 30, 30), 2)
    assert np.flatnonzero(one.rows).tolist() == list(range(8))
    assert np.flatnonzero(two.rows).tolist() == list(range(10, 15))
    assert one.density > two.density


def test_planted_accounts_win_in_spite_of_camouflage() -> None:
    """Ten accounts share eight networks and also use the office of everybody; people have networks of their own."""
    bad = [sent(f"bad-{a}", 10 * a + i, client_address=f"203.0.{i}.{a}") for a in range(10) for i in range(8)]
    rows = bad + [sent(f"bad-{a}", 500 + a, client_address="198.51.100.1") for a in range(10)]
    rows += [sent(f"person-{a}", 900 + a, client_address="198.51.100.2") for a in range(40)]
    rows += [sent(f"person-{a}", 950 + a, client_address=f"192.0.{a // 2}.7") for a in range(40)]
    traffic = ToyTraffic(rows)
    found = by_account(traffic, Fraudar().score(traffic, {"objects": ADDRESS, "blocks": 5}))
    assert min(found[f"bad-{a}"] for a in range(10)) > max(found[f"person-{a}"] for a in range(40))


def test_one_heavy_account_is_no_block() -> None:
    """Three hundred networks of one account tie it to nobody."""
    rows = [sent("heavy", i, client_address=f"203.{i // 200}.{i % 200}.1") for i in range(300)]
    traffic = ToyTraffic([*rows, sent("person", 1, client_address="198.51.100.1")])
    assert Fraudar().score(traffic, {"objects": ADDRESS, "blocks": 5}).tolist() == [0.0, 0.0]
