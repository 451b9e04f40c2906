"""Plugin of the LiteLLM proxy: asks ``POST /v1/decide`` before every call and does what is decided.

This file stands alone, so that it can also be copied beside LiteLLM's ``config.yaml``: it needs httpx, which LiteLLM
has, and nothing of stillwatch. It fails open: when there is no decision in time the request goes on and a warning is
logged, unless ``on_no_decision: refuse`` is set.

What LiteLLM itself knows says who asks: the digest of the key, its owner, team and organisation. What a customer writes
into headers or body does not. The texts of messages go to stillwatch, images and files do not.
"""

import hashlib
import json
import logging
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    _Guardrail = object
    _HTTPException: Any = None
else:
    try:
        from fastapi import HTTPException as _HTTPException
        from litellm.integrations.custom_guardrail import CustomGuardrail as _Guardrail
    except ImportError:  # the file can be read, and its logic tested, where LiteLLM is not installed
        _Guardrail = object
        _HTTPException = None

__all__ = ["Refused", "StillwatchGuardrail"]

_LOG: Final = logging.getLogger("stillwatch.litellm")
_ASKED: Final = (
    *("model", "messages", "input", "prompt", "instructions", "system", "temperature", "top_p", "max_tokens", "n"),
    *("max_completion_tokens", "max_output_tokens", "logprobs", "top_logprobs", "reasoning_effort", "reasoning"),
    *("thinking", "user", "conversation"),
)
_METADATA: Final = ("litellm_metadata", "metadata")
_REASONING: Final = ("reasoning_content", "reasoning", "thinking_blocks", "provider_specific_fields")
_BODY_BYTES: Final = 1 << 20
_DEEPEST: Final = 6
_BULKY: Final = frozenset(
    {"image_url", "source", "input_audio", "file", "file_data", "data", "tool_calls", "signature"}
)
_DIGEST: Final = re.compile("[0-9a-f]{64}", re.ASCII)


class Refused(Exception):  # noqa: N818 - it is what a customer is, and no fault
    """A refusal where FastAPI is not installed: the same fields as its HTTPException."""

    def __init__(self, status_code: int, detail: Any, headers: dict[str, str]) -> None:  # noqa: ANN401
        super().__init__(f"refused with {status_code}")
        self.status_code, self.detail, self.headers = status_code, detail, headers


class StillwatchGuardrail(_Guardrail):
    """The guardrail that ``config.yaml`` names; LiteLLM passes on what stands under ``litellm_params``.

    api_base        Where stillwatch serves.
    api_key         Token of this gateway.
    timeout         Seconds to wait for a decision.
    on_no_decision  ``serve`` or ``refuse``.
    degrade_to      Model of ``model_list`` that answers when the decision is to degrade; without it nothing changes.
    """

    def __init__(
        self,
        api_base: str = "http://127.0.0.1:8470",
        api_key: str = "",
        timeout: float | None = None,
        on_no_decision: str = "serve",
        degrade_to: str | None = None,
        **others: Any,  # noqa: ANN401 - LiteLLM's own
    ) -> None:
        if on_no_decision not in ("serve", "refuse"):
            message = f"on_no_decision must be serve or refuse, got {on_no_decision!r}"
            raise ValueError(message)
        if _HTTPException is not None and _Guardrail is not object:
            super().__init__(**others)
        self.timeout = 0.2 if timeout is None else timeout
        self._refuses, self._degrade_to = on_no_decision == "refuse", degrade_to
        self._client = httpx.AsyncClient(
            base_url=api_base.rstrip("/"),
            headers={"authorization": f"Bearer {api_key}", "content-type": "application/json"},
            timeout=httpx.Timeout(self.timeout),
            trust_env=False,
        )

    async def async_pre_call_hook(
        self,
        user_api_key_dict: Any,  # noqa: ANN401 - LiteLLM's
        cache: Any,  # noqa: ANN401, ARG002
        data: dict[str, Any],
        call_type: str,
    ) -> dict[str, Any]:
        """Ask, and raise what refuses, or return the request as it is to be served.

        Raises  HTTPException with the status, headers and body of the refusal.
        """
        decision = await self._decision(_question(user_api_key_dict, data, call_type))
        if decision is None:
            if self._refuses:
                detail = {"error": {"message": "Requests cannot be checked at the moment.", "type": "server_error"}}
                raise _refused(503, detail, {"retry-after": "1"})
            return data
        refusal = decision.get("refusal")
        if isinstance(refusal, dict):
            raise _refused(refusal["status"], refusal["body"], refusal["headers"])
        return self._served(data, decision)

    async def async_post_call_success_hook(
        self,
        data: dict[str, Any],
        user_api_key_dict: Any,  # noqa: ANN401, ARG002
        response: Any,  # noqa: ANN401 - an answer of any of LiteLLM's kinds
    ) -> Any:  # noqa: ANN401
        """Take the reasoning out of an answer whose request is to be answered without."""
        return _without_reasoning(response) if _withholds(data) else response

    async def async_post_call_streaming_iterator_hook(
        self,
        user_api_key_dict: Any,  # noqa: ANN401, ARG002
        response: AsyncIterator[Any],
        request_data: dict[str, Any],
    ) -> AsyncIterator[Any]:
        """Take the reasoning out of the pieces of a streamed answer."""
        withholds = _withholds(request_data)
        async for piece in response:
            yield _without_reasoning(piece) if withholds else piece

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _decision(self, question: dict[str, Any] | None) -> dict[str, Any] | None:
        """What is decided; None when there is no word in time."""
        if question is None:
            return None
        try:
            answer = await self._client.post("/v1/decide", content=json.dumps(question).encode(errors="replace"))
            answer.raise_for_status()
            told = answer.json()
            return told if _is_whole(told) else None
        except Exception as error:  # noqa: BLE001 - whatever happens to us must not happen to the proxy
            _LOG.warning("stillwatch gave no decision (%s): the request is not checked", type(error).__name__)
            return None

    def _served(self, data: dict[str, Any], decision: dict[str, Any]) -> dict[str, Any]:
        """The request with the decision noted for other callbacks, and degraded where that was decided."""
        kept = ("action", "decision_id", "policy_version", "expires_at", "rate_per_minute")
        _metadata(data)["stillwatch"] = {name: decision.get(name) for name in kept}
        if decision["action"] == "degrade" and self._degrade_to:
            data["model"] = self._degrade_to
        if decision["action"] == "withhold_reasoning":
            _ask_for_none(data)
        return data


def _metadata(data: dict[str, Any]) -> dict[str, Any]:
    """Where LiteLLM's callbacks find notes; what a customer has put there that holds none is replaced."""
    there = next((data[name] for name in _METADATA if isinstance(data.get(name), dict)), None)
    if there is None:
        there = data[_METADATA[1]] = {}
    found: dict[str, Any] = there
    return found


def _ask_for_none(data: dict[str, Any]) -> None:
    """Ask the model for no reasoning where it can only be given with the answer."""
    data.pop("thinking", None)
    if isinstance(data.get("reasoning"), dict):
        data["reasoning"] = {name: value for name, value in data["reasoning"].items() if name != "summary"}
    if isinstance(data.get("include"), list):
        data["include"] = [one for one in data["include"] if "reasoning" not in str(one)]


def _question(who: Any, data: dict[str, Any], call_type: str) -> dict[str, Any] | None:  # noqa: ANN401
    """What `POST /v1/decide` is asked; None when LiteLLM does not know who asks."""

    def known(*names: str) -> str | None:
        return next((value for n in names if isinstance(value := getattr(who, n, None), str) and value), None)

    key = known("api_key", "token")
    account = _digest(key) if key else known("user_id", "team_id", "org_id")
    if account is None:
        return None
    body = {name: _texts(data[name]) for name in _ASKED if data.get(name) is not None}
    question = {
        "account_id": account,
        "organisation_id": known("org_id", "team_id"),
        "end_user_id": known("end_user_id"),
        "request_id": data.get("litellm_call_id") if isinstance(data.get("litellm_call_id"), str) else None,
        "operation": _operation(call_type),
        "has_tools": bool(data.get("tools") or data.get("functions")),
        "body": body,
    }
    return {name: value for name, value in _fitting(question).items() if value is not None}


def _digest(key: str) -> str:
    """The digest of a key: LiteLLM gives that of keys that start with ``sk-``, and others as they are."""
    return key if _DIGEST.fullmatch(key) else hashlib.sha256(key.encode(errors="replace")).hexdigest()


def _operation(call_type: str) -> str:
    return {"text_completion": "text_completion", "atext_completion": "text_completion"}.get(
        call_type, "embeddings" if "embedding" in call_type else "chat"
    )


def _texts(value: Any, depth: int = _DEEPEST) -> Any:  # noqa: ANN401 - JSON
    """A value without what is no text: of parts of a message only those with texts, and tool results, stay."""
    if isinstance(value, dict):
        return {k: _texts(v, depth - 1) for k, v in value.items() if k not in _BULKY} if depth else {}
    if isinstance(value, list | tuple):
        return [_texts(one, depth - 1) for one in value] if depth else []
    return value if isinstance(value, str | int | float | bool) else None


def _fitting(question: dict[str, Any]) -> dict[str, Any]:
    """The question, with only the last message of a conversation that is too long to send."""
    body = question["body"]
    if len(json.dumps(body)) <= _BODY_BYTES:
        return question
    messages: list[Any] = next((body[name] for name in ("messages", "input") if isinstance(body.get(name), list)), [])
    n_users = sum(isinstance(one, dict) and one.get("role") == "user" for one in messages)
    parameters = {k: v for k, v in body.items() if k not in ("messages", "input", "prompt", "system", "instructions")}
    last = messages[-1:] if len(json.dumps(messages[-1:])) <= _BODY_BYTES else []
    return {**question, "body": {**parameters, "messages": last}, "turn_count": n_users or None}


def _is_whole(told: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether an answer is one of ours, so that nothing else can fail later."""
    if not isinstance(told, dict) or not isinstance(told.get("action"), str):
        return False
    refusal = told.get("refusal")
    return refusal is None or (
        isinstance(refusal, dict)
        and isinstance(refusal.get("status"), int)
        and isinstance(refusal.get("body"), dict)
        and isinstance(refusal.get("headers"), dict)
        and all(isinstance(one, str) for pair in refusal["headers"].items() for one in pair)
    )


def _refused(status: int, detail: dict[str, Any], headers: dict[str, str]) -> Exception:
    kind = Refused if _HTTPException is None else _HTTPException
    refused: Exception = kind(status_code=status, detail=detail, headers=headers)
    return refused


def _withholds(data: Any) -> bool:  # noqa: ANN401
    kept = [data.get(name) for name in _METADATA] if isinstance(data, dict) else []
    noted = [one.get("stillwatch") for one in kept if isinstance(one, dict)]
    return any(isinstance(one, dict) and one.get("action") == "withhold_reasoning" for one in noted)


def _without_reasoning(answer: Any) -> Any:  # noqa: ANN401
    """An answer, or a piece of one, with the reasoning of its messages taken out."""
    for choice in getattr(answer, "choices", None) or ():
        for message in (getattr(choice, "message", None), getattr(choice, "delta", None)):
            for name in _REASONING if message is not None else ():
                if getattr(message, name, None) is not None:
                    setattr(message, name, None)
    return answer
