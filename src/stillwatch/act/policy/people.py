"""Names of people who add, preview, approve and activate."""

import re
from typing import Final

from stillwatch.errors import InvalidInput

__all__ = ["person"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def person(name: str) -> str:
    """The name in its one spelling, so that nobody is two people by a capital letter or a space.

    Raises      InvalidInput for anything that cannot stand in the ledger.

    >>> person(" Ada ")
    'ada'
    """
    spelled = name.strip().lower()
    if not _NAME.fullmatch(spelled):
        message = "a person's name must be 1 to 64 of a-z 0-9 _ -, and start with a letter or digit"
        raise InvalidInput(message)
    return spelled
