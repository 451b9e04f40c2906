"""OpenAPI 3.1 description of the forum's endpoints."""

from typing import Any, Final

from stillwatch import __version__
from stillwatch.share.taxii.endpoints import API_ROOT, DISCOVERY
from stillwatch.share.taxii.filters import PAGE
from stillwatch.share.taxii.media import TAXII_TYPE

__all__ = ["document"]

_TEXT: Final = {"type": "string"}
_TIME: Final = {"type": "string", "format": "date-time"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_LIMIT: Final = {"type": "integer", "minimum": 1, "description": f"Items of a page, {PAGE} at most."}
_COLLECTION: Final = API_ROOT + "collections/{collection}/"
_OBJECT: Final = _COLLECTION + "objects/{object}/"
_PAGING: Final = {"added_after": _TIME, "limit": _LIMIT, "next": _TEXT}
_VERSION: Final = {"match[version]": _TEXT, "match[spec_version]": _TEXT}
_MATCH: Final = {"match[id]": _TEXT, "match[type]": _TEXT} | _VERSION
_ERRORS: Final = {
    "400": "The request cannot be understood.",
    "401": "No valid credentials.",
    "403": "The collection is yours to see but not for this.",
    "404": "There is no such thing, or it is not for you.",
    "406": "None of the accepted media types is served.",
    "429": "A quota is spent; Retry-After says when it is not.",
}
_BODY_ERRORS: Final = {
    "408": "The body took too long.",
    "413": "The body is too large.",
    "415": "The media type of the body is not read.",
    "422": "The body is no envelope.",
}


def document() -> dict[str, Any]:
    """The description, made anew."""
    get, post, delete = "get", "post", "delete"
    paths: dict[str, dict[str, Any]] = {
        DISCOVERY: {get: _operation("Discovery", "discovery")},
        API_ROOT: {get: _operation("API root", "api-root")},
        API_ROOT + "status/{status}/": {get: _operation("Status of a publication of yours", "status")},
        API_ROOT + "collections/": {get: _operation("Collections that are for you", "collections")},
        _COLLECTION: {get: _operation("One collection", "collection")},
        _COLLECTION + "manifest/": {get: _operation("What is in a collection", "manifest", _PAGING | _MATCH)},
        _COLLECTION + "objects/": {
            get: _operation("Objects of a collection", "envelope", _PAGING | _MATCH),
            post: _publication(),
        },
        _OBJECT: {
            get: _operation("Versions of one object", "envelope", _PAGING | _VERSION),
            delete: _operation("Delete an object, or versions of it", "empty", _VERSION),
        },
        _OBJECT + "versions/": {get: _operation("Its versions", "versions", _PAGING | {"match[spec_version]": _TEXT})},
        "/member/": {get: _operation("What you are here", "member", media="application/json")},
    }
    for path, methods in paths.items():
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        if names:
            methods["parameters"] = [{"name": n, "in": "path", "required": True, "schema": _TEXT} for n in names]
    schemes = {"basic": {"type": "http", "scheme": "basic"}, "bearer": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "stillwatch forum", "version": __version__},
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {"securitySchemes": schemes, "schemas": _schemas()},
    }


def _operation(
    summary: str, schema: str, query: dict[str, Any] | None = None, media: str = TAXII_TYPE
) -> dict[str, Any]:
    good = {"description": "Done.", "content": _content(schema, media)}
    wanted = [{"name": name, "in": "query", "schema": shape} for name, shape in (query or {}).items()]
    return {"summary": summary, "parameters": wanted, "responses": {"200": good} | _refusals(_ERRORS)}


def _publication() -> dict[str, Any]:
    good = {"description": "Stored; the status says which objects were not.", "content": _content("status")}
    body = {"required": True, "content": _content("envelope")}
    responses = {"202": good} | _refusals(_ERRORS | _BODY_ERRORS)
    return {"summary": "Publish objects", "requestBody": body, "responses": responses}


def _refusals(told: dict[str, str]) -> dict[str, Any]:
    return {status: {"description": text, "content": _content("error")} for status, text in told.items()}


def _content(schema: str, media: str = TAXII_TYPE) -> dict[str, Any]:
    return {media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _of(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": required | (optional or {}), "required": list(required)}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _schemas() -> dict[str, Any]:
    flag = {"type": "boolean"}
    paged = {"more": flag, "next": _TEXT}
    rights = {"id": _TEXT, "title": _TEXT, "can_read": flag, "can_write": flag}
    collection = _of(rights, {"description": _TEXT, "alias": _TEXT, "media_types": _list(_TEXT)})
    entry = _of({"id": _TEXT, "date_added": _TIME, "version": _TIME}, {"media_type": _TEXT})
    detail = _of({"id": _TEXT, "version": _TIME}, {"message": _TEXT})
    counts = dict.fromkeys(("total_count", "success_count", "failure_count", "pending_count"), _COUNT)
    # What the shapes leave open, the guard of the forum closes.
    stix = _of({"id": _TEXT, "type": _TEXT}, {"spec_version": _TEXT, "created": _TIME, "modified": _TIME})
    return {
        "discovery": _of({"title": _TEXT}, {"description": _TEXT, "default": _TEXT, "api_roots": _list(_TEXT)}),
        "api-root": _of({"title": _TEXT, "versions": _list(_TEXT), "max_content_length": _COUNT}),
        "collection": collection,
        "collections": _of({}, {"collections": _list(collection)}),
        "manifest": _of({}, paged | {"objects": _list(entry)}),
        "envelope": _of({}, paged | {"objects": _list(stix)}),
        "versions": _of({}, paged | {"versions": _list(_TIME)}),
        "status": _of({"id": _TEXT, "status": _TEXT} | counts, {"successes": _list(detail), "failures": _list(detail)}),
        "member": _of({"id": _TEXT, "role": _TEXT, "tokens": _list(_of({})), "quota": _of({})}),
        "error": _of({"title": _TEXT}, {"description": _TEXT, "http_status": _TEXT}),
        "empty": _of({}),
    }
