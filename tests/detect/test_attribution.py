"""Attribution: members pass, bystanders with their own topics and kinds of prompt do not."""

import numpy as np
import pyarrow as pa

from stillwatch.detect.attribution import BARE_BAR, CELL_MEMBER, TEXT_BAR, Background, attribute

FAMILY, SHARED_CELL, ODD_CELL = 1, 11, 12


def family_table(rng: np.random.Generator) -> pa.Table:
    """Forty members that draw from one list, five bystanders with one topic each and other cells; 12 exchanges each."""
    rows = []
    for account in range(1, 46):
        member = account <= 40
        own = rng.integers(0, 2**63, dtype=np.uint64)
        for i in range(12):
            noise = rng.integers(0, 2**63, dtype=np.uint64)
            topic = noise if member else own ^ (np.uint64(1) << np.uint64(i))
            rows.append((FAMILY, account, SHARED_CELL if member else ODD_CELL, 7, topic, True, account * 100 + i))
    return pa.table(
        [pa.array(column, f.type) for column, f in zip(zip(*rows, strict=True), CELL_MEMBER, strict=True)],
        schema=CELL_MEMBER,
    )


def background(key: str, counts: dict[int, int]) -> Background:
    """Counts of the whole input by cell or client."""
    return Background(pa.table({key: pa.array(list(counts), pa.uint64()), "n": list(counts.values())}), key)


def test_members_pass_and_bystanders_do_not() -> None:
    """The content cell and the topics tell them apart."""
    table = family_table(np.random.default_rng(3))
    score = attribute(background("cell", {SHARED_CELL: 2_000, ODD_CELL: 50_000}), background("client", {7: 30_000}))
    found = score(table)
    bits = dict(zip(found["account"].to_pylist(), found["attribution_bits"].to_pylist(), strict=True))
    assert all(bits[a] >= BARE_BAR for a in range(1, 41))
    assert all(bits[a] < TEXT_BAR for a in range(41, 46))
    assert found["n"].to_pylist() == [12] * 45


def test_an_empty_table_has_no_accounts() -> None:
    """No family, no rows."""
    score = attribute(background("cell", {1: 1}), background("client", {7: 1}))
    assert score(CELL_MEMBER.empty_table()).num_rows == 0


def test_a_client_that_was_common_before_is_common() -> None:
    """The stored share counts where it is larger than this window's."""
    counts = pa.table({"client": np.array([3, 5], np.uint64), "n": np.array([10, 990])})
    plain = Background(counts, "client")
    stored = Background(counts, "client", lambda _, keys: np.where(keys == 3, 0.5, 0.0))
    keys, inside = np.array([3, 5], np.uint64), np.array([10, 0])
    assert stored.outside(keys, inside, 10)[0] == 0.5
    assert stored.outside(keys, inside, 10)[1] == plain.outside(keys, inside, 10)[1]
