"""A node's way to the forum's mailbox: what is answered is bounded, and says what to do."""

from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

import httpx
import orjson

from stillwatch.errors import Declined, InvalidInput, UnreadableSource
from stillwatch.share.sealed.box import PART_BYTES

__all__ = ["Mailbox"]

_MOST_BYTES: Final = PART_BYTES + 4096
_LATER: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)


class Mailbox:
    """A connection to one forum, for one member.

    http    Client to use instead of an own: for proxies, tests.
    """

    def __init__(self, forum: str, token: str, http: httpx.Client | None = None) -> None:
        self._http = http or httpx.Client(timeout=60.0)
        self._forum, self._headers = forum, {"Authorization": f"Bearer {token}"}

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the connection."""
        self._http.close()

    def publish_key(self, told: dict[str, Any]) -> None:
        """Tell the forum which key letters are sealed to."""
        self._ask("POST", "/member/sealing-key/", orjson.dumps(told))

    def key_of(self, member_id: str) -> dict[str, Any]:
        """What a member has published of its key, not verified.

        Raises      InvalidInput when it has published none.
        """
        return _object(self._ask("GET", f"/keys/{member_id}/sealing"))

    def put(self, place: str, n_parts: int, reader: str | None, data: bytes) -> None:
        """Send a part.

        place       Search, stage and number, as in the path.
        reader      With a request only.
        """
        query = f"?of={n_parts}" + ("" if reader is None else f"&to={reader}")
        self._ask("PUT", f"/relay/{place}{query}", data)

    def inbox(self) -> list[dict[str, Any]]:
        """Messages that wait."""
        found = _object(self._ask("GET", "/relay/")).get("messages")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def part(self, place: str) -> bytes:
        """A part of a message that waits."""
        return self._ask("GET", f"/relay/{place}")

    def taken(self, place: str) -> None:
        """Have a message deleted."""
        self._ask("DELETE", f"/relay/{place}")

    def _ask(self, method: str, path: str, content: bytes | None = None) -> bytes:
        try:
            with self._http.stream(method, self._forum + path, headers=self._headers, content=content) as answer:
                data = bytearray()
                for piece in answer.iter_bytes():
                    data += piece
                    if len(data) > _MOST_BYTES:
                        message = f"the forum's answer must have at most {_MOST_BYTES} bytes"
                        raise UnreadableSource(message)
        except httpx.HTTPError as error:
            message = f"the forum cannot be reached: {type(error).__name__}"
            raise UnreadableSource(message) from error
        if answer.is_success:
            return bytes(data)
        message = f"the forum answered {answer.status_code}: {_description(bytes(data))}"
        if answer.status_code in _LATER:
            raise Declined(message)
        raise InvalidInput(message) if answer.is_client_error else UnreadableSource(message)


def _object(data: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        message = "the forum's answer must be a JSON object"
        raise UnreadableSource(message)
    return told


def _description(data: bytes) -> str:
    try:
        return str(_object(data).get("description", ""))[:300]
    except UnreadableSource:
        return ""
