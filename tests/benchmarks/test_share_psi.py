"""The benchmark of back-searches counts what is in common, and tells each step with its costs."""

from benchmarks.share_psi import addresses, search, table


def test_a_small_search_finds_what_is_planted() -> None:
    """Seven of a hundred among three hundred; every step has a row, messages have sizes."""
    found = search(300, 100, 7)
    assert (found.counted, found.revealed) == (7, addresses(293, 7))
    assert [row.n_items for row in found.rows[:2]] == [300, 100]
    lines = table(found).splitlines()
    assert len(lines) == len(found.rows) + 1
    assert all(row.wall_s > 0 for row in found.rows)
    assert {row.step for row in found.rows if row.size_bytes} == {
        "holder: set-up, once an epoch and index",
        "asker: request",
        "holder: answer",
        "seal set-up and answer",
    }
