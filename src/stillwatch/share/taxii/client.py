"""A small TAXII client for a member's node: publish, and read each object of a collection exactly once."""

import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.feed.position import Position
from stillwatch.share.taxii.media import TAXII_TYPE
from stillwatch.share.taxii.moments import microseconds

__all__ = ["Outcome", "Taxii"]

_MOST_OBJECTS: Final = 200
_MOST_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a publication.

    accepted    Ids that are stored now.
    refused     Reason by id.
    """

    accepted: tuple[str, ...]
    refused: dict[str, str]


class Taxii:
    """A connection to one forum.

    url     The discovery's address.
    http    Client to use instead of an own: for certificates, proxies, tests.
    """

    def __init__(self, url: str, token: str | None = None, http: httpx.Client | None = None) -> None:
        headers = {"Accept": TAXII_TYPE} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._http = http or httpx.Client(timeout=30.0)
        self._headers = headers
        self._url = url
        self._root: str | None = None

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def discovery(self) -> dict[str, Any]:
        """What the server says of itself."""
        return self._get(self._url, {})[0]

    def collections(self) -> list[dict[str, Any]]:
        """Collections that are for us."""
        return list(self._get(self._at("collections/"), {})[0].get("collections", []))

    def publish(self, collection: str, objects: Sequence[dict[str, Any]]) -> Outcome:
        """Publish objects and wait until the server is done with each; again after a failure is no harm.

        Raises      InvalidInput when the server refuses the whole; UnreadableSource when it cannot be reached.
        """
        accepted: list[str] = []
        refused: dict[str, str] = {}
        for start in range(0, len(objects), _MOST_OBJECTS):
            body = orjson.dumps({"objects": list(objects[start : start + _MOST_OBJECTS])})
            headers = {"Content-Type": TAXII_TYPE}
            status = self._ask("POST", self._at(f"collections/{_quoted(collection)}/objects/"), headers, body)[0]
            while status.get("status") == "pending":
                status = self._get(self._at(f"status/{_quoted(str(status['id']))}/"), {})[0]
            accepted += [str(item["id"]) for item in status.get("successes", [])]
            refused |= {str(item["id"]): str(item.get("message", "")) for item in status.get("failures", [])}
        return Outcome(tuple(accepted), refused)

    def poll(self, collection: str, position: Position) -> Iterator[dict[str, Any]]:
        """Objects that were added since the position, oldest first; the position moves when a page has been taken.

        Our forum gives no two objects the same time of adding, so that a time is a place: nothing is left out at ties
        and nothing comes twice. A caller that dies within a page is given that page again.
        """
        query = {"match[version]": "all"}
        since = position.load()
        if since is not None:
            query["added_after"] = since
        while True:
            found, headers = self._get(self._at(f"collections/{_quoted(collection)}/objects/"), query)
            yield from found.get("objects", [])
            last = headers.get("X-TAXII-Date-Added-Last")
            if last is not None and microseconds(last) is not None:
                position.save(last)
            if not found.get("more") or not found.get("next"):
                return
            query["next"] = str(found["next"])

    def _at(self, path: str) -> str:
        if self._root is None:
            told = self.discovery()
            self._root = urllib.parse.urljoin(self._url, str(told.get("default") or told["api_roots"][0]))
            if urllib.parse.urlsplit(self._root)[:2] != urllib.parse.urlsplit(self._url)[:2]:
                self._root = None  # a token is not sent elsewhere because a server says so
                message = "the API root must be on the server that was asked"
                raise InvalidInput(message)
        return self._root + path

    def _get(self, url: str, query: dict[str, str]) -> tuple[dict[str, Any], httpx.Headers]:
        return self._ask("GET", f"{url}?{urllib.parse.urlencode(query)}" if query else url, {}, None)

    def _ask(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[dict[str, Any], httpx.Headers]:
        try:
            with self._http.stream(method, url, headers=self._headers | headers, content=body) as answer:
                data = _bounded(answer)
        except httpx.HTTPError as error:
            message = f"the forum cannot be reached: {type(error).__name__}"
            raise UnreadableSource(message) from error
        try:
            told = orjson.loads(data)
        except orjson.JSONDecodeError:
            told = None
        if not answer.is_success:
            description = str(told.get("description", ""))[:300] if isinstance(told, dict) else ""
            message = f"the forum answered {answer.status_code}: {description}"
            raise InvalidInput(message) if answer.is_client_error else UnreadableSource(message)
        if not isinstance(told, dict):
            message = "the forum's answer must be a JSON object"
            raise UnreadableSource(message)
        return told, answer.headers


def _bounded(answer: httpx.Response) -> bytes:
    data = bytearray()
    for part in answer.iter_bytes():
        data += part
        if len(data) > _MOST_BYTES:
            message = f"the forum's answer must have {_MOST_BYTES} bytes at most"
            raise UnreadableSource(message)
    return bytes(data)


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")
