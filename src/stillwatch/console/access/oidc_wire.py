"""How the console asks an identity provider: bounded in bytes and seconds, no redirects, no cookies.

No other file of the console opens connections.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

import httpx

from stillwatch.console.access.oidc_failed import LoginFailed, Why
from stillwatch.signing.canonical import parse
from stillwatch.signing.refused import Refused

__all__ = ["MOST_BYTES", "MOST_S", "Wire"]

MOST_BYTES: Final = 1 << 18
"""Of one answer: metadata and key sets of large providers have 20 kB."""
MOST_S: Final = 15.0
"""For one answer, however slowly it drips."""
_TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""Bodies are read as they come: a compressed one could be any length."""
_REFUSALS: Final = frozenset({400, 401, 403})


class Wire:
    """A way to the provider. Each question has a connection of its own: nothing is carried from login to login.

    transport   Instead of the network: for tests.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport
        self._tls = transport is None and httpx.create_ssl_context()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """JSON object at an address.

        Raises      LoginFailed: unavailable when it does not answer, misconfigured for any status but 200, distrusted
                    when the answer is too large or no object.
        """
        status, told = self._asked("GET", url, headers or {}, None)
        if status != httpx.codes.OK:
            message = f"{_place(url)} answers {status}"
            raise LoginFailed(Why.MISCONFIGURED, message)
        return told

    def post(self, url: str, headers: Mapping[str, str], body: str) -> tuple[int, dict[str, Any]]:
        """Status (200, 400, 401 or 403) and JSON object of the answer; empty when a refusal has none.

        Raises      As `get`.
        """
        return self._asked("POST", url, headers, body.encode())

    def _asked(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> tuple[int, dict[str, Any]]:
        try:
            with (
                httpx.Client(transport=self._transport, verify=self._tls, timeout=_TIMEOUT) as http,
                http.stream(method, url, headers={**headers, **_HEADERS}, content=content) as answer,
            ):
                data = _bounded(answer, url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"{_place(url)} does not answer: {type(error).__name__}"
            raise LoginFailed(Why.UNAVAILABLE, message) from error
        if answer.status_code != httpx.codes.OK and answer.status_code not in _REFUSALS:
            raise _failed(answer, url)
        try:
            return answer.status_code, parse(data, MOST_BYTES)
        except Refused as error:
            if answer.status_code in _REFUSALS:
                return answer.status_code, {}
            message = f"{_place(url)} must answer with a JSON object, it is {error.reason.value}"
            raise LoginFailed(Why.DISTRUSTED, message) from error


def _place(url: str) -> str:
    """Name of who was asked: host and path, which hold no secret."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "the identity provider"
    return f"the identity provider {parts.host}{parts.path}"[:200]


def _bounded(answer: httpx.Response, url: str) -> bytes:
    end_s = time.monotonic() + MOST_S
    data = bytearray()
    for part in answer.iter_raw(8192):
        data += part
        if len(data) > MOST_BYTES:
            message = f"{_place(url)} must answer with {MOST_BYTES} bytes at most"
            raise LoginFailed(Why.DISTRUSTED, message)
        if time.monotonic() > end_s:
            message = f"{_place(url)} must answer within {MOST_S:.0f} s"
            raise LoginFailed(Why.UNAVAILABLE, message)
    return bytes(data)


def _failed(answer: httpx.Response, url: str) -> LoginFailed:
    is_busy = answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
    after = answer.headers.get("retry-after", "")
    wait_s = int(after) if after.isascii() and after.isdecimal() and len(after) < 7 else None
    message = f"{_place(url)} answers {answer.status_code}"
    return LoginFailed(Why.UNAVAILABLE if is_busy else Why.MISCONFIGURED, message, wait_s)
