"""What calls the service over HTTP: a gateway that asks and logs, an operator that looks, a customer that objects."""

import http.client
import json
import time
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlencode, urlsplit

from stillwatch.errors import Declined

__all__ = ["Caller", "Told", "form_token_of"]

_WAITS_S: Final = 60.0
_IDLE_S: Final = 10.0


class Told(NamedTuple):
    """A decision as the gateway got it, and how long it took."""

    decision: dict[str, Any]
    seconds: float


class Caller:
    """One connection that is kept open, with a token."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WAITS_S)
        self._used_s = time.monotonic()
        self._headers = {"Authorization": f"Bearer {token}"}

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._connection.close()

    def decide(self, body: bytes) -> Told:
        """Ask for a decision.

        Raises  Declined when the service gives none.
        """
        start = time.perf_counter()
        answer = self._sent("POST", "/v1/decide", body, {"Content-Type": "application/json"})
        seconds = time.perf_counter() - start
        return Told(json.loads(answer), seconds)

    def collect(self, lines: bytes) -> dict[str, Any]:
        """Log exchanges; what the collector says of them.

        Raises  Declined when it does not take them.
        """
        found: dict[str, Any] = json.loads(
            self._sent("POST", "/v1/exchanges", lines, {"Content-Type": "application/x-ndjson"})
        )
        return found

    def status(self) -> dict[str, Any]:
        """What an operator sees.

        Raises  Declined.
        """
        found: dict[str, Any] = json.loads(self._sent("GET", "/v1/status"))
        return found

    def page(self, url: str) -> str:
        """A page, as a browser gets it: without a token.

        Raises  Declined.
        """
        return self._sent("GET", urlsplit(url).path, with_token=False).decode()

    def send_form(self, url: str, fields: dict[str, str]) -> str:
        """Send a form, and follow to where the answer says; the page there.

        Raises  Declined.
        """
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self._sent("POST", urlsplit(url).path, urlencode(fields).encode(), kind, with_token=False)
        return self.page(url)

    def _sent(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        with_token: bool = True,
    ) -> bytes:
        told = (self._headers if with_token else {}) | (headers or {})
        if time.monotonic() - self._used_s > _IDLE_S:
            self._connection.close()  # the server may have; the next request opens it again
        try:
            self._connection.request(method, path, body, told)
            response = self._connection.getresponse()
            data = response.read()
            self._used_s = time.monotonic()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            message = f"{method} {path.partition('/appeal/')[0] or '/appeal'}: {type(error).__name__}"
            raise Declined(message) from error
        if response.status >= http.client.BAD_REQUEST:
            message = f"{method} {path.partition('/appeal/')[0] or '/appeal'} was answered {response.status}"
            raise Declined(message)
        return data


class _Form(HTMLParser):
    """Finds the hidden field of a form."""

    def __init__(self) -> None:
        super().__init__()
        self.token: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        told = dict(attrs)
        if tag == "input" and told.get("name") == "form":
            self.token = told.get("value")


def form_token_of(page: str) -> str | None:
    """Token that a page's form is sent with; None when there is no form.

    >>> form_token_of('<form><input type="hidden" name="form" value="abc"></form>')
    'abc'
    """
    parser = _Form()
    parser.feed(page)
    parser.close()
    return parser.token
