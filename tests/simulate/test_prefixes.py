"""Shared prefixes of real requests."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.simulate.prefixes import BLOCK_TOKENS, Prefixes, shared_prefixes


@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=5), min_size=1, max_size=12).map(
        lambda paths: [[0, *(hash(tuple(path[: i + 1])) for i in range(len(path)))] for path in paths]
    )
)
def test_against_a_look_at_all_requests(requests: list[list[int]]) -> None:
    """Groups, their common lengths and reuse are what comparing every request with every other gives."""
    found = shared_prefixes(requests)
    groups: dict[int, list[list[int]]] = {}
    for blocks in requests:
        groups.setdefault(blocks[1], []).append(blocks)
    shared = [members for members in groups.values() if len(members) > 1]
    assert sorted(found.sharers.tolist()) == sorted(len(members) for members in shared)

    def common(one: list[int], other: list[int]) -> int:
        return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))

    lengths = sorted((min(common(m[0], x) for x in m) - 1) * BLOCK_TOKENS for m in shared)
    assert sorted(found.n_tokens.tolist()) == lengths
    assert np.isclose(found.alone, 1 - sum(len(m) for m in shared) / len(requests))
    for i, blocks in enumerate(requests):
        best = max((common(blocks, earlier) for earlier in requests[:i]), default=0)
        assert np.isclose(found.reused[i], best / len(blocks))


def test_draws_are_of_requests() -> None:
    """A request is in a group as often as groups are big, and alone as often as requests are."""
    prefixes = Prefixes(np.array([2, 8]), np.array([512, 1_024]), 0.25, np.zeros(1))
    sharers, n_tokens = prefixes.draw(np.random.default_rng(0), 40_000)
    assert abs((sharers == 1).mean() - 0.25) < 0.01
    assert abs((sharers == 8).mean() - 0.6) < 0.01
    assert set(zip(sharers.tolist(), n_tokens.tolist(), strict=True)) == {(1, 0), (2, 512), (8, 1_024)}
