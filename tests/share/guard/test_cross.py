"""Rules between fields: their edges to the millisecond."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.made import START

from stillwatch.model.indicator import InformationGrade
from stillwatch.share.guard.cross import CROSS_RULES, QUIET_HOURS, VALID_DAYS, clock_problem
from stillwatch.share.guard.table import ROWS
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import time_text

RULES = {rule.name: rule for rule in CROSS_RULES}
MILLISECOND = timedelta(milliseconds=1)


def broken(name: str, document: dict[str, Any]) -> list[str]:
    """Fields that break a rule."""
    return list(RULES[name].broken(document))


def spans(most: timedelta) -> list[tuple[timedelta, bool]]:
    """Spans at the edges of one that must be positive and at most so long, and whether they are right."""
    return [(-MILLISECOND, False), (timedelta(), False), (MILLISECOND, True), (most, True), (most + MILLISECOND, False)]


@pytest.mark.parametrize(("span", "is_right"), spans(timedelta(days=VALID_DAYS)))
@pytest.mark.parametrize(("kind", "start"), [("indicator", "valid_from"), ("harvest-rule", "created")])
def test_validity_ends_in_time(kind: str, start: str, span: timedelta, *, is_right: bool) -> None:
    """From the start that its type has."""
    document = {"type": kind, start: time_text(START), "valid_until": time_text(START + span)}
    assert (broken("valid-until", document) == []) == is_right


@pytest.mark.parametrize(("span", "is_right"), spans(timedelta(hours=QUIET_HOURS)))
def test_advice_to_be_quiet_is_bounded(span: timedelta, *, is_right: bool) -> None:
    """72 hours and not a millisecond more."""
    document = {"created": time_text(START), "extensions": {EXTENSION: {"quiet_until": time_text(START + span)}}}
    assert (broken("quiet-until", document) == []) == is_right


@given(grade=st.sampled_from(InformationGrade), number=st.none() | st.sampled_from([10, 30, 50, 70, 90]))
def test_the_number_follows_from_the_grade(grade: InformationGrade, number: int | None) -> None:
    """STIX 2.1, appendix A: 100 minus twenty for each grade, minus ten; none for 6."""
    expected = None if grade.value == "6" else 110 - 20 * int(grade.value)
    document: dict[str, Any] = {"extensions": {EXTENSION: {"information_grade": grade.value}}}
    document |= {} if number is None else {"confidence": number}
    assert (broken("confidence", document) == []) == (number == expected)


def test_rules_are_about_types_of_the_table() -> None:
    """None is about a type that there is not, and each says what it wants."""
    assert all(set(rule.types) <= ROWS.keys() and rule.says for rule in CROSS_RULES)
    assert len(RULES) == len(CROSS_RULES)


@pytest.mark.parametrize("rule", CROSS_RULES, ids=lambda rule: str(rule.name))
@pytest.mark.parametrize("value", [None, 3, [], {}, [{}], [[]], "x", {"x": []}])
def test_rules_survive_any_value(rule: Any, value: object) -> None:
    """Whatever stands in their fields; shapes are the table's business."""
    fields = (
        "created", "modified", "valid_from", "valid_until", "deadline", "confidence", "extensions", "id", "name",
        "objects", "where_sighted_refs", "created_by_ref", "relationship_type", "source_ref", "target_ref",
    )  # fmt: skip
    list(rule.broken({"type": rule.types[0]} | dict.fromkeys(fields, value)))
    list(rule.broken({"type": rule.types[0], "extensions": {EXTENSION: value}, "objects": [{"extensions": value}]}))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, None),
        ({"created": START + timedelta(minutes=2, milliseconds=1)}, "future"),
        ({"modified": START + timedelta(minutes=2)}, None),
        ({"valid_until": START}, "expired"),
        ({"valid_until": START, "revoked": True}, None),
    ],
)
def test_the_clock(changes: dict[str, Any], rule: str | None) -> None:
    """Two minutes of skew are allowed; a tombstone does not expire."""
    document = {k: time_text(v) if isinstance(v, datetime) else v for k, v in changes.items()}
    found = clock_problem(document, START)
    assert (found and found[1]) == rule
