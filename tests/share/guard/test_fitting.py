"""The table as functions says of every document what reading it says."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.share.guard.test_check import MESSAGES, changed, places

from stillwatch.share.guard.check import _passes, _Reading
from stillwatch.share.guard.fitting import fits, is_fixed
from stillwatch.share.guard.limits import NODES_MOST, too_much
from stillwatch.share.guard.table import FIXED_OBJECTS

JUNK = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
    | st.sampled_from([{}, [], ["a", "a"], "2.1", "identity", "bundle", 1, 1.0, 0.5, "2030-01-01T00:00:00.000Z"])
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_what_fits_is_what_reading_has_nothing_to_refuse_in(data: st.DataObject) -> None:
    """A message, or one object of it, with one value replaced, removed or added: both say the same."""
    document = data.draw(st.sampled_from([*MESSAGES.values()]))
    at = data.draw(st.sampled_from([place for place in places(document) if place]))
    junk, edit = data.draw(JUNK), data.draw(st.sampled_from(["replace", "remove", "add", "repeat", "none"]))

    def make(holder: Any, key: Any) -> None:
        if edit == "remove":
            del holder[key]
        elif edit == "replace":
            holder[key] = junk
        elif edit == "repeat" and isinstance(holder, list):
            holder.append(holder[key])
        elif edit == "add" and isinstance(holder, dict):
            holder[data.draw(st.text(max_size=10))] = junk

    made = changed(document, at, make)
    if data.draw(st.booleans()) and isinstance(made.get("objects"), list) and made["objects"]:
        made = data.draw(st.sampled_from(made["objects"]))
    read = [] if too_much(made) else list(_Reading(None).top(made, ""))
    passes = isinstance(made, dict) and _passes(made, None)
    assert passes == (not read)


def test_a_fixed_object_is_equal_and_written_alike() -> None:
    """With a field more, or 1 for True, it is another; so is another object under its id."""
    for made in FIXED_OBJECTS.values():
        assert is_fixed(made)
        assert fits(made)
        assert not fits({**made, "x": 1})
        for name, value in made.items():
            if isinstance(value, bool):
                assert not is_fixed({**made, name: int(value)})


def test_a_bundle_with_too_many_values_does_not_fit() -> None:
    """However well each of its objects does; and nobody recurses into what is nested without end."""
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    many: list[list[Any]] = [[{}] * (NODES_MOST + 1), [{"type": "identity"}] * NODES_MOST, deep]
    for objects in many:
        assert not fits({"type": "bundle", "id": "bundle--x", "objects": objects})
