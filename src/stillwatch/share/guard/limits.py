"""Bounds that hold before anything else is looked at, so that no message can cost much."""

from typing import Any, Final

from stillwatch.errors import InvalidInput
from stillwatch.signing.canonical import parse_any
from stillwatch.signing.refused import Refused

__all__ = ["BYTES_MOST", "DEPTH_MOST", "NODES_MOST", "TEXT_MOST", "read_json", "too_much"]

BYTES_MOST: Final = 4 << 20
"""Bytes of a document as text; 10,000 tags take 1.2 million."""
DEPTH_MOST: Final = 10
NODES_MOST: Final = 80_000
"""Values and keys; 10,000 tags are 70,000."""
TEXT_MOST: Final = 4096
"""Characters of one string or key."""


def read_json(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Document of UTF-8 JSON, as `parse_any` reads it.

    Raises  InvalidInput when it is too large or too deep, no JSON, names a field twice, or holds a number that not
            everybody reads alike; nothing of it is repeated.

    >>> read_json(b'{"a": [1]}')
    {'a': [1]}
    """
    try:
        return parse_any(raw, BYTES_MOST, DEPTH_MOST)
    except Refused as error:
        raise InvalidInput(str(error)) from None


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
