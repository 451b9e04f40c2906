"""Why a message or a signature was not accepted, one reason each, so that the sender knows what to correct."""

from enum import StrEnum

from stillwatch.errors import FailedProof

__all__ = ["Reason", "Refused"]


class Reason(StrEnum):
    """A closed list; the word goes back to the sender."""

    TRUNCATED = "truncated"
    OVERSIZED = "oversized"
    TOO_DEEP = "too-deep"
    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown-key"
    WRONG_SIGNATURE = "wrong-signature"
    WRONG_AUDIENCE = "wrong-audience"
    EXPIRED = "expired"
    FUTURE_DATED = "future-dated"
    REPLAYED = "replayed"


class Refused(FailedProof):
    """A message or signature that is not to be believed.

    >>> Refused(Reason.EXPIRED, "the message is 400 s old, allowed 300 s").reason.value
    'expired'
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
