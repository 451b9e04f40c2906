"""What people write: bounded, and without the characters that move a terminal or break a database."""

import unicodedata

from stillwatch.errors import InvalidInput

__all__ = ["plain_text"]


def plain_text(text: str, what: str, *, least: int = 0, most: int) -> str:
    r"""The text with line feeds as its only control characters and no space around it.

    what        Name of the field, for the message.
    least, most Characters that must be left, and may.
    Raises      InvalidInput when there are fewer or more; it does not repeat the text.

    >>> plain_text(" we are\r\na school\x00 ", "statement", most=40)
    'we are\na school'
    """
    if len(text) > 4 * most:
        message = f"{what} must have at most {most} characters, got {len(text)}"
        raise InvalidInput(message)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = "".join(c for c in lines if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"}).strip()
    if not least <= len(kept) <= most:
        message = f"{what} must have {least} to {most} characters, got {len(kept)}"
        raise InvalidInput(message)
    return kept
