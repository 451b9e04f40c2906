"""The table against a plain loop, and what finds no room in it."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.service.partner.table import Hit, MatchTable
from stillwatch.share.answers.findings import LocalEvidence
from stillwatch.share.node.matches import MATCHED, Match

LOCAL = LocalEvidence(1, None, 0.0, 0.0, 0, 0)
DIGEST = st.sampled_from([0, 1, 7, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)


def match(number: int) -> Match:
    """Any match."""
    return Match(f"indicator-{number}", "1", "address", "m", 1.0, LOCAL, "2026-11-27")


def matched(digests: list[int]) -> NDArray[Any]:
    """Digests with bits that tell them apart."""
    return np.array([(digest, i + 1) for i, digest in enumerate(digests)], MATCHED)


@given(held=st.lists(st.lists(DIGEST, max_size=8), max_size=6), asked=st.lists(DIGEST, max_size=6))
def test_hits_are_those_of_a_plain_loop(held: list[list[int]], asked: list[int]) -> None:
    """Every pair of an asked digest and a match that has it, with its bits, however often it repeats."""
    table = MatchTable.of([match(i) for i in range(len(held))], [matched(one) for one in held])
    expected = [
        (at, Hit(place, float(i + 1)))
        for at, wanted in enumerate(asked)
        for place, digests in enumerate(held)
        for i, digest in enumerate(digests)
        if digest == wanted
    ]
    assert sorted(table.hits(asked)) == sorted(expected)


def test_the_latest_find_room() -> None:
    """Memory is bounded: what comes first is held, the rest is counted."""
    table = MatchTable.of([match(i) for i in range(3)], [matched([1, 2]), matched([3]), matched([4])], most_rows=3)
    assert ([one.indicator_id for one in table.matches], table.n_left_out) == (["indicator-0", "indicator-1"], 1)
    assert list(table.hits([4])) == []
