"""The small parts of the TAXII server: times, media types, cursors, filters, envelopes, shapes of objects."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.hub import admit, indicator

from stillwatch.share.taxii.admission import MAX_OBJECT_BYTES, Failure, Prepared, prepare
from stillwatch.share.taxii.body import MAX_DEPTH, MAX_OBJECTS, envelope_of
from stillwatch.share.taxii.cursor import Cursors
from stillwatch.share.taxii.filters import PAGE, filters_of
from stillwatch.share.taxii.media import check_accept, check_content_type
from stillwatch.share.taxii.moments import microseconds, timestamp
from stillwatch.share.taxii.tables import UNVERSIONED
from stillwatch.web.problem import Problem

CURSORS = Cursors(bytes(range(64)))


@given(when=st.datetimes(timezones=st.just(UTC)))
def test_times_are_those_of_the_standard_library(when: datetime) -> None:
    """Every microsecond that a datetime can hold goes there and back."""
    value = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    text = timestamp(value)
    assert microseconds(text) == value
    assert datetime.fromisoformat(text) == when


@given(one=st.integers(0, 10**17), other=st.integers(0, 10**17))
def test_times_as_text_are_in_their_order(one: int, other: int) -> None:
    """Six digits always, so that text sorts as time does."""
    assert (timestamp(one) < timestamp(other)) == (one < other)


@pytest.mark.parametrize(
    "text", [None, 5, "", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z",
             "2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00.Z", "٢٠٢٦-01-01T00:00:00Z", "2026-01-01T00:00:60Z"]
)  # fmt: skip
def test_what_is_no_time_is_none(text: object) -> None:
    """Other zones, other digits, leap seconds and halves of a time are none."""
    assert microseconds(text) is None


@pytest.mark.parametrize(
    ("accept", "good"),
    [
        (None, True),
        ("*/*", True),
        ("application/*;q=0.1", True),
        ("application/taxii+json", True),
        ("application/taxii+json;version=2.1", True),
        ("text/html, application/taxii+json ; version=2.1", True),
        ('application/taxii+json; version="2.1"', True),
        ("application/taxii+json;version=2.0", False),
        ("application/taxii+json;version=2.1;q=0", False),
        ("application/json", False),
        ("", False),
        ("application/taxii+json," * 1000, False),
    ],
)
def test_accept(accept: str | None, good: bool) -> None:  # noqa: FBT001 - a table
    """What a client takes is weighed by type, version and weight."""
    if good:
        check_accept(accept)
    else:
        with pytest.raises(Problem) as told:
            check_accept(accept)
        assert told.value.status == 406


@pytest.mark.parametrize("sent", [None, "", "application/json", "application/taxii+json;version=2.0", "text/plain"])
def test_content_type(sent: str | None) -> None:
    """Only envelopes of this version are read."""
    check_content_type("Application/TAXII+json; version=2.1")
    with pytest.raises(Problem) as told:
        check_content_type(sent)
    assert told.value.status == 415


@given(place=st.integers(0, 2**63), flipped=st.integers(0, 31), by=st.integers(1, 127))
def test_a_cursor_is_read_by_who_made_it_for_its_use_and_unchanged(place: int, flipped: int, by: int) -> None:
    """Any change of any character, another key or another use gives nothing; neighbours have nothing in common."""
    text = CURSORS.text(place, "a")
    assert CURSORS.read(text, "a") == place
    assert CURSORS.read(text, "b") is None
    assert Cursors(bytes(64)).read(text, "a") is None
    changed = text[:flipped] + chr(ord(text[flipped]) ^ by) + text[flipped + 1 :]
    assert CURSORS.read(changed, "a") is None
    assert CURSORS.text(place + 1, "a")[:8] != text[:8]


@given(text=st.text(max_size=40))
def test_no_text_is_a_cursor_by_chance(text: str) -> None:
    """Whatever a client sends, it is refused without an error of ours."""
    assert CURSORS.read(text, "a") is None


QUERY = st.dictionaries(
    st.sampled_from(
        ["limit", "next", "added_after", "match[id]", "match[type]", "match[version]", "match[spec_version]", "other"]
    ),
    st.text(max_size=20)
    | st.sampled_from(["1", "last,first", "all", "2026-01-01T00:00:00Z", "0", "-1", "\0", "a" * 99]),
)


@given(query=QUERY)
def test_filters_are_read_or_refused(query: dict[str, str]) -> None:
    """No query is anything but filters within bounds or a 400."""
    try:
        filters = filters_of(query)
    except Problem as wrong:
        assert wrong.status == 400  # noqa: PT017 - either is right
        return
    assert 1 <= filters.limit <= PAGE
    assert all("\0" not in value for value in (filters.ids or ()) + (filters.types or ()))


def test_too_many_values_are_refused() -> None:
    """A filter has a hundred values at most."""
    with pytest.raises(Problem, match="100 values"):
        filters_of({"match[type]": "," * 100})


DEEP: Any = []
for _ in range(MAX_DEPTH):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"objects": [NaN]}', 400),
        (b'{"objects": ' + b"[" * 100_000, 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"objects": []}', 422),
        (b'{"objects": {}}', 422),
        (b'{"objects": [1]}', 422),
        (orjson.dumps({"objects": [{}] * (MAX_OBJECTS + 1)}), 422),
        (orjson.dumps({"objects": [{"a": DEEP}]}), 422),
    ],
)
def test_what_is_no_envelope_within_bounds_is_refused(body: bytes, status: int) -> None:
    """Too long, too deep, no JSON, no list: each by its status."""
    with pytest.raises(Problem) as told:
        envelope_of(body)
    assert told.value.status == status


def test_an_envelope_within_bounds_is_read() -> None:
    """As deep and as long as may be."""
    assert len(envelope_of(orjson.dumps({"objects": [{"a": DEEP[0][0]}] * MAX_OBJECTS}))) == MAX_OBJECTS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": 5}, "id:"),
        ({"id": "indicator--x"}, "id:"),
        ({"id": "indicator--00000000-0000-4000-8000-00000000000A"}, "id:"),
        ({"type": "campaign"}, "type:"),
        ({"modified": "yesterday"}, "modified:"),
        ({"modified": 5}, "modified:"),
        ({"spec_version": "2.0"}, "spec_version:"),
        ({"spec_version": None}, "spec_version:"),
        ({"name": "x" * MAX_OBJECT_BYTES}, "object:"),
        ({"name": "forbidden"}, "/name: may not cross (never)"),
    ],
)
def test_an_object_that_may_not_be_stored_says_why(change: dict[str, Any], said: str) -> None:
    """Shape first, then the guard; the failure names the object by a proper id and repeats no value."""
    found = prepare(indicator(1) | change, admit)
    assert isinstance(found, Failure)
    assert found.message.startswith(said)
    assert len(found.message) < 200


def test_an_object_is_known_by_its_version_and_its_content() -> None:
    """Modified before created before none; the order of keys is no difference."""
    new, old = prepare(indicator(1, 2), admit), prepare(indicator(1, 1), admit)
    assert isinstance(new, Prepared)
    assert isinstance(old, Prepared)
    assert new.version_us > old.version_us
    turned = prepare(dict(reversed(indicator(1, 2).items())), admit)
    assert isinstance(turned, Prepared)
    assert turned.digest == new.digest != old.digest
    mark = {"type": "url", "id": indicator(1)["id"].replace("indicator", "url"), "value": "x"}
    plain = prepare(mark, admit)
    assert isinstance(plain, Prepared)
    assert (plain.version_us, plain.version) == (UNVERSIONED, "")
