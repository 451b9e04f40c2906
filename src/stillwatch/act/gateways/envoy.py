"""Envoy's external authorisation over HTTP: any method, any path under our prefix.

Envoy sends the request's head, and its body when ``with_request_body`` is set; a body that was cut off, or is no JSON,
tells nothing and refuses nobody. 200 lets the request through with our headers added towards the model; any other
answer below 500 goes to the customer as it stands. So every fault of the gateway's own configuration (no account, no
token) is answered 500, and Envoy's ``failure_mode_allow`` decides what becomes of the request.

References  Envoy, envoy.extensions.filters.http.ext_authz.v3.ExtAuthz.
"""

from typing import Final

import orjson

from stillwatch.act.gateways.body import body_columns, body_object
from stillwatch.act.gateways.decision_words import decision_headers, refusal
from stillwatch.act.gateways.endpoint import fault_answer
from stillwatch.act.gateways.identity import Identity
from stillwatch.act.gateways.told import request_told
from stillwatch.model.decision import Decision, GatewayAnswer, GatewayCall, Request

__all__ = ["IDENTITY", "Envoy"]

_PREFIX: Final = "/v1/envoy"
IDENTITY: Final = Identity(client_address="x-envoy-external-address")
"""What these headers say unless the operator says otherwise."""


class Envoy:
    """Endpoint of the filter ``envoy.filters.http.ext_authz`` with an ``http_service``."""

    name = "envoy"
    routes: tuple[tuple[str, str], ...] = (("*", _PREFIX), ("*", _PREFIX + "/{rest:path}"))

    def __init__(self, identity: Identity = IDENTITY) -> None:
        self._identity = identity

    def request(self, call: GatewayCall, /) -> Request:
        """What is asked: who by the headers, what by the body."""
        body = body_object(call.body, call.headers.get("content-type", "")) if call.body else {}
        told = body_columns(body, call.path.removeprefix(_PREFIX))
        own = {name: value for name, value in self._identity.columns(call.headers).items() if value is not None}
        return request_told({**told, **own}, strict=False)

    def answer(self, decision: Decision, _call: GatewayCall, /) -> GatewayAnswer:
        """200 with the decision for the model's side, or what the customer gets."""
        refused = refusal(decision)
        if refused is None:
            return GatewayAnswer(200, decision_headers(decision), b"")
        headers = {"content-type": "application/json"} | refused.headers
        return GatewayAnswer(refused.status, headers, orjson.dumps(refused.body))

    def fault(self, _status: int, problem: str, /) -> GatewayAnswer:
        """500 whatever it is: no customer is at fault."""
        return fault_answer(500, problem)
