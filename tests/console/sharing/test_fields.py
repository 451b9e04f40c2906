"""The guard's view of a document, drafts that are forgotten, work that is bounded in time."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.console.conftest import NOW
from tests.share.node.members import ALPHA, told

from stillwatch.console.sharing.bounded import within
from stillwatch.console.sharing.drafts import KEPT, Drafts
from stillwatch.console.sharing.fields import Crossing, crossing
from stillwatch.console.sharing.pictures import gap_bars, week_cells
from stillwatch.errors import Declined, InvalidInput
from stillwatch.share.guard.check import check
from stillwatch.share.guard.table import ROWS
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.write import indicator_bundle


@pytest.fixture(scope="module")
def bundle(scanned: tuple[Mapping[str, LocalIndex], Path]) -> dict[str, Any]:
    """What alpha would tell."""
    return indicator_bundle(told(scanned[0]["alpha"], NOW), ALPHA)


def shown(document: Mapping[str, Any]) -> Crossing:
    """The same, field by field."""
    return crossing(document, len(orjson.dumps(document)), NOW)


def leaves(value: object) -> int:
    """Values of a document that are neither objects nor lists; a list of texts counts as one."""
    if isinstance(value, dict):
        return sum(leaves(inner) for inner in value.values())
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return 4 if "epoch" in value[0] else sum(leaves(inner) for inner in value)
    return 1


def test_no_field_is_left_out(bundle: dict[str, Any]) -> None:
    """As many as the document has, each admitted by a row of the table; what is the same for everybody is named."""
    found = shown(bundle)
    assert found.may_cross
    own = [made for made in bundle["objects"] if EXTENSION in made.get("extensions", {}) or made["type"] == "identity"]
    own = [made for made in own if made["id"] != "identity--8e5d2c47-0b3a-4f19-8c6e-71a2d94f0b35"]
    assert found.n_fields == sum(leaves(made) for made in own)
    rows = {field.row.replace("stillwatch", EXTENSION) for part in found.made for field in part.fields}
    assert rows <= ROWS.keys()
    assert len(found.parts) == len(bundle["objects"])
    assert all(field.why and field.kind for part in found.made for field in part.fields)


def test_what_the_guard_refuses_is_marked_at_its_field(bundle: dict[str, Any]) -> None:
    """And a field that the table does not know is there, by its place, without its value."""
    wrong = orjson.loads(orjson.dumps(bundle))
    number = next(at for at, made in enumerate(wrong["objects"]) if made["type"] == "indicator")
    wrong["objects"][number]["name"] = "jo@example.org"
    wrong["objects"][number]["customer"] = "Acme"
    found = shown(wrong)
    assert not found.may_cross
    assert list(found.refusals) == check(wrong, now=NOW)
    fields = {field.place: field for field in found.made[0].fields}
    assert fields["name"].refusals
    unknown = [field for field in fields.values() if field.place.startswith("?")]
    assert [("Acme" in field.value, bool(field.refusals)) for field in unknown] == [(False, True)]
    assert not fields["pattern"].refusals


def test_tags_are_counted_and_sampled(bundle: dict[str, Any]) -> None:
    """Two of them, cut; never all."""
    found = shown(bundle)
    fields = [field for part in found.made for field in part.fields if field.place.endswith("tags.value")]
    assert fields
    for field in fields:
        assert " tags, such as " in field.value
        assert field.value.count("…") <= 2


def test_drafts_are_forgotten_in_time_and_when_there_are_too_many() -> None:
    """The oldest first."""
    drafts = Drafts()
    for number in range(60):
        drafts.keep(("service", "ada", "draft", str(number)), number, NOW)
    assert drafts.of(("service", "ada", "draft", "0"), NOW) is None
    assert drafts.of(("service", "ada", "draft", "59"), NOW) == 59
    assert drafts.of(("service", "bea", "draft", "59"), NOW) is None
    assert drafts.of(("service", "ada", "draft", "59"), NOW + KEPT) is None
    drafts.keep(("x",), 1, NOW)
    drafts.drop(("x",))
    assert drafts.of(("x",), NOW + timedelta(seconds=1)) is None


def test_work_that_takes_too_long_is_not_waited_for() -> None:
    """It says that what was asked may still be done; an error of the work is that error."""
    ended = threading.Event()
    with pytest.raises(Declined, match="it may still do what was asked"):
        within(ended.wait, 0.05)
    ended.set()

    def fails() -> None:
        message = "the forum refuses"
        raise InvalidInput(message)

    with pytest.raises(InvalidInput, match="the forum refuses"):
        within(fails)


def test_pictures_have_a_cell_for_every_hour_and_a_bar_for_every_octave() -> None:
    """In a row a day; labels are times that people know."""
    cells = week_cells([7] * 168)
    assert len({(cell.x, cell.y) for cell in cells}) == 168
    assert {cell.heat for cell in cells} == {6}
    assert [bar.label for bar in gap_bars([0] * 16)][-4:] == ["1.1 h", "2.3 h", "4.6 h", "9.1 h"]
