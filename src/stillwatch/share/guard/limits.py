"""Bounds that hold before anything else is looked at, so that no message can cost much."""

import json
from typing import Any, Final

from stillwatch.errors import InvalidInput

__all__ = ["BYTES_MOST", "DEPTH_MOST", "NODES_MOST", "TEXT_MOST", "read_json", "too_much"]

BYTES_MOST: Final = 4 << 20
"""Bytes of a document as text; 10,000 tags take 1.2 million."""
DEPTH_MOST: Final = 10
NODES_MOST: Final = 80_000
"""Values and keys; 10,000 tags are 70,000."""
TEXT_MOST: Final = 4096
"""Characters of one string or key."""


def read_json(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Document of UTF-8 JSON.

    Raises  InvalidInput when it is too large, no JSON, names a field twice, or holds NaN; nothing of it is repeated.

    >>> read_json(b'{"a": [1]}')
    {'a': [1]}
    """
    if len(raw) > BYTES_MOST:
        message = f"a document must have at most {BYTES_MOST} bytes, got {len(raw)}"
        raise InvalidInput(message)
    try:
        return json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_small)
    except RecursionError as error:
        message = f"a document must be at most {DEPTH_MOST} levels deep"
        raise InvalidInput(message) from error
    except InvalidInput:
        raise
    except ValueError as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        message = f"a document must be JSON in UTF-8{place}"
        raise InvalidInput(message) from None  # the cause would carry the document


def too_much(document: object) -> str | None:
    """What bound a document breaks; None within all of them.

    >>> too_much([[[[[[[[[[[0]]]]]]]]]]])
    'a document must be at most 10 levels deep'
    """
    nodes, size, depth = 0, 0, 0
    level: list[Any] = [document]
    while level:
        nodes += len(level)
        inner: list[Any] = []
        for value in level:
            if isinstance(value, str):
                size += len(value)
            elif isinstance(value, dict):
                nodes += len(value)
                size += sum(len(key) for key in value if isinstance(key, str))
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            if nodes + len(inner) > NODES_MOST:
                return f"a document must have at most {NODES_MOST} values and keys"
        depth += bool(inner)
        if depth > DEPTH_MOST:
            return f"a document must be at most {DEPTH_MOST} levels deep"
        if size > BYTES_MOST:
            return f"a document must have at most {BYTES_MOST} characters"
        level = inner
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        message = "a document must name no field twice in one object"
        raise InvalidInput(message)
    return made


def _no_constant(_name: str) -> float:
    message = "a document must hold no NaN and no infinity"
    raise InvalidInput(message)


def _small(digits: str) -> int:
    if len(digits) > 16:
        message = "a whole number must have at most 16 digits"
        raise InvalidInput(message)
    return int(digits)
