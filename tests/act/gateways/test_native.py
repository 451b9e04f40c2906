"""`POST /v1/decide`."""

import orjson
import pytest
from hypothesis import given
from tests.act.gateways.made import call, decided, decisions, served

from stillwatch.act.gateways.decision_words import decision_of, decision_of_headers, refusal
from stillwatch.act.gateways.endpoint import Single
from stillwatch.act.gateways.native import Native
from stillwatch.errors import InvalidInput
from stillwatch.model.decision import Action, Decision, Request

PATH = "/v1/decide"


def test_fields_and_body() -> None:
    """What is told counts for more than what the body says, and the body fills the rest."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "user": "u", "temperature": "hot"}
    told = {"account_id": "a", "model": "told", "body": body, "path": "/v1/chat/completions", "unheard_of": 1}
    request = Native().request(call(PATH, told))
    assert (request.account_id, request.model, request.prompt_text, request.end_user_id) == ("a", "told", "Hi", "u")
    assert (request.operation, request.temperature) == ("chat", None)


def test_without_a_body_nothing_is_made_up() -> None:
    """What is not told is not known."""
    assert Native().request(call(PATH, {"account_id": "a"})) == Request(account_id="a")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"account_id": "a", "body": "x"}, "body must be an object"),
        ({"account_id": "a", "path": "x" * 3000}, "path must be text"),
        ({"account_id": "a", "top_p": 7, "model": []}, "model is an array.*top_p is 7"),
        ([1], "the body must be a JSON object: JSON array"),
        (b"\xff", "invalid UTF-8 at byte 1"),
    ],
)
def test_what_is_refused(told: object, reason: str) -> None:
    """A gateway that says something wrong is told all of it."""
    with pytest.raises(InvalidInput, match=reason):
        Native().request(call(PATH, told))


@given(decisions)
def test_answers(decision: Decision) -> None:
    """The answer holds the whole decision, in body and headers, and what to give to the customer."""
    answer, _ = served(Single(Native()), call(PATH, {"account_id": "a"}), lambda _: decision)
    told = orjson.loads(answer.body)
    assert answer.status == 200
    assert decision_of(told) == decision == decision_of_headers(answer.headers)
    refused = refusal(decision)
    assert told["serves"] == (refused is None)
    assert told["refusal"] == (
        None if refused is None else {"status": refused.status, "headers": refused.headers, "body": refused.body}
    )


def test_faults_have_their_status() -> None:
    """What is wrong with a call is told with its own status."""
    answer, asked = served(Single(Native()), call(PATH, {}), lambda _: decided(Action.BLOCK))
    assert (answer.status, orjson.loads(answer.body)) == (400, {"error": "account_id is missing"})
    assert not asked
