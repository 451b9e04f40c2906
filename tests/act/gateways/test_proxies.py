"""Envoy, NGINX and the agents of OPA: who and what is asked, and answers each of them understands."""

import orjson
import pytest
from tests.act.gateways.made import call, decided, served

from stillwatch.act.gateways.decision_words import decision_of_headers
from stillwatch.act.gateways.endpoint import Single
from stillwatch.act.gateways.envoy import Envoy
from stillwatch.act.gateways.identity import Identity, account_of_key
from stillwatch.act.gateways.nginx import Nginx
from stillwatch.act.gateways.opa import Opa
from stillwatch.model.decision import Action, Decision

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def of(action: Action) -> Decision:
    """A decision that is over its rate when it throttles."""
    return decided(action, retry_after_s=9 if action is Action.THROTTLE else None)


def test_envoy_request() -> None:
    """The path behind our prefix names the operation, headers the account and the address, the body the rest."""
    asked = call(
        "/v1/envoy/v1/chat/completions",
        BODY,
        x_stillwatch_account="a",
        x_envoy_external_address="192.0.2.1",
        x_forwarded_for="198.51.100.1",
        content_type="application/json",
    )
    request = Envoy().request(asked)
    assert (request.account_id, request.client_address) == ("a", "192.0.2.1")
    assert (request.operation, request.model, request.prompt_text) == ("chat", "m", "Hi")


def test_envoy_with_a_body_cut_off() -> None:
    """A body that Envoy cut off tells nothing, and the request is decided about by its head."""
    request = Envoy().request(call("/v1/envoy/v1/messages", b'{"model": "m", "mess', x_stillwatch_account="a"))
    assert (request.account_id, request.operation, request.model, request.has_tools) == ("a", "chat", None, None)


def test_envoy_by_credential() -> None:
    """With the credential as identity the account is its digest."""
    gateway = Envoy(Identity(account="authorization"))
    assert gateway.request(call("/v1/envoy/", authorization="Bearer sk-1")).account_id == account_of_key("sk-1")


@pytest.mark.parametrize("action", Action)
def test_envoy_answers(action: Action) -> None:
    """200 with the decision for the model's side, or the refusal as the customer gets it."""
    decision = of(action)
    answer, _ = served(Single(Envoy()), call("/v1/envoy/", x_stillwatch_account="a"), lambda _: decision)
    if decision.serves:
        assert (answer.status, answer.body) == (200, b"")
        assert decision_of_headers(answer.headers) == decision
    else:
        assert answer.status == {Action.THROTTLE: 429, Action.STEP_UP: 401}.get(action, 403)
        assert orjson.loads(answer.body)["error"]["action"] == action.value
        assert (answer.headers.get("retry-after") == "9") == (action is Action.THROTTLE)


def test_nginx_request() -> None:
    """All that is known stands in headers that NGINX sets."""
    asked = call("/v1/nginx", x_stillwatch_account="a", x_real_ip="192.0.2.1", x_original_uri="/v1/messages?x=1")
    request = Nginx().request(asked)
    assert (request.account_id, request.client_address, request.operation) == ("a", "192.0.2.1", "chat")


@pytest.mark.parametrize("action", Action)
def test_nginx_answers(action: Action) -> None:
    """Only statuses that auth_request knows, with everything that its configuration needs in headers."""
    decision = of(action)
    answer, _ = served(Single(Nginx()), call("/v1/nginx", x_stillwatch_account="a"), lambda _: decision)
    assert answer.body == b""
    assert answer.headers["x-stillwatch-action"] == action.value
    if decision.serves:
        assert answer.status == 204
    else:
        assert answer.status == (401 if action is Action.STEP_UP else 403)
        assert ("www-authenticate" in answer.headers) == (action is Action.STEP_UP)
        assert {"x-stillwatch-reason", "x-stillwatch-appeal", "x-stillwatch-expires"} <= answer.headers.keys()


@pytest.mark.parametrize("gateway", [Envoy(), Nginx()], ids=["envoy", "nginx"])
def test_no_account_is_no_customers_fault(gateway: Envoy | Nginx) -> None:
    """A missing account is answered so that the gateway fails as it is set to, and not the customer."""
    answer, asked = served(Single(gateway), call(gateway.routes[0][1]))
    assert answer.status == 500
    assert not asked


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


def test_opa_of_apisix() -> None:
    """The consumer that APISIX has authenticated is the account, not a header."""
    request = Opa().request(call("/v1/data/stillwatch/decide", {"input": APISIX}))
    assert (request.account_id, request.client_address, request.operation) == ("acme", "192.0.2.1", "chat")


def test_opa_of_kong() -> None:
    """Kong nests the request, gives repeated headers as lists, and the body parsed."""
    request = Opa().request(call("/v1/data/x", {"input": KONG}))
    assert (request.account_id, request.client_address, request.user_agent) == ("header", "192.0.2.2", "sdk/2")
    assert (request.operation, request.prompt_text) == ("chat", "Hi")


@pytest.mark.parametrize("action", Action)
def test_opa_answers(action: Action) -> None:
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
def test_opa_without_input(told: dict[str, object]) -> None:
    """No input, another type and nobody's request are told so."""
    assert served(Single(Opa()), call("/v1/data/x", told))[0].status == 400
