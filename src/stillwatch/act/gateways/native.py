"""Our own endpoint: ``POST /v1/decide``, a request as JSON in, the whole decision as JSON out.

In: the fields of `model.decision.Request` by name, ``account_id`` the only one that must be there; and, if the gateway
likes, ``body``: the customer's own request body (OpenAI, Anthropic or a bare prompt), out of which everything is taken
that was not told by itself, and ``path``, that it was sent to. Other names are ignored, so that newer gateways can talk
to older services. Values that do not fit are refused, all at once; those in ``body`` are left out.

Out: the fields of `model.decision.Decision`; ``serves``; and ``refusal``: null when the request is to be answered,
else ``status``, ``headers`` and ``body`` to give to the customer, so that a gateway need not think.
"""

from typing import Final

from stillwatch.act.gateways.body import body_columns
from stillwatch.act.gateways.decision_words import decision_fields, decision_headers, json_answer, refusal
from stillwatch.act.gateways.endpoint import fault_answer, json_body
from stillwatch.act.gateways.told import request_filled, request_told
from stillwatch.errors import InvalidInput
from stillwatch.ingest.openai_fields import mapping
from stillwatch.model.decision import Decision, GatewayAnswer, GatewayCall, Request

__all__ = ["Native"]

_LONGEST_PATH: Final = 2048


class Native:
    """``POST /v1/decide``."""

    name = "native"
    routes: tuple[tuple[str, str], ...] = (("POST", "/v1/decide"),)

    def request(self, call: GatewayCall, /) -> Request:
        """What is asked.

        Raises  InvalidInput with all problems.
        """
        told = json_body(call)
        path, body = told.get("path") or "", told.get("body")
        if not isinstance(path, str) or len(path) > _LONGEST_PATH:
            message = f"path must be text of at most {_LONGEST_PATH:,} characters"
            raise InvalidInput(message)
        if body is not None and not isinstance(body, dict):
            message = "body must be an object"
            raise InvalidInput(message)
        own = {name: value for name, value in told.items() if value is not None}
        request = request_told(own, strict=True)
        return request if body is None and not path else _filled(own, request, mapping(body), path)

    def answer(self, decision: Decision, _call: GatewayCall, /) -> GatewayAnswer:
        """200 whatever is decided."""
        refused = refusal(decision)
        told = None if refused is None else {"status": refused.status, "headers": refused.headers, "body": refused.body}
        return json_answer(decision_fields(decision) | {"refusal": told}, headers=decision_headers(decision))

    def fault(self, status: int, problem: str, /) -> GatewayAnswer:
        """The fault's own status."""
        return fault_answer(status, problem)


def _filled(own: dict[str, object], checked: Request, body: dict[str, object], path: str) -> Request:
    """The request with what its body tells, where it does not tell itself."""
    return request_filled(checked, {n: v for n, v in body_columns(body, path).items() if n not in own})
