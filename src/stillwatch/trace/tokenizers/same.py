"""Marks are found only with the tokenizer that made them."""

from stillwatch.errors import InvalidInput
from stillwatch.model.tokenizer import Tokenizer

__all__ = ["check_same"]


def check_same(made_with: str | None, tokenizer: Tokenizer) -> None:
    """Refuse another tokenizer: with one every text, and every student, looks innocent.

    made_with   Hash that the provider noted; None when none was noted.
    Raises      InvalidInput when it is another one.
    """
    if made_with is not None and made_with != tokenizer.sha256:
        message = f"the marks were made with tokenizer {made_with[:12]}, got {tokenizer.sha256[:12]}"
        raise InvalidInput(message)
