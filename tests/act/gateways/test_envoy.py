"""Envoy's external authorisation."""

import orjson
import pytest
from tests.act.gateways.made import call, decided, served

from stillwatch.act.gateways.decision_words import decision_of_headers
from stillwatch.act.gateways.endpoint import Single
from stillwatch.act.gateways.envoy import Envoy
from stillwatch.act.gateways.identity import Identity, account_of_key
from stillwatch.model.decision import Action, Decision

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def of(action: Action) -> Decision:
    """A decision that is over its rate when it throttles."""
    return decided(action, retry_after_s=9 if action is Action.THROTTLE else None)


def test_request() -> None:
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


def test_with_a_body_cut_off() -> None:
    """A body that Envoy cut off tells nothing, and the request is decided about by its head."""
    request = Envoy().request(call("/v1/envoy/v1/messages", b'{"model": "m", "mess', x_stillwatch_account="a"))
    assert (request.account_id, request.operation, request.model, request.has_tools) == ("a", "chat", None, None)


def test_by_credential() -> None:
    """With the credential as identity the account is its digest."""
    gateway = Envoy(Identity(account="authorization"))
    assert gateway.request(call("/v1/envoy/", authorization="Bearer sk-1")).account_id == account_of_key("sk-1")


@pytest.mark.parametrize("action", Action)
def test_answers(action: Action) -> None:
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


def test_no_account_is_no_customers_fault() -> None:
    """A missing account is answered so that the gateway fails as it is set to, and not the customer."""
    answer, asked = served(Single(Envoy()), call("/v1/envoy/"))
    assert answer.status == 500
    assert not asked
