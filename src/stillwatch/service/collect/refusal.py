"""A body that is not taken: its HTTP status, and when to come again."""

from http import HTTPStatus

from stillwatch.errors import StillwatchError

__all__ = ["Refusal"]


class Refusal(StillwatchError):  # noqa: N818 - as in errors.py, the name says what is wrong
    """Nothing of the body was kept.

    status          400, 401, 403, 408, 413, 415: it will never be; 429, 503: later.
    retry_after_s   Seconds after which it may be taken; None when coming again is of no use.
    """

    def __init__(self, status: HTTPStatus, reason: str, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s
