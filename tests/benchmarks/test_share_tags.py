"""The benchmark of tags runs at small sizes and finds what it planted."""

import pytest

from benchmarks import share_tags


def test_matching_finds_what_was_planted(capsys: pytest.CaptureFixture[str]) -> None:
    """One in a hundred indicator tags is among the local ones."""
    share_tags.matching(8_000, 800)
    assert "found 8, planted 8" in capsys.readouterr().out


def test_every_step_of_a_tag_has_a_cost(capsys: pytest.CaptureFixture[str]) -> None:
    """All steps in the table, and the search counts half of what was asked."""
    share_tags.tags(16)
    share_tags.search(300, 100)
    told = capsys.readouterr().out
    assert all(step in told for step in (*share_tags.REFERENCE_US, "prove", "verify", "BY PROPORTION"))
    assert "counted 50" in told
