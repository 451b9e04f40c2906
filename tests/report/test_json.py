"""campaigns.json goes there and back without loss, and refuses what it does not know."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import IncompatibleVersion
from stillwatch.model.campaign import Campaign, Effect, Exposure, Verdict
from stillwatch.model.findings import Findings
from stillwatch.report.json import campaign_to_json, from_json, run_to_json, to_json
from stillwatch.report.schema import campaigns_schema

from .examples import empty_findings, example_findings

ROOT = Path(__file__).parents[2]

times = st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(fold=0))
effects = st.builds(
    Effect, test=st.text(), value=st.floats(), standard_error=st.floats(), bits=st.floats(),
    reference_low=st.floats(), reference_high=st.floats(),
)  # fmt: skip
exposures = st.builds(
    Exposure, n_exchanges=st.integers(), input_tokens=st.none() | st.integers(), output_tokens=st.none(),
    reasoning_tokens=st.none(), cost_usd=st.none() | st.floats(),
    capabilities=st.dictionaries(st.text(), st.integers()), models=st.dictionaries(st.text(), st.integers()),
)  # fmt: skip


def tables(findings: Findings) -> dict[str, Any]:
    """Arrow tables of findings by name."""
    return {name: getattr(findings, name) for name in ("streams", "exchanges", "quarantine")}


def same(a: object, b: object) -> bool:
    """Equal, NaN counting as equal to itself: the text of a dataclass tells all its values."""
    return repr(a) == repr(b)


@pytest.mark.parametrize("make", [example_findings, empty_findings])
def test_round_trip_keeps_everything(make: Callable[[], Findings]) -> None:
    """Findings come back equal, tables included."""
    findings = make()
    back = from_json(to_json(findings), tables(findings), run=run_to_json(findings))
    assert same(back.campaigns, findings.campaigns)
    assert to_json(back) == to_json(findings)
    assert back.stage_s == findings.stage_s
    assert all(table.equals(getattr(back, name)) for name, table in tables(findings).items())


def test_what_differs_between_runs_is_apart() -> None:
    """Two scans of the same logs write the same campaigns.json, to the byte, however long they took and whenever."""
    findings = example_findings()
    later = replace(findings, stage_s={"read": 99.0}, calibration_age_days=7.5)
    assert to_json(later) == to_json(findings)
    assert json.loads(run_to_json(later)) == {"stage_s": {"read": 99.0}, "calibration_age_days": 7.5}


@settings(max_examples=40)
@given(st.lists(effects, max_size=3), exposures, times, st.text())
def test_round_trip_of_any_values(found: list[Effect], taken: Exposure, time: datetime, name: str) -> None:
    """Odd numbers, times to the microsecond and any text survive."""
    findings = example_findings()
    campaign = findings.campaigns[0]
    family = replace(campaign.families[0], effects=tuple(found), family_id=name)
    odd = replace(campaign, families=(family,), exposure=taken, first_seen=time, timeline=((time, 1),))
    back = from_json(to_json(replace(findings, campaigns=(odd,))))
    assert same(back.campaigns, (odd,))


def test_times_of_other_zones_are_written_in_utc() -> None:
    """The same moment comes back, in UTC."""
    findings = example_findings()
    there = findings.campaigns[0].first_seen.astimezone(datetime.now().astimezone(None).tzinfo) + timedelta(
        microseconds=7
    )
    odd = replace(findings.campaigns[0], first_seen=there)
    assert from_json(to_json(replace(findings, campaigns=(odd,)))).campaigns[0].first_seen == there


def test_text_is_ascii_and_strict_json() -> None:
    """No character that a terminal would obey, and no NaN that other readers refuse."""
    text = to_json(example_findings())
    assert text.isascii()
    assert "\x1b" not in text
    json.loads(text, parse_constant=pytest.fail)
    assert '"NaN"' in text


def test_one_campaign_is_written_as_in_the_whole() -> None:
    """`explain --json` prints what campaigns.json holds."""
    findings = example_findings()
    assert json.loads(campaign_to_json(findings.campaigns[1])) == json.loads(to_json(findings))["campaigns"][1]


def change(**changes: object) -> str:
    """Text of findings with some fields replaced."""
    return json.dumps(json.loads(to_json(empty_findings())) | changes)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"format": "other"}', change(format_version=2), change(format_version="1"),
        change(n_accounts="7"), change(n_accounts=None), change(campaigns=[{}]), change(campaigns=7),
        change(tally={"rows_read": 1}),
    ],
)  # fmt: skip
def test_other_layouts_are_refused(text: str) -> None:
    """Something else, another version or a damaged file: one kind of error that says what to do."""
    with pytest.raises(IncompatibleVersion, match=r"here\.json.*scan again"):
        from_json(text, where="here.json")


def test_committed_schema_is_in_step() -> None:
    """docs/reference/campaigns.schema.json is what the dataclasses give."""
    path = ROOT / "docs" / "reference" / "campaigns.schema.json"
    assert path.read_text(encoding="utf-8") == campaigns_schema()


def fits(value: Any, schema: Any, whole: Any) -> bool:
    """Say whether `value` follows `schema`; the few keywords that the schema uses, and no others."""
    if "$ref" in schema:
        return fits(value, whole["$defs"][schema["$ref"].rsplit("/", 1)[1]], whole)
    if "anyOf" in schema:
        return any(fits(value, option, whole) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kinds = {"string": str, "boolean": bool, "integer": int, "number": int | float, "null": type(None), "array": list}
    if schema["type"] != "object":
        right = isinstance(value, kinds[schema["type"]]) and not (
            schema["type"] != "boolean" and isinstance(value, bool)
        )
        return right and (schema["type"] != "array" or items_fit(value, schema, whole))
    if not isinstance(value, dict) or any(name not in value for name in schema.get("required", [])):
        return False
    known, other = schema.get("properties", {}), schema["additionalProperties"]
    return all(
        fits(v, known[k], whole) if k in known else bool(other) and fits(v, other, whole) for k, v in value.items()
    )


def items_fit(value: list[Any], schema: Any, whole: Any) -> bool:
    """Say whether the items of an array follow its schema."""
    first = schema.get("prefixItems", [])
    if first:
        return len(value) == len(first) and all(fits(v, s, whole) for v, s in zip(value, first, strict=True))
    return all(fits(v, schema["items"], whole) for v in value)


def test_findings_follow_the_schema() -> None:
    """What is written is what the schema describes, and what is not described does not fit."""
    schema = json.loads(campaigns_schema())
    written = json.loads(to_json(example_findings()))
    assert fits(written, schema, schema)
    assert not fits(written | {"more": 1}, schema, schema)
    assert not fits(written | {"n_accounts": "7"}, schema, schema)
    assert not fits({k: v for k, v in written.items() if k != "tally"}, schema, schema)


def test_every_verdict_is_in_the_example() -> None:
    """The example covers all verdicts, so that the tests above do."""
    campaigns: tuple[Campaign, ...] = example_findings().campaigns
    assert {c.verdict for c in campaigns} == set(Verdict)
    assert any(math.isnan(e.value) for c in campaigns for f in c.families for e in f.effects)
