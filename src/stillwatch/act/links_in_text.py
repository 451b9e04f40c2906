"""Appeal links that stand in text: who has one may file, so that no page, no record and no bundle shows one."""

import re
from typing import Final

__all__ = ["without_links"]

_LINK: Final = re.compile(r"(?<!\S)\S*/appeal/[A-Za-z0-9_=-]*")
"""Looked for where a word begins only: a word of any length is gone through once."""


def without_links(text: str) -> str:
    """The text with something in the place of each link.

    >>> without_links("Too many requests. Object: https://api.example/appeal/AbC_1-")
    'Too many requests. Object: (link)'
    """
    return _LINK.sub("(link)", text)
