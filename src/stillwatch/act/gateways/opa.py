"""The data API of Open Policy Agent: ``POST /v1/data/PACKAGE``, for gateways that ask an OPA (APISIX, Kong).

The package's name means nothing here. The account is the consumer that the gateway has authenticated, else the
identity's header. ``status_code``, ``headers`` and ``reason`` are APISIX's; Kong reads ``status`` and ``message``.
"""

from typing import Any, Final

import orjson

from stillwatch.act.gateways.body import body_columns, body_object
from stillwatch.act.gateways.decision_words import decision_fields, decision_headers, json_answer, refusal
from stillwatch.act.gateways.endpoint import fault_answer, json_body
from stillwatch.act.gateways.identity import Identity
from stillwatch.act.gateways.told import request_told
from stillwatch.errors import InvalidInput
from stillwatch.ingest.openai_fields import first, mapping
from stillwatch.model.decision import Decision, GatewayAnswer, GatewayCall, Request

__all__ = ["IDENTITY", "Opa"]

IDENTITY: Final = Identity()
"""What these headers say unless the operator says otherwise."""

_BODIES: Final = ("parsed_body", "body")


class Opa:
    """Endpoint of the plugins ``opa`` of APISIX and Kong."""

    name = "opa"
    routes: tuple[tuple[str, str], ...] = (("POST", "/v1/data/{package:path}"),)

    def __init__(self, identity: Identity = IDENTITY) -> None:
        self._identity = identity

    def request(self, call: GatewayCall, /) -> Request:
        """What is asked."""
        told = json_body(call).get("input")
        if not isinstance(told, dict):
            message = "input must be an object"
            raise InvalidInput(message)
        asked = mapping(told.get("request"))
        asked = mapping(asked.get("http")) or asked
        headers = {str(name).lower(): _one(value) for name, value in mapping(asked.get("headers")).items()}
        own = self._identity.columns({name: value for name, value in headers.items() if value is not None})
        consumer = first(mapping(told.get("consumer")), "username", "id")
        address = first(told, "client_ip") or mapping(told.get("var")).get("remote_addr")
        known = {name: value for name, value in own.items() if value is not None}
        network = {"client_address": address} if address else {}
        who = {"account_id": consumer} if consumer else {}
        path = asked.get("path")
        columns = body_columns(_body(first(asked, *_BODIES)), path if isinstance(path, str) else "")
        return request_told({**columns, **network, **known, **who}, strict=False)

    def answer(self, decision: Decision, _call: GatewayCall, /) -> GatewayAnswer:
        """``{"result": {"allow": ...}}``."""
        refused = refusal(decision)
        told: dict[str, Any] = {"allow": refused is None, "decision": decision_fields(decision)}
        if refused is None:
            return json_answer({"result": told | {"headers": decision_headers(decision)}})
        words = orjson.dumps(refused.body).decode()
        return json_answer(
            {
                "result": told
                | {
                    "status_code": refused.status,
                    "status": refused.status,
                    "headers": {"content-type": "application/json"} | refused.headers,
                    "reason": words,
                    "message": words,
                }
            }
        )

    def fault(self, status: int, problem: str, /) -> GatewayAnswer:
        """The fault's own status; both plugins refuse the request then."""
        return fault_answer(status, problem)


def _one(value: object) -> str | None:
    """A header's value; the last one where it comes as a list of several."""
    if isinstance(value, list):
        return _one(value[-1]) if value and not isinstance(value[-1], list) else None
    return value if isinstance(value, str) else None


def _body(value: object) -> dict[str, Any]:
    return body_object(value.encode(errors="replace")) if isinstance(value, str) else mapping(value)
