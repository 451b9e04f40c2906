"""Decisions as fields and headers, and refusals."""

import string

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.gateways.made import decided, decisions, values

from stillwatch.act.gateways.decision_words import (
    decision_fields,
    decision_headers,
    decision_of,
    decision_of_headers,
    json_answer,
    refusal,
)
from stillwatch.errors import InvalidInput
from stillwatch.model.decision import Action, Decision

STATUS = {Action.THROTTLE: 429, Action.STEP_UP: 401, Action.BLOCK: 403, Action.SUSPEND_STREAM: 403}


@given(decisions)
def test_fields_come_back(decision: Decision) -> None:
    """A decision is the same after a way through JSON."""
    assert decision_of(orjson.loads(orjson.dumps(decision_fields(decision)))) == decision


@given(decisions)
def test_headers_come_back(decision: Decision) -> None:
    """A decision is the same after a way through headers, and no text of it can end a header or begin another."""
    headers = decision_headers(decision)
    assert all(set(value) <= set(string.printable[:95]) for value in headers.values())
    assert decision_of_headers(headers) == decision


@given(st.dictionaries(st.sampled_from([*decision_fields(decided()), "other"]), values))
def test_any_fields_or_invalid_input(told: dict[str, object]) -> None:
    """Fields of any type are a decision or InvalidInput."""
    whole = decision_fields(decided()) | told
    for fields in (told, whole):
        try:
            made = decision_of(fields)
        except InvalidInput:
            continue
        assert decision_of(decision_fields(made)) == made


@pytest.mark.parametrize(
    ("name", "value"), [("x-stillwatch-rate", "fast"), ("retry-after", "soon"), ("x-stillwatch-action", "wave through")]
)
def test_wrong_headers(name: str, value: str) -> None:
    """Headers that hold no decision are told so."""
    with pytest.raises(InvalidInput):
        decision_of_headers(decision_headers(decided()) | {name: value})


def test_times_need_a_zone() -> None:
    """A time without a zone means another moment elsewhere, and is refused."""
    with pytest.raises(InvalidInput, match="expires_at must have a time zone"):
        decision_of(decision_fields(decided()) | {"expires_at": "2026-11-01T00:00:00"})


@given(decisions)
def test_refusals(decision: Decision) -> None:
    """What is served is no refusal; what is not has the status of its action, and the evidence stays with us."""
    refused = refusal(decision)
    assert (refused is None) == decision.serves
    if refused is None:
        return
    assert refused.status == STATUS[decision.action]
    assert not {"x-stillwatch-evidence", "x-stillwatch-rule"} & refused.headers.keys()
    error = refused.body["error"]
    assert not {"evidence_id", "rule"} & error.keys()
    assert (error["reason"], error["appeal_url"]) == (decision.reason, decision.appeal_url)
    assert ("retry-after" in refused.headers) == (decision.retry_after_s is not None)
    assert ("www-authenticate" in refused.headers) == (decision.action is Action.STEP_UP)


@pytest.mark.parametrize("action", STATUS)
def test_every_refusal_says_all(action: Action) -> None:
    """Action, reason, expiry, appeal link and policy version stand in headers and body, Retry-After with a throttle."""
    refused = refusal(decided(action, retry_after_s=7 if action is Action.THROTTLE else None))
    assert refused is not None
    names = {"action", "reason", "expires", "appeal", "policy"}
    assert {f"x-stillwatch-{name}" for name in names} <= refused.headers.keys()
    error = refused.body["error"]
    assert error["action"] == action.value
    assert error["message"] == "Too many requests of one kind. To object: https://provider.example/appeals/x"
    assert refused.headers.get("retry-after") == ("7" if action is Action.THROTTLE else None)


def test_challenge_cannot_be_broken_out_of() -> None:
    """A reason with quotes and line ends stays inside its parameter."""
    refused = refusal(decided(Action.STEP_UP, reason='say "a", b="c"\r\nset-cookie: x\\'))
    assert refused is not None
    shown = refused.headers["www-authenticate"]
    assert shown.startswith('Bearer error="insufficient_user_authentication", error_description="say ')
    assert shown.count('"') == 6
    assert "\n" not in shown


def test_json_answer() -> None:
    """A body goes out as JSON."""
    answer = json_answer({"a": 1}, 201, {"x": "y"})
    assert (answer.status, answer.body) == (201, b'{"a":1}')
    assert answer.headers == {"content-type": "application/json", "x": "y"}
