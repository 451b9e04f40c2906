"""Appeal links that stand in text: who has one may file, so that no page, no record and no bundle shows one."""

import re
from typing import Final

__all__ = ["with_link", "without_links", "without_tokens"]

_LINK: Final = re.compile(r"(?<!\S)\S*/appeal/[A-Za-z0-9_=-]*")
"""Looked for where a word begins only: a word of any length is gone through once."""
_TOKEN: Final = re.compile(r"(?<=/appeal/)[A-Za-z0-9_=-]+")
_UNTIL_MORE: Final = "(?![A-Za-z0-9_=-])"


def without_links(text: str) -> str:
    """The text with something in the place of each link.

    >>> without_links("Too many requests. Object: https://api.example/appeal/AbC_1-")
    'Too many requests. Object: (link)'
    """
    return _LINK.sub("(link)", text)


def without_tokens(text: str) -> str:
    """The text with each link cut off before what makes it good: as the database keeps it.

    >>> without_tokens("Too many requests. Object: https://api.example/appeal/AbC_1-")
    'Too many requests. Object: https://api.example/appeal/'
    """
    return _TOKEN.sub("", text)


def with_link(text: str, link: str) -> str:
    """The text with this link in the place of those that were cut off, and of each that is another.

    What stands around a link that is right, or was before it was cut off, stays.

    >>> with_link("Object (https://api.example/appeal/).", "https://api.example/appeal/AbC_1-")
    'Object (https://api.example/appeal/AbC_1-).'
    >>> with_link("Object: https://elsewhere.example/appeal/AbC_1-", "https://api.example/appeal/AbC_1-")
    'Object: https://api.example/appeal/AbC_1-'
    """

    def right(found: re.Match[str]) -> str:
        before, has_link, after = found[0].partition(link)
        is_right = has_link and not after and not any(letter.isalnum() for letter in before)
        return found[0] if is_right else link

    start = link[: link.rindex("/") + 1]
    return _LINK.sub(right, re.sub(re.escape(start) + _UNTIL_MORE, lambda _: link, text))
