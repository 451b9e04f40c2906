"""Run the forum: uvicorn with client certificates in reach, an end that loses nothing, and a log without secrets."""

import contextlib
import hashlib
import logging
import signal
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.access.credentials import CERTIFICATE
from stillwatch.share.forum.log import JsonLines

__all__ = ["ForumServer", "Listen", "Tls", "log_to_standard_error", "server_of"]

_GRACE_S: Final = 10


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the server's certificate and key, and of the authority whose client certificates are asked for."""

    certificate: Path
    key: Path
    client_authority: Path | None = None


@dataclass(frozen=True, slots=True)
class Listen:
    """Address to listen on."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> "Listen":
        """Address of ``HOST:PORT``.

        Raises      InvalidInput for anything else.

        >>> Listen.of("[::1]:8443")
        Listen(host='::1', port=8443)
        """
        host, _, port = text.rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
            message = f"--listen must be HOST:PORT with a port up to 65535, got {text}"
            raise InvalidInput(message)
        return cls(host.removeprefix("[").removesuffix("]"), int(port))


class _WithCertificate(H11Protocol):
    """Puts the fingerprint of the certificate that TLS has verified where credentials are looked for."""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        shown = tls.getpeercert(binary_form=True) if tls is not None else None
        if shown:
            self.app = _adding(self.app, hashlib.sha256(shown).hexdigest())


def _adding(app: Any, fingerprint: str) -> Callable[[Scope, Receive, Send], Awaitable[None]]:  # noqa: ANN401
    async def added(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, CERTIFICATE: fingerprint}, receive, send)

    return added


class ForumServer(uvicorn.Server):
    """Sends the feed's readers away when it is to end, so that only short requests are waited for."""

    def __init__(self, app: Starlette, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._forum = app

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End at the first signal, at once at the second; a process that ended as it was told to exits with 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """End."""
        self._forum.state.tail.stop()
        await super().shutdown(sockets)


def server_of(app: Starlette, listen: Listen, tls: Tls | None = None) -> ForumServer:
    """Server that is not running yet.

    Raises      UnreadableSource when a file of TLS cannot be used.
    """
    options: dict[str, Any] = {}
    if tls is not None:
        options = {
            "ssl_certfile": str(tls.certificate),
            "ssl_keyfile": str(tls.key),
            "ssl_ca_certs": str(tls.client_authority) if tls.client_authority else None,
            "ssl_cert_reqs": ssl.CERT_OPTIONAL if tls.client_authority else ssl.CERT_NONE,
        }
    config = uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        http=_WithCertificate,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=30,
        **options,
    )
    try:
        config.load()
    except OSError as error:
        message = f"a file of TLS cannot be used: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    return ForumServer(app, config)


def log_to_standard_error() -> None:
    """Write the forum's log, one object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("stillwatch.forum", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
