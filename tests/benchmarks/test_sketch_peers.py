"""Contenders of the sketch: what they are given, and how they are told."""

from benchmarks.sketch_peers import CONTENDERS, OURS, phrases_of, table


def test_phrases_are_four_words() -> None:
    """Overlapping, in lower case; a short prompt is one phrase."""
    assert phrases_of("A b c d E") == ["a b c d", "b c d e"]
    assert phrases_of("one two") == ["one two"]


def test_names_are_given_once() -> None:
    """Results are kept by name, and ours is the one they are held against."""
    names = [contender.name for contender in CONTENDERS]
    assert len(set(names)) == len(names)
    assert names[0] == OURS


def test_the_least_time_counts_and_ours_is_one() -> None:
    """Prompts a second, nanoseconds, megabytes a second, and times ours."""
    times = {OURS: [(2.0, 2.0), (1.0, 1.0)], "Daft 16 (all cores)": [(4.0, 8.0), (4.0, 8.0)]}
    lines = table(times, 1000, 500_000).splitlines()
    assert lines[2].startswith("| stillwatch | 1,000 | 1,000,000 (1,500,000) | 1,000,000 | 0 | 1.00 |")
    assert lines[3].startswith(
        "| Daft 16 (all cores) | 250 | 4,000,000 (4,000,000) | 8,000,000 | 0 | 8.00 | 16 MinHashes"
    )
