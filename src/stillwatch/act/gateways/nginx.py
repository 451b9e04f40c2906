"""NGINX ``auth_request``: 204 lets the request through, 401 and 403 refuse it, anything else is an error.

Every refusal that is no step-up is 403: which it is stands in ``x-stillwatch-action`` and Retry-After, out of which the
how-to's configuration makes 429. A step-up is 401, whose ``www-authenticate`` NGINX passes on by itself. The subrequest
has no body, so a decision rests on account and client alone.

References  NGINX, module ngx_http_auth_request_module.
"""

from typing import Final

from stillwatch.act.gateways.body import operation_of
from stillwatch.act.gateways.decision_words import decision_headers, refusal
from stillwatch.act.gateways.endpoint import fault_answer
from stillwatch.act.gateways.identity import Identity
from stillwatch.act.gateways.told import request_told
from stillwatch.model.decision import Action, Decision, GatewayAnswer, GatewayCall, Request

__all__ = ["IDENTITY", "Nginx"]

IDENTITY: Final = Identity(client_address="x-real-ip")
"""What these headers say unless the operator says otherwise."""


class Nginx:
    """Endpoint of ``auth_request``."""

    name = "nginx"
    routes: tuple[tuple[str, str], ...] = (("*", "/v1/nginx"),)

    def __init__(self, identity: Identity = IDENTITY) -> None:
        self._identity = identity

    def request(self, call: GatewayCall, /) -> Request:
        """What is asked."""
        operation = operation_of(call.headers.get("x-original-uri", ""))
        return request_told({**self._identity.columns(call.headers), "operation": operation}, strict=False)

    def answer(self, decision: Decision, _call: GatewayCall, /) -> GatewayAnswer:
        """204, 401 or 403, and all else in headers."""
        refused = refusal(decision)
        if refused is None:
            return GatewayAnswer(204, decision_headers(decision), b"")
        return GatewayAnswer(401 if decision.action is Action.STEP_UP else 403, refused.headers, b"")

    def fault(self, _status: int, problem: str, /) -> GatewayAnswer:
        """500 whatever it is: no customer is at fault."""
        return fault_answer(500, problem)
