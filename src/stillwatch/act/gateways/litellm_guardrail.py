"""LiteLLM's generic guardrail API: ``POST /beta/litellm_basic_guardrail_api``.

It can say yes and no: BLOCKED becomes HTTP 400 whatever the reason, so that throttle and step-up have no status and no
Retry-After of their own, and nothing tells LiteLLM to serve otherwise. The plugin (`litellm_plugin`) can do all that.
The request's headers come as ``[present]`` unless they are listed; its temperature and number of choices do not come.

The account is LiteLLM's own word: the key's digest, or the key's owner, team or organisation.
"""

from typing import Any, Final

from stillwatch.act.gateways.decision_words import decision_headers, json_answer, refusal
from stillwatch.act.gateways.endpoint import Decide, fault_answer, json_body
from stillwatch.act.gateways.told import request_told
from stillwatch.errors import InvalidInput
from stillwatch.ingest.identities import key_identity
from stillwatch.ingest.messages import conversation
from stillwatch.ingest.openai_fields import first, listed, mapping
from stillwatch.model.decision import Decision, GatewayAnswer, GatewayCall, Request

__all__ = ["LiteLlmGuardrail"]

_OWNERS: Final = ("user_api_key_user_id", "user_api_key_team_id", "user_api_key_org_id")
_NOT_SHOWN: Final = "[present]"


class LiteLlmGuardrail:
    """Endpoint of ``guardrail: generic_guardrail_api``."""

    name = "litellm"
    routes: tuple[tuple[str, str], ...] = (("POST", "/beta/litellm_basic_guardrail_api"),)

    def request(self, call: GatewayCall, /) -> Request:
        """What is asked before a call; the body is LiteLLM's, with the customer's messages in it."""
        return _request(json_body(call))

    def answer(self, decision: Decision, _call: GatewayCall, /) -> GatewayAnswer:
        """NONE, or BLOCKED with the words for the customer."""
        refused = refusal(decision)
        told: dict[str, Any] = {"action": "NONE"}
        if refused is not None:
            told = {"action": "BLOCKED", "blocked_reason": refused.body["error"]["message"]}
        return json_answer(told, headers=decision_headers(decision))

    async def serve(self, call: GatewayCall, decide: Decide, /) -> GatewayAnswer:
        """Decide before the model is called; of its answer nothing is asked."""
        try:
            told = json_body(call)
            if told.get("input_type") == "response":
                return json_answer({"action": "NONE"})
            request = _request(told)
        except InvalidInput as error:
            return self.fault(400, str(error))
        return self.answer(await decide(request), call)

    def fault(self, status: int, problem: str, /) -> GatewayAnswer:
        """LiteLLM lets the request through when ``fail_on_error`` is false."""
        return fault_answer(status, problem)


def _request(told: dict[str, Any]) -> Request:
    if told.get("input_type") not in ("request", "response"):
        message = "input_type must be request or response"
        raise InvalidInput(message)
    data, headers = mapping(told.get("request_data")), mapping(told.get("request_headers"))
    agent = first({str(name).lower(): value for name, value in headers.items()}, "user-agent")
    key = data.get("user_api_key_hash")
    messages = first(told, "structured_messages") or _last(told.get("texts"))
    return request_told(
        {
            **conversation(messages)._asdict(),
            "account_id": key_identity(key) if key else first(data, *_OWNERS),
            "organisation_id": first(data, "user_api_key_org_id", "user_api_key_team_id"),
            "end_user_id": data.get("user_api_key_end_user_id"),
            "request_id": told.get("litellm_call_id"),
            "session_id": told.get("litellm_trace_id"),
            "model": told.get("model"),
            "has_tools": bool(listed(told.get("tools"))),
            "user_agent": None if agent == _NOT_SHOWN else agent,
        },
        strict=False,
    )


def _last(texts: object) -> list[Any]:
    """The last of the texts, which have no roles."""
    return listed(texts)[-1:]
