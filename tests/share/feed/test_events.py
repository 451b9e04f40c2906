"""Server-sent events from bytes, cut anywhere."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import UnreadableSource
from stillwatch.share.feed.events import MAX_EVENT_BYTES, Parser, Sent

TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)


@given(
    events=st.lists(st.tuples(TEXT, TEXT), max_size=5),
    cuts=st.lists(st.integers(0, 300)),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_events_are_whole_wherever_the_stream_is_cut(events: list[tuple[str, str]], cuts: list[int], end: str) -> None:
    """Comments are skipped, JSON's line separators stay, and no cut loses or doubles anything."""
    lines = [f": here{end}{end}id: {i}{end}event: object{end}data: {d}{end}{end}" for i, d in events]
    stream = "".join(lines).encode()
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    parser = Parser()
    found = [event for a, b in itertools.pairwise(places) for event in parser.feed(stream[a:b])]
    assert found == [Sent(i, "object", d) for i, d in events]


def test_data_of_several_lines_is_joined_and_what_is_not_ended_is_no_event() -> None:
    """As the standard says."""
    assert list(Parser().feed(b"data: a\ndata\ndata: b\n\ndata: c\n")) == [Sent("", "message", "a\n\nb")]


@pytest.mark.parametrize("stream", [b"data: " + b"x" * MAX_EVENT_BYTES + b"x", b"data: x\n" * 600_000, b"data: \xff\n"])
def test_what_is_too_large_or_no_text_is_an_error_of_ours(stream: bytes) -> None:
    """A server cannot fill our memory."""
    with pytest.raises(UnreadableSource):
        list(Parser().feed(stream))
