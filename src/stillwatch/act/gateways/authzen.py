"""The Authorization API 1.0 of OpenID AuthZEN: ``POST /access/v1/evaluation``, and ``evaluations`` for several.

``subject.id`` is the account; a ``resource`` of type ``model`` names the model. Properties of subject, action and
resource, and the context, may hold any other field of a request, the context's ``body`` the customer's own.

References  OpenID AuthZEN Authorization API 1.0, sections 6 and 7.
"""

from typing import Any, Final

from stillwatch.act.gateways.body import body_columns
from stillwatch.act.gateways.decision_words import decision_fields, json_answer, refusal
from stillwatch.act.gateways.endpoint import Decide, fault_answer, json_body
from stillwatch.act.gateways.told import request_told
from stillwatch.errors import InvalidInput
from stillwatch.ingest.openai_fields import mapping
from stillwatch.model.decision import Decision, GatewayAnswer, GatewayCall, Request

__all__ = ["AuthZen"]

_ONE: Final = "/access/v1/evaluation"
_SEVERAL: Final = "/access/v1/evaluations"
_MOST: Final = 100
_PARTS: Final = ("subject", "action", "resource", "context")
_STOPS: Final = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}
_LONGEST_ID: Final = 256


class AuthZen:
    """Endpoint of policy enforcement points."""

    name = "authzen"
    routes: tuple[tuple[str, str], ...] = (("POST", _ONE), ("POST", _SEVERAL))

    def request(self, call: GatewayCall, /) -> Request:
        """What is asked by an evaluation."""
        return _request(json_body(call), call)

    def answer(self, decision: Decision, call: GatewayCall, /) -> GatewayAnswer:
        """``{"decision": ..., "context": {...}}``."""
        return json_answer(_evaluated(decision), headers=_echo(call))

    async def serve(self, call: GatewayCall, decide: Decide, /) -> GatewayAnswer:
        """Evaluate one or several; several without any are one."""
        try:
            told = json_body(call)
            items = told.get("evaluations") if call.path.partition("?")[0] == _SEVERAL else None
            if items in (None, []):
                return self.answer(await decide(_request(told, call)), call)
            stop = _stop(told)
            items = _items(items)
        except InvalidInput as error:
            return self.fault(400, str(error))
        defaults: dict[str, Any] = {name: told[name] for name in _PARTS if name in told}
        answers: list[dict[str, Any]] = []
        for item in items:
            answers.append(await _evaluation({**defaults, **item}, call, decide))
            if answers[-1]["decision"] is stop:
                break
        return json_answer({"evaluations": answers}, headers=_echo(call))

    def fault(self, status: int, problem: str, /) -> GatewayAnswer:
        """The fault's own status."""
        return fault_answer(status, problem)


def _stop(told: dict[str, Any]) -> bool | None:
    """Decision after which no more is evaluated; None for none."""
    chosen = mapping(told.get("options")).get("evaluations_semantic", "execute_all")
    if not isinstance(chosen, str) or chosen not in _STOPS:
        message = f"evaluations_semantic must be one of {', '.join(_STOPS)}"
        raise InvalidInput(message)
    return _STOPS[chosen]


def _items(items: object) -> list[dict[str, Any]]:
    if not isinstance(items, list) or len(items) > _MOST or not all(isinstance(one, dict) for one in items):
        message = f"evaluations must be a list of at most {_MOST} objects"
        raise InvalidInput(message)
    return items


async def _evaluation(told: dict[str, Any], call: GatewayCall, decide: Decide) -> dict[str, Any]:
    try:
        request = _request(told, call)
    except InvalidInput as error:
        return {"decision": False, "context": {"error": {"status": 400, "message": str(error)}}}
    return _evaluated(await decide(request))


def _request(told: dict[str, Any], call: GatewayCall) -> Request:
    subject, resource, action = (mapping(told.get(name)) for name in ("subject", "resource", "action"))
    problems = [
        f"{name} must be an object with text {', '.join(wanted)}"
        for name, part, wanted in (
            ("subject", subject, ("type", "id")),
            ("resource", resource, ("type", "id")),
            ("action", action, ("name",)),
        )
        if not all(isinstance(part.get(key), str) and part[key] for key in wanted)
    ]
    if problems:
        raise InvalidInput("; ".join(problems))
    context = mapping(told.get("context"))
    named = {"model": resource["id"]} if resource["type"] == "model" else {}
    properties = (mapping(part.get("properties")) for part in (resource, action, subject))
    told_of = {name: value for part in (*properties, context) for name, value in part.items() if value is not None}
    body = body_columns(mapping(context.get("body")))
    return request_told({**_call_id(call), **body, **named, **told_of, "account_id": subject["id"]}, strict=False)


def _call_id(call: GatewayCall) -> dict[str, object]:
    named = call.headers.get("x-request-id", "")
    return {"request_id": named} if 0 < len(named) <= _LONGEST_ID else {}


def _echo(call: GatewayCall) -> dict[str, str]:
    """The caller's id of its request, as the specification wants it back."""
    named = call.headers.get("x-request-id", "")
    return {"x-request-id": named} if 0 < len(named) <= _LONGEST_ID and named.isprintable() and named.isascii() else {}


def _evaluated(decision: Decision) -> dict[str, Any]:
    refused = refusal(decision)
    told = None if refused is None else {"status": refused.status, "headers": refused.headers, "body": refused.body}
    return {"decision": refused is None, "context": decision_fields(decision) | {"refusal": told}}
