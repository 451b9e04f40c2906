"""JSON of a report on a suspect: nothing is missing, everything is plain, small p-values stay numbers."""

import json
from dataclasses import fields

from tests.report.traced.sample import KEY, report

from stillwatch.model.trace_report import TraceReport
from stillwatch.report.traced.json import to_json


def test_every_field_is_told() -> None:
    """Each field of the report stands in the JSON, the suspect's kind under ``kind``."""
    told = json.loads(json.dumps(to_json(report())))
    names = {field.name for field in fields(TraceReport)} - {"suspect"}
    assert names | {"kind", "format", "format_version"} == set(told)
    assert (told["kind"], told["finding"]) == ("dataset", "found")
    assert told["counts"][0] == {"name": "records read", "count": 1200}
    assert told["made_at"] == "2026-11-27T12:00:00.000000Z"


def test_small_p_values_are_told_as_text_too() -> None:
    """Beside the natural log stands the decimal number, which no float holds when it is small enough."""
    first = to_json(report())["tests"][0]
    assert (first["log_p"], first["p"], first["p_adjusted"]) == (-310.0, "2.3e-135", "5.8e-131")


def test_no_secret_is_told() -> None:
    """Keys are told by their commitments only."""
    text = json.dumps(to_json(report()))
    assert KEY.commitment in text
    assert KEY.secret.hex() not in text
