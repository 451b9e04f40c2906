"""A file with one JSON object, read strictly and bounded: what people hand to commands comes from anywhere."""

from pathlib import Path
from typing import Any

from stillwatch.errors import UnreadableSource

__all__ = ["read_object"]


def read_object(path: Path) -> dict[str, Any]:
    """The object.

    Raises      UnreadableSource when the file cannot be read or holds anything else.
    """
    from stillwatch.signing.canonical import MOST_BYTES, parse
    from stillwatch.signing.refused import Refused

    try:
        with path.open("rb") as file:
            return parse(file.read(MOST_BYTES + 1))
    except Refused as wrong:
        msg = f"{path} must be a JSON object, got {wrong.reason.value} JSON"
        raise UnreadableSource(msg) from wrong
    except OSError as wrong:
        msg = f"cannot read {path}: {type(wrong).__name__}"
        raise UnreadableSource(msg) from wrong
