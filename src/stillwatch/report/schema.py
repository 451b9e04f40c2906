"""JSON Schema of campaigns.json, made from the dataclasses so that the two cannot part."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from stillwatch.model.findings import CAMPAIGNS_VERSION, Findings
from stillwatch.report.json import FORMAT, NOT_WRITTEN, OF_THE_RUN, TABLES

__all__ = ["campaigns_schema"]

_SCALARS: Mapping[type, Mapping[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]},
    datetime: {"type": "string", "format": "date-time"},
}


def campaigns_schema() -> str:
    """Schema as JSON text, draft 2020-12."""
    definitions: dict[str, Any] = {}
    body = _object(Findings, definitions, leave_out=frozenset({*TABLES, *OF_THE_RUN, *NOT_WRITTEN}))
    body["properties"] = {
        "format": {"const": FORMAT},
        "format_version": {"const": CAMPAIGNS_VERSION},
        **body["properties"],
    }
    body["required"] = ["format", "format_version", *body["required"]]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "stillwatch campaigns.json",
    }
    return json.dumps({**head, **body, "$defs": definitions}, indent=2) + "\n"


def _object(kind: type, definitions: dict[str, Any], leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind) if f.name not in leave_out]
    return {
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "type": "object",
        "properties": {name: _of(hints[name], definitions) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _of(hint: Any, definitions: dict[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401 (any annotation)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return {"anyOf": [{"type": "null"} if i is NoneType else _of(i, definitions) for i in inner]}
    if origin is tuple:
        return _array(inner, definitions)
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _of(inner[1], definitions)}
    if is_dataclass(hint):
        return _reference(hint, definitions)
    return {"enum": [member.value for member in hint]} if issubclass(hint, StrEnum) else _SCALARS[hint]


def _array(inner: tuple[Any, ...], definitions: dict[str, Any]) -> Mapping[str, Any]:
    if inner[-1] is Ellipsis:
        return {"type": "array", "items": _of(inner[0], definitions)}
    items = [_of(i, definitions) for i in inner]
    return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}


def _reference(kind: Any, definitions: dict[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401 (any dataclass)
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}
        definitions[kind.__name__] = _object(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}
