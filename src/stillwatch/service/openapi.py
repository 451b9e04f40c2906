"""OpenAPI 3.1 description of the service's endpoints."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from stillwatch import __version__
from stillwatch.model.decision import Action, Decision, Request

__all__ = ["document"]

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_FLAG: Final[dict[str, Any]] = {"type": "boolean"}
_COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 0}
_OBJECT: Final[dict[str, Any]] = {"type": "object"}
_BINARY: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_JSON: Final = "application/json"
_NDJSON: Final = "application/x-ndjson"
_PROTOBUF: Final = "application/x-protobuf"
_HTML: Final = "text/html"
_SHOWN: Final = {
    "401": "No valid token.",
    "403": "The token is valid, but not for this.",
    "429": "Too many wrong tokens from this address, or too much at once; Retry-After says when to come again.",
    "503": "Nothing can be taken or told just now; Retry-After says when to come again.",
}
_BODY: Final = {
    "400": "The body cannot be read; the answer says where it is broken, not what it holds.",
    "408": "The body came too slowly.",
    "413": "The body is too large.",
}
_FORM: Final = {
    "400": "No form.",
    "403": "The form is too old, or was sent by another site.",
    "404": "The link is of nothing.",
    "410": "The link has ended.",
    "413": "The form is too large.",
    "415": "No form.",
    "422": "A field is not filled in.",
    "429": "Too often; Retry-After says when to come again.",
    "503": "Nothing can be shown just now; Retry-After says when to come again.",
}
_PLAIN: Final = {"str": _TEXT, "int": {"type": "integer"}, "float": {"type": "number"}, "bool": _FLAG}
_TIME: Final = {"type": "string", "format": "date-time"}


def document() -> dict[str, Any]:
    """The description, made anew."""
    schemes = {
        "token": {"type": "apiKey", "in": "header", "name": "x-stillwatch-token"},
        "bearer": {"type": "http", "scheme": "bearer"},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "stillwatch", "version": __version__},
        "security": [{"token": []}, {"bearer": []}],
        "paths": _collect() | _decide() | _gateways() | _appeal() | _operate(),
        "components": {"securitySchemes": schemes, "schemas": _schemas()},
    }


def _collect() -> dict[str, Any]:
    durable = [{"name": "durable", "in": "query", "schema": {"type": "string", "enum": ["yes", "no"]}}]
    taken = {"200": _good("counts", "On the disk."), "202": _good("counts", "In memory, as asked for.")}
    own = taken | _refusals(_SHOWN | _BODY)
    otlp = _refusals(_SHOWN | _BODY | {"415": "Content-Type is neither protobuf nor JSON."}, "otlp-status")
    export = {"200": _good("otlp-answer", "On the disk, but for what is rejected.")} | otlp
    export = {status: _or_protobuf(told) for status, told in export.items()}
    return {
        "/v1/exchanges": {"post": _operation("Exchanges, a JSON object a line", own, _lines(), durable)},
        "/v1/litellm": {"post": _operation("Payloads of LiteLLM's generic_api callback", own, _json("any"), durable)},
        "/v1/traces": {"post": _operation("Spans of OpenTelemetry", export, _otlp("resourceSpans"))},
        "/v1/logs": {"post": _operation("Log records of OpenTelemetry", export, _otlp("resourceLogs"))},
    }


def _decide() -> dict[str, Any]:
    answers = {"200": _good("native-answer", "The decision.")} | _refusals(_SHOWN | _BODY)
    return {"/v1/decide": {"post": _operation("What to do with a request", answers, _json("question"))}}


def _gateways() -> dict[str, Any]:
    """Endpoints whose contract is another's: what they answer is described by whom it is meant for."""
    wrong = _refusals(_SHOWN | _BODY)
    unnamed = wrong | _refusals({"404": "The package's name is none."})
    head = _refusals({"500": "Nothing can be told of the call: a fault of the gateway's configuration."})
    through = {"200": {"description": "Let it through."}, "204": {"description": "Let it through."}}
    denied = {status: {"description": "What the customer gets."} for status in ("401", "403", "429")}
    one = {"200": _good("authzen-answer", "The evaluation.")} | wrong
    listed = {"200": _good("decisions", "Decisions about addresses.")} | wrong
    named = [{"name": "package", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[a-z/]+$"}}]
    startup = [{"name": "startup", "in": "query", "schema": {"type": "string", "enum": ["true", "false"]}}]
    asked = [{"name": "ip", "in": "query", "schema": _TEXT}]
    envoy = _operation("Envoy's ext_authz; any method, any path below", through | denied | head)
    nginx = _operation("NGINX's auth_request; any method", through | denied | head)
    return {
        "/beta/litellm_basic_guardrail_api": {
            "post": _operation(
                "LiteLLM's guardrail",
                {"200": _good("guardrail-answer", "What it is to do.")} | wrong,
                _json("guardrail"),
            )
        },
        "/v1/envoy": {"get": envoy, "post": envoy},
        "/v1/nginx": {"get": nginx},
        "/v1/data/{package}": {
            "post": _operation(
                "OPA's data API", {"200": _good("opa-answer", "The result.")} | unnamed, _json("opa"), named
            )
        },
        "/access/v1/evaluation": {"post": _operation("AuthZEN, one", one, _json("authzen"))},
        "/access/v1/evaluations": {"post": _operation("AuthZEN, several", one, _json("authzen"))},
        "/v1/decisions/stream": {"get": _operation("CrowdSec's bouncers, what changed", listed, None, startup)},
        "/v1/decisions": {"get": _operation("CrowdSec's bouncers, about one address", listed, None, asked)},
    }


def _appeal() -> dict[str, Any]:
    token = [{"name": "token", "in": "path", "required": True, "schema": _TEXT}]
    page = {"description": "A page.", "content": {_HTML: {"schema": _TEXT}}}
    answers = {"200": page} | {status: page | {"description": text} for status, text in _FORM.items()}
    form = {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/appeal-form"}}},
    }
    sent = answers | {"303": {"description": "Filed; to its status."}}
    show = _operation("What was decided, and the form to object", answers, None, token)
    send = _operation("Object", sent, form, token)
    return {"/appeal/{token}": {"get": show | {"security": []}, "post": send | {"security": []}}}


def _operate() -> dict[str, Any]:
    ready = {"200": _good("ready", "Exchanges are taken."), "503": _good("ready", "They are not.")}
    status = {"200": _good("status", "How it fares.")} | _refusals(_SHOWN)
    text = {"200": {"description": "Prometheus's format.", "content": {"text/plain": {"schema": _TEXT}}}}
    live = {"200": _good("live", "The process answers.")}
    itself = {"200": _good("any", "This description.")}
    return {
        "/health/live": {"get": _operation("Whether it lives", live) | {"security": []}},
        "/health/ready": {"get": _operation("Whether it takes exchanges", ready) | {"security": []}},
        "/v1/status": {"get": _operation("How it fares", status)},
        "/metrics": {"get": _operation("Metrics", text | _refusals(_SHOWN))},
        "/openapi.json": {"get": _operation("This description", itself) | {"security": []}},
    }


def _operation(
    summary: str,
    responses: Mapping[str, Any],
    body: Mapping[str, Any] | None = None,
    parameters: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    told = {"summary": summary, "parameters": list(parameters), "responses": dict(responses)}
    return told if body is None else told | {"requestBody": body}


def _json(schema: str) -> dict[str, Any]:
    return {"required": True, "content": {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _lines() -> dict[str, Any]:
    return {"required": True, "content": {_NDJSON: {"schema": _TEXT}}}


def _otlp(field: str) -> dict[str, Any]:
    shape = {"type": "object", "properties": {field: {"type": "array", "items": _OBJECT}}}
    return {"required": True, "content": {_JSON: {"schema": shape}, _PROTOBUF: {"schema": _BINARY}}}


def _or_protobuf(told: dict[str, Any]) -> dict[str, Any]:
    """An answer that comes in the encoding that was asked in."""
    return told | {"content": told["content"] | {_PROTOBUF: {"schema": _BINARY}}}


def _good(schema: str, text: str) -> dict[str, Any]:
    return {"description": text, "content": {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _refusals(told: Mapping[str, str], schema: str = "error") -> dict[str, Any]:
    return {status: _good(schema, text) for status, text in told.items()}


def _of(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def _fields(kind: type) -> dict[str, Any]:
    """Fields of a dataclass by name; texts, numbers and truths, each of which may be null when its type says so."""
    return {f.name: _field(str(f.type.__name__ if isinstance(f.type, type) else f.type)) for f in fields(kind)}


def _field(told: str) -> dict[str, Any]:
    kind, _, null = told.partition(" | ")
    shape = _PLAIN.get(kind) or (_TIME if kind == "datetime" else _TEXT)
    return {"anyOf": [shape, {"type": "null"}]} if null else dict(shape)


def _schemas() -> dict[str, Any]:
    counts = dict.fromkeys(("received", "accepted", "duplicate", "quarantined"), _COUNT)
    decision = _fields(Decision) | {"action": {"enum": [action.value for action in Action]}, "serves": _FLAG}
    refused = _of({"status": {"type": "integer"}, "headers": _OBJECT, "body": _OBJECT})
    question = _fields(Request) | {"body": _OBJECT, "path": _TEXT}
    subject = _of({"type": _TEXT, "id": _TEXT}, {"properties": _OBJECT})
    evaluated = _of({"decision": _FLAG}, {"context": _OBJECT})
    entry = _of({"type": _TEXT, "value": _TEXT, "scope": _TEXT, "duration": _TEXT})
    entries = {"type": "array", "items": entry}
    grounds = ["own-product", "research", "evaluation", "permitted", "not-ours", "other"]
    return {
        "any": {},
        "error": _of({}, {"error": _TEXT, "message": _TEXT, "action": _TEXT}),
        "counts": _of(counts | {"durable": _FLAG, "final": _FLAG}, {"reasons": {"type": "array", "items": _OBJECT}}),
        "otlp-answer": _of({}, {"partialSuccess": _OBJECT}),
        "otlp-status": _of({}, {"code": {"type": "integer"}, "message": _TEXT, "error": _TEXT}),
        "question": _of({"account_id": _TEXT}, {n: s for n, s in question.items() if n != "account_id"}),
        "native-answer": _of(decision | {"refusal": {"anyOf": [refused, {"type": "null"}]}}),
        "guardrail": _of({"input_type": {"enum": ["request", "response"]}, "request_data": _OBJECT}),
        "guardrail-answer": _of({"action": {"enum": ["NONE", "BLOCKED", "GUARDRAIL_INTERVENED"]}}),
        "opa": _of({"input": _OBJECT}),
        "opa-answer": _of({"result": _of({"allow": _FLAG})}),
        "authzen": _of({"subject": subject, "resource": subject, "action": _of({"name": _TEXT})}, {"context": _OBJECT}),
        "authzen-answer": {"anyOf": [evaluated, _of({"evaluations": {"type": "array", "items": evaluated}})]},
        "decisions": {"anyOf": [{"type": "null"}, entries, _of({"new": entries, "deleted": entries})]},
        "appeal-form": _of({"form": _TEXT, "grounds": {"enum": grounds}, "statement": _TEXT}, {"contact": _TEXT}),
        "ready": _of({"status": _TEXT, "degraded": {"type": "array", "items": _TEXT}}),
        "live": _of({"status": _TEXT}),
        "status": _of({"version": _TEXT, "takes": _FLAG, "problems": _OBJECT, "decisions": _OBJECT}),
    }
