"""What a node asks of the forum and sends to it beside TAXII and feed: bounded answers, admitted messages."""

from typing import Any, Final

import httpx

from stillwatch.errors import Declined, InvalidInput, UnreadableSource
from stillwatch.share.guard.admit import Admitted
from stillwatch.signing.canonical import parse
from stillwatch.signing.refused import Refused

__all__ = ["MOST_BYTES", "Post"]

_TIMEOUT_S: Final = 30.0
MOST_BYTES: Final = 16 << 20


class Post:
    """A way to one forum, under one token.

    http    Client to use instead of one for each request: for tests.
    """

    def __init__(self, forum: str, token: str, http: httpx.Client | None = None) -> None:
        self._forum = forum
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = http

    def get(self, path: str) -> dict[str, Any]:
        """Answer to a question.

        Raises      InvalidInput when the forum refuses it, Declined when it was asked too often, UnreadableSource
                    when it cannot be reached or read.
        """
        return self._asked("GET", path, None) or {}

    def find(self, path: str) -> dict[str, Any] | None:
        """Answer to a question; None when the forum has nothing there for this member.

        Raises      As `get`.
        """
        return self._asked("GET", path, None, may_be_nothing=True)

    def put(self, path: str, told: Admitted) -> dict[str, Any]:
        """Answer to a message; nothing but what the guard has admitted is sent.

        Raises      As `get`.
        """
        return self._asked("POST", path, told.body) or {}

    def _asked(
        self, method: str, path: str, body: bytes | None, *, may_be_nothing: bool = False
    ) -> dict[str, Any] | None:
        client = self._http or httpx.Client(timeout=_TIMEOUT_S)
        try:
            with client.stream(method, self._forum + path, headers=self._headers, content=body) as answer:
                data = _bounded(answer)
        except httpx.HTTPError as error:
            message = f"the forum cannot be reached: {type(error).__name__}"
            raise UnreadableSource(message) from error
        finally:
            if self._http is None:
                client.close()
        if may_be_nothing and answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return _told(answer, data)


def _told(answer: httpx.Response, data: bytes) -> dict[str, Any]:
    try:
        told = parse(data, MOST_BYTES)
    except Refused as error:
        message = f"the forum's answer must be a JSON object, it is {error.reason.value} (status {answer.status_code})"
        raise UnreadableSource(message) from error
    if answer.is_success:
        return told
    message = f"the forum answered {answer.status_code}: {str(told.get('description', ''))[:300]}"
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "")
        raise Declined(message, int(wait) if wait.isdecimal() and len(wait) < 7 else None)
    raise InvalidInput(message) if answer.is_client_error else UnreadableSource(message)


def _bounded(answer: httpx.Response) -> bytes:
    data = bytearray()
    for part in answer.iter_bytes():
        data += part
        if len(data) > MOST_BYTES:
            message = f"the forum's answer must have {MOST_BYTES} bytes at most"
            raise UnreadableSource(message)
    return bytes(data)
