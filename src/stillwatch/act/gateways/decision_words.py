"""A decision in the words of HTTP: JSON fields, headers, and what a refused customer gets.

The evidence stays between us and the gateway: a campaign's id in two customers' refusals would tell them that we know
they are one. Whom nothing is refused is told nothing; what is served otherwise (mark, degrade, withhold) is for the
gateway alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, unquote

import orjson

from stillwatch.errors import InvalidInput
from stillwatch.model.decision import Action, Decision, GatewayAnswer

__all__ = [
    "PREFIX",
    "Refusal",
    "decision_fields",
    "decision_headers",
    "decision_of",
    "decision_of_headers",
    "json_answer",
    "refusal",
]

PREFIX: Final = "x-stillwatch-"
"""Headers of ours; a client's own under this prefix mean nothing and are dropped where we can."""

_TIMES: Final = ("decided_at", "expires_at")
_REQUIRED: Final = ("action", "decision_id", "request_id", "reason", "policy_version", *_TIMES)
_HEADERS: Final = {
    "action": "action",
    "decision": "decision_id",
    "request": "request_id",
    "reason": "reason",
    "policy": "policy_version",
    "decided": "decided_at",
    "expires": "expires_at",
    "rule": "rule",
    "evidence": "evidence_id",
    "rate": "rate_per_minute",
    "appeal": "appeal_url",
}
_FOR_GATEWAYS: Final = frozenset({"request", "rule", "evidence", "decided"})
_FIELDS: Final = tuple(f.name for f in fields(Decision))
_PLAIN: Final = re.compile(r"[ !#$&-\[\]-~]*")
"""Text that stands in a header as it is: nearly all does, and quoting it costs ten times as much as seeing that."""
_PRINTABLE: Final = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in '%"\\')
_CODES: Final = {
    429: "rate_limit_error",
    401: "authentication_error",
    403: "permission_error",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a customer gets instead of an answer.

    headers     Names in lower case; values are ASCII without line ends.
    body        In the form of the OpenAI API's errors, which client libraries read.
    """

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def decision_fields(decision: Decision) -> dict[str, Any]:
    """All fields as JSON values, and whether it ``serves``."""
    told = {name: getattr(decision, name) for name in _FIELDS}
    times = {name: told[name].astimezone(UTC).isoformat() for name in _TIMES}
    return {**told, "action": decision.action.value, **times, "serves": decision.serves}


def decision_of(told: Mapping[str, Any]) -> Decision:
    """Decision of its fields.

    Raises  InvalidInput with all that is wrong.

    >>> decision_of(dict.fromkeys(_REQUIRED, "x") | {"reason": None})
    Traceback (most recent call last):
    stillwatch.errors.InvalidInput: a decision needs reason
    """
    missing = [name for name in _REQUIRED if not isinstance(told.get(name), str)]
    if missing:
        message = f"a decision needs {', '.join(missing)}"
        raise InvalidInput(message)
    try:
        known = {f.name: told[f.name] for f in fields(Decision) if told.get(f.name) is not None}
        times = {name: datetime.fromisoformat(told[name]) for name in _TIMES}
        made = Decision(**{**known, **times, "action": Action(told["action"])})
    except ValueError as error:
        message = "a decision needs one of the actions, and times in the form of ISO 8601"
        raise InvalidInput(message) from error
    problems = _wrong(made)
    if problems:
        raise InvalidInput("; ".join(problems))
    return made


def _wrong(decision: Decision) -> list[str]:
    texts = ("rule", "evidence_id", "appeal_url")
    numbers = {"rate_per_minute": (int, float), "own_per_day": (int, float), "retry_after_s": (int,)}
    problems = [f"{name} must be text" for name in texts if not isinstance(getattr(decision, name), str | None)]
    for name, kinds in numbers.items():
        value = getattr(decision, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds) or not value >= 0):
            problems.append(f"{name} must be a number of at least 0")
    return problems + [f"{name} must have a time zone" for name in _TIMES if getattr(decision, name).tzinfo is None]


def decision_headers(decision: Decision, *, for_customer: bool = False) -> dict[str, str]:
    """The decision as headers, for a gateway or for a refused customer.

    Values are percent-encoded where they are not printable ASCII, so that no text can end a header.
    """
    told = decision_fields(decision)
    chosen = {name: told[of] for name, of in _HEADERS.items() if not (for_customer and name in _FOR_GATEWAYS)}
    headers = {PREFIX + name: _encoded(value) for name, value in chosen.items() if value is not None}
    if decision.retry_after_s is not None:
        headers["retry-after"] = str(decision.retry_after_s)
    return headers


def decision_of_headers(headers: Mapping[str, str]) -> Decision:
    """Decision of a gateway's headers; names in lower case.

    Raises  InvalidInput when they hold none.
    """
    told: dict[str, Any] = {
        of: unquote(headers[PREFIX + name]) for name, of in _HEADERS.items() if PREFIX + name in headers
    }
    try:
        told["rate_per_minute"] = float(told["rate_per_minute"]) if "rate_per_minute" in told else None
        told["retry_after_s"] = int(headers["retry-after"]) if "retry-after" in headers else None
    except ValueError as error:
        message = "x-stillwatch-rate must be a number and retry-after whole seconds"
        raise InvalidInput(message) from error
    return decision_of(told)


def _encoded(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else quote(text.encode(errors="replace"), safe=_PRINTABLE)


def refusal(decision: Decision) -> Refusal | None:
    """What the customer gets when the request is not answered; None when it is.

    A step-up is 401 with a challenge in the form of RFC 9470: clients of OAuth know it, and of the codes that gateways
    can pass on it is the one that says: authenticate further and come again. 403 says not to.

    References  RFC 6585 section 4 (429), RFC 9470 section 3 (insufficient_user_authentication).
    """
    if decision.serves:
        return None
    status = 403
    headers = decision_headers(decision, for_customer=True) | {"cache-control": "no-store"}
    if decision.action is Action.THROTTLE:
        status = 429
    elif decision.action is Action.STEP_UP:
        status = 401
        headers["www-authenticate"] = _challenge(decision)
    return Refusal(status, headers, {"error": _error(decision, _CODES[status])})


def _challenge(decision: Decision) -> str:
    described = re.sub(r"\s+", " ", decision.reason)
    parts = ['error="insufficient_user_authentication"', f'error_description="{_encoded(described)}"']
    if decision.appeal_url:
        parts.append(f'error_uri="{_encoded(decision.appeal_url)}"')
    return f"Bearer {', '.join(parts)}"


def _error(decision: Decision, kind: str) -> dict[str, Any]:
    appeal = f" To object: {decision.appeal_url}" if decision.appeal_url else ""
    told = decision_fields(decision)
    kept = ("action", "decision_id", "policy_version", "expires_at", "appeal_url", "retry_after_s", "rate_per_minute")
    return {
        "message": decision.reason + appeal,
        "type": kind,
        "code": f"stillwatch_{decision.action.value}",
        "param": None,
        "reason": decision.reason,
        **{name: told[name] for name in kept},
    }


def json_answer(told: object, status: int = 200, headers: Mapping[str, str] | None = None) -> GatewayAnswer:
    """Answer with a JSON body."""
    return GatewayAnswer(status, {"content-type": "application/json", **(headers or {})}, orjson.dumps(told))
