"""The data API of Open Policy Agent."""

import orjson
import pytest
from tests.act.gateways.made import call, decided, served

from stillwatch.act.gateways.endpoint import Single
from stillwatch.act.gateways.opa import Opa
from stillwatch.model.decision import Action, Decision

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def of(action: Action) -> Decision:
    """A decision that is over its rate when it throttles."""
    return decided(action, retry_after_s=9 if action is Action.THROTTLE else None)


APISIX = {
    "type": "http",
    "request": {"method": "POST", "path": "/v1/messages", "headers": {"X-Stillwatch-Account": "header"}, "body": "{}"},
    "var": {"remote_addr": "192.0.2.1", "timestamp": 1},
    "consumer": {"username": "acme"},
}
KONG = {
    "request": {
        "http": {
            "method": "POST",
            "path": "/v1/chat/completions",
            "headers": {"user-agent": ["sdk/1", "sdk/2"], "x-stillwatch-account": "header"},
            "parsed_body": BODY,
        }
    },
    "client_ip": "192.0.2.2",
}


def test_of_apisix() -> None:
    """The consumer that APISIX has authenticated is the account, not a header."""
    request = Opa().request(call("/v1/data/stillwatch/decide", {"input": APISIX}))
    assert (request.account_id, request.client_address, request.operation) == ("acme", "192.0.2.1", "chat")


def test_of_kong() -> None:
    """Kong nests the request, gives repeated headers as lists, and the body parsed."""
    request = Opa().request(call("/v1/data/x", {"input": KONG}))
    assert (request.account_id, request.client_address, request.user_agent) == ("header", "192.0.2.2", "sdk/2")
    assert (request.operation, request.prompt_text) == ("chat", "Hi")


@pytest.mark.parametrize("action", Action)
def test_answers(action: Action) -> None:
    """A result that allows, with headers for the model's side, or one with status, headers and words."""
    decision = of(action)
    answer, _ = served(Single(Opa()), call("/v1/data/x", {"input": KONG}), lambda _: decision)
    result = orjson.loads(answer.body)["result"]
    assert result["allow"] == decision.serves
    assert result["headers"]["x-stillwatch-action"] == action.value
    if not decision.serves:
        assert result["status_code"] == result["status"] in (401, 403, 429)
        assert orjson.loads(result["reason"])["error"]["appeal_url"] == decision.appeal_url


@pytest.mark.parametrize("told", [{}, {"input": []}, {"input": {}}])
def test_without_input(told: dict[str, object]) -> None:
    """No input, another type and nobody's request are told so."""
    assert served(Single(Opa()), call("/v1/data/x", told))[0].status == 400
