"""Lines of the timeline: aligned, never too wide, nothing lost."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.service.rehearsal.timeline import HEAD, WIDTH, Entry, Timeline, lines_of

AT = datetime(2026, 11, 26, 4, 5, tzinfo=UTC)
WORDS = st.lists(st.text("abcdefgh0123456789-/%", min_size=1, max_size=30), max_size=60)


@given(WORDS, st.floats(0, 9999.0), st.sampled_from([None, AT]))
def test_no_line_is_too_wide_and_no_word_is_lost(words: list[str], wall_s: float, at: datetime | None) -> None:
    """However long the sentence."""
    lines = list(lines_of(Entry(at, wall_s, "effect", " ".join(words))))
    assert all(len(line) <= WIDTH for line in lines)
    text = " ".join(line[31:] for line in lines)
    assert text.split() == words


def test_columns_stand_below_their_heads() -> None:
    """Time of the story, seconds to the right, what happened."""
    (line,) = lines_of(Entry(AT, 12.34, "alarm", "two campaigns"))
    assert line == "Thu 04:05     12.3  alarm      two campaigns"
    assert line.index("alarm") == HEAD.index("what")
    assert line.index("12.3") + 4 == HEAD.index("seconds") + len("seconds")


def test_entries_are_told_as_they_come() -> None:
    """Each at once, with the time of the story once there is one, and kept with their figures."""
    said: list[str] = []
    timeline = Timeline(said.append)
    timeline.note("traffic", "simulated", total=3)
    timeline.now = lambda: AT
    timeline.note("alarm", "found", mark="alarm", bits=12.5)
    assert [line.split()[-1] for line in said] == ["simulated", "found"]
    first, second = timeline.entries
    assert (first.at, first.figures, first.mark) == (None, {"total": 3}, "")
    assert (second.at, second.figures, second.mark) == (AT, {"bits": 12.5}, "alarm")
    assert 0 <= first.wall_s <= second.wall_s
