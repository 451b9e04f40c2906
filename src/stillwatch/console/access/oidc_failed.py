"""Why a login through an identity provider came to nothing: a word for the page, a sentence for the log."""

from enum import StrEnum

from stillwatch.errors import Declined

__all__ = ["LoginFailed", "Why"]


class Why(StrEnum):
    """A closed list; the word chooses what the page says."""

    EXPIRED = "expired"
    """The attempt is older than it may be: begin again."""
    MISMATCHED = "mismatched"
    """The answer belongs to no attempt of this browser, or comes from another provider."""
    DENIED = "denied"
    """The person, or the provider, said no."""
    UNAVAILABLE = "unavailable"
    """The provider does not answer: try later."""
    MISCONFIGURED = "misconfigured"
    """Settings here and at the provider do not fit: ask an admin."""
    DISTRUSTED = "distrusted"
    """What the provider sent does not hold."""
    UNNAMED = "unnamed"
    """The provider does not say what the person is called."""


class LoginFailed(Declined):
    """Nobody was let in. The message is for the log: it never holds a token, a code, a secret or a claim.

    why             The word for the page.

    >>> LoginFailed(Why.DENIED, "the identity provider answers access_denied").why.value
    'denied'
    """

    def __init__(self, why: Why, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message, retry_after_s)
        self.why = why
