"""Whatever comes in, an answer of the contract goes out, and no other error."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.gateways.made import bodies, call, decided, decisions, documents, served

from stillwatch.act.gateways.crowdsec import AddressDecision
from stillwatch.act.gateways.endpoint import Endpoint
from stillwatch.act.gateways.registry import GATEWAYS, endpoints_of
from stillwatch.errors import InvalidInput
from stillwatch.model.decision import Action, Decision, Gateway, GatewayAnswer, Request

NAMES = ("native", "litellm", "envoy", "nginx", "opa", "authzen", "crowdsec")
LEGAL = {
    "native": {200, 400},
    "litellm": {200, 400},
    "envoy": {200, 401, 403, 429, 500},
    "nginx": {204, 401, 403, 500},
    "opa": {200, 400},
    "authzen": {200, 400},
    "crowdsec": {200},
}
ENDPOINTS = endpoints_of(NAMES, lambda: [AddressDecision("192.0.2.0/24", decided(Action.BLOCK), "somebody")])
header_values = st.text(st.characters(codec="latin-1"), max_size=60)
head = st.dictionaries(
    st.sampled_from(
        ["x-stillwatch-account", "content-type", "x-real-ip", "user-agent", "x-request-id", "x-original-uri"]
    ),
    header_values,
)


def is_contract(endpoint: Endpoint, answer: GatewayAnswer) -> bool:
    """Whether an answer has a legal status, a body of JSON or none, and headers that HTTP can carry."""
    if answer.body:
        orjson.loads(answer.body)
    plain = all(value.isascii() and value.isprintable() for value in answer.headers.values())
    return answer.status in LEGAL[endpoint.name] and plain


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
@given(body=bodies, headers=head, path=st.text(max_size=50), decision=decisions)
def test_any_call_is_answered(
    endpoint: Endpoint, body: bytes, headers: dict[str, str], path: str, decision: Decision
) -> None:
    """Noise, broken, deep, long and wrongly typed calls get an answer that the gateway understands."""
    where = endpoint.routes[0][1].partition("{")[0] + path
    asked = call(where, body, "GET" if endpoint.name == "crowdsec" else "POST", **headers)
    answer, _ = served(endpoint, asked, lambda _: decision)
    assert is_contract(endpoint, answer), answer


@pytest.mark.parametrize("gateway", GATEWAYS, ids=[g.name for g in GATEWAYS])
@given(document=documents, account=st.text(max_size=5))
def test_any_request_or_invalid_input(gateway: Gateway, document: dict[str, object], account: str) -> None:
    """A call becomes a request with an account, or InvalidInput."""
    try:
        request = gateway.request(call(gateway.routes[0][1], document, x_stillwatch_account=account))
    except InvalidInput:
        return
    assert isinstance(request, Request)
    assert request.account_id


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
@given(status=st.sampled_from([400, 401, 413]))
def test_faults_are_answers(endpoint: Endpoint, status: int) -> None:
    """A fault is answered with an error status, and with one that no customer sees where gateways pass on others."""
    answer = endpoint.fault(status, "what is wrong")
    assert answer.status >= 400
    assert endpoint.name not in ("envoy", "nginx") or answer.status == 500
    assert orjson.loads(answer.body) == {"error": "what is wrong"}
