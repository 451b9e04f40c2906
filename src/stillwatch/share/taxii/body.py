"""Envelopes of TAXII within bounds: depth and number of objects."""

from http import HTTPStatus
from typing import Any, Final

import orjson

from stillwatch.web.problem import Problem

__all__ = ["MAX_CONTENT_LENGTH", "MAX_DEPTH", "MAX_OBJECTS", "envelope_of"]

MAX_CONTENT_LENGTH: Final = 8 << 20
MAX_OBJECTS: Final = 1_000
MAX_DEPTH: Final = 24


def envelope_of(body: bytes) -> list[dict[str, Any]]:
    """Objects of a TAXII envelope.

    Raises      Problem 400 when it is no JSON, 422 when it is no envelope or above the bounds.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Problem(HTTPStatus.BAD_REQUEST, "the body must be JSON") from None
    objects = parsed.get("objects") if isinstance(parsed, dict) else None
    if not isinstance(objects, list) or not objects or not all(isinstance(item, dict) for item in objects):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the body must be an envelope with a list of objects")
    if len(objects) > MAX_OBJECTS:
        message = f"an envelope must have {MAX_OBJECTS} objects at most, got {len(objects)}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, message)
    if _deeper(objects, MAX_DEPTH):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"objects must be nested {MAX_DEPTH} levels at most")
    return objects


def _deeper(value: object, levels: int) -> bool:
    """Whether anything is nested more than so many levels; level by level, so that no stack grows."""
    row = [value]
    for _ in range(levels + 1):
        lists = [item for item in row if isinstance(item, list)]
        maps = [item for item in row if isinstance(item, dict)]
        row = [inner for item in lists for inner in item] + [inner for item in maps for inner in item.values()]
        if not row:
            return False
    return True
