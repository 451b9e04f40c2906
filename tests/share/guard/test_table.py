"""The table itself: whole, readable, and hashed with all that decides."""

import dataclasses
import re

import pytest

from stillwatch.share.guard import table
from stillwatch.share.guard.row import Kind
from stillwatch.share.guard.show import SECTIONS, limits_of, shown_path
from stillwatch.share.guard.table import ROWS, TABLE, children, schema_hash


def test_every_path_stands_once_below_its_object() -> None:
    """No field without the object or list that holds it, none twice."""
    assert len(ROWS) == len(TABLE)
    for path in ROWS:
        parent = path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]
        if parent:
            assert ROWS[parent].kind is (Kind.LIST if path.endswith("[]") else Kind.OBJECT)


def test_every_row_says_why_and_where_it_ends() -> None:
    """A reason each; lists and numbers have a largest value, choices have values."""
    for row in TABLE:
        assert row.why
        assert row.most is not None or row.kind not in {Kind.LIST, Kind.WHOLE, Kind.STEPS}
        assert bool(row.choices) == (row.kind in {Kind.CHOICE, Kind.ID})
        assert (row.step is not None) == (row.kind is Kind.STEPS)


def test_no_field_is_named_after_what_somebody_did() -> None:
    """There is no place for a verdict on a customer, nor for a price."""
    words = {word for path in ROWS for word in re.split(r"[^a-z]+", path)}
    assert not words & {"block", "ban", "action", "decision", "price", "volume", "customer", "account", "prompt"}


@pytest.mark.parametrize("change", [{"most": 65}, {"why": "because"}, {"required": False}])
def test_the_hash_follows_the_table(change: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Any change of any row is another schema."""
    before = schema_hash()
    place = next(i for i, row in enumerate(TABLE) if row.path == "bundle.objects")
    other = dataclasses.replace(TABLE[place], **change)  # type: ignore[arg-type]
    monkeypatch.setattr(table, "TABLE", (*TABLE[:place], other, *TABLE[place + 1 :]))
    assert schema_hash.__wrapped__() != before


def test_the_table_is_told_in_words() -> None:
    """Paths with the extension by its name, limits as counsel reads them."""
    assert children("appeal-answer") == ("type", "schema", "id", "created", "signature", "appeal", "answer")
    shown = {shown_path(row): limits_of(row) for row in TABLE}
    assert shown["sighting.extensions.stillwatch.coverage"] == "0 to 1; in steps of 0.05"
    assert shown["indicator.extensions.stillwatch.tags"] == "1 to 10,000"
    assert not any("extension-definition" in path for path in shown)
    assert all(name and says for lines in SECTIONS.values() for name, says in lines)
