"""A node's questions to the forum beside TAXII and feed, and what it sends there: bounded, and admitted."""

from typing import Any, Final

import httpx
import orjson

from stillwatch.errors import Declined, InvalidInput, UnreadableSource
from stillwatch.share.guard.admit import Admitted

__all__ = ["Calls"]

_MOST_BYTES: Final = 16 << 20
_WAIT_S: Final = 30.0


class Calls:
    """Calls to one forum as one member.

    url     Without a slash at the end.
    token   The member's; no representation shows it.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}

    def get(self, path: str) -> dict[str, Any] | None:
        """JSON object at a path; None when the forum has nothing there for this member.

        Raises      UnreadableSource when it cannot be reached or answers something else; Declined when it will not
                    answer now.
        """
        status, told = self._asked("GET", path, None)
        return None if status == httpx.codes.NOT_FOUND else told

    def post(self, path: str, told: Admitted) -> dict[str, Any]:
        """Answer to a message; nothing but what the guard has admitted is sent.

        Raises      InvalidInput when the forum refuses it; else as `get`.
        """
        status, answer = self._asked("POST", path, told.body)
        if status >= httpx.codes.BAD_REQUEST:
            message = f"the forum answered {status}: {str(answer.get('description', ''))[:200]}"
            raise InvalidInput(message)
        return answer

    def _asked(self, method: str, path: str, content: bytes | None) -> tuple[int, dict[str, Any]]:
        try:
            with httpx.stream(
                method, self._url + path, headers=self._headers, content=content, timeout=_WAIT_S
            ) as answer:
                body = b""
                for piece in answer.iter_raw():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        message = f"the forum's answer must have {_MOST_BYTES} bytes at most"
                        raise UnreadableSource(message)
        except httpx.HTTPError as error:
            message = f"the forum cannot be reached: {type(error).__name__}"
            raise UnreadableSource(message) from error
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            message = "the forum declines with status 429: a quota is spent"
            raise Declined(message, _seconds(answer.headers.get("retry-after", "")))
        return answer.status_code, _object(body, answer)


def _object(body: bytes, answer: httpx.Response) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or answer.is_server_error:
        message = f"the forum answered {answer.status_code}, and no JSON object"
        raise UnreadableSource(message)
    return told


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
