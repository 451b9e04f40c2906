"""Run an application: uvicorn with an end that loses nothing, and slow heads cut off."""

import asyncio
import contextlib
import signal
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.web.listen import Listen
from stillwatch.web.patience import ImpatientProtocol

__all__ = ["EndingServer", "Tls", "server_of"]

_GRACE_S: Final = 10
_IDLE_S: Final = 30


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the server's certificate and key, and of the authority whose client certificates are asked for."""

    certificate: Path
    key: Path
    client_authority: Path | None = None

    def options(self) -> dict[str, Any]:
        """What uvicorn calls them."""
        authority = self.client_authority
        return {
            "ssl_certfile": str(self.certificate),
            "ssl_keyfile": str(self.key),
            "ssl_ca_certs": str(authority) if authority else None,
            "ssl_cert_reqs": ssl.CERT_OPTIONAL if authority else ssl.CERT_NONE,
        }


class EndingServer(uvicorn.Server):
    """Ends as it was told to: at the first signal when what is being answered has been, at the second at once.

    on_start    Called once it listens.
    """

    def __init__(self, config: uvicorn.Config, on_end: Callable[[], object]) -> None:
        super().__init__(config)
        self._on_end = on_end
        self.on_start: Callable[[], object] = _nothing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Hear a signal."""
        self.force_exit = self.force_exit or self.should_exit
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Listen.

        Raises  InvalidInput when that is not possible.
        """
        try:
            await super().startup(sockets)
        except SystemExit as error:
            if self.lifespan.should_exit:
                raise
            message = f"cannot listen on {self.config.host}:{self.config.port}: is it in use, or not of this machine?"
            raise InvalidInput(message) from error
        self.on_start()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear signals while it runs; a process that ended as it was told to exits with 0, not by the signal."""
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
        self._on_end()
        await super().shutdown(sockets)


def _nothing() -> None:
    """Nobody has to be told."""


def server_of(
    app: ASGIApp,
    listen: Listen,
    tls: Tls | None = None,
    *,
    http: type[asyncio.Protocol] = ImpatientProtocol,
    on_end: Callable[[], object] = _nothing,
    has_lifespan: bool = False,
) -> EndingServer:
    """Server that is not running yet; ``run()`` runs it.

    http        Protocol of a connection.
    has_lifespan    Whether the application has something to begin and to end.
    on_end      Called when it is to end, before open requests are waited for: sends long readers away.
    Raises      UnreadableSource when a file of TLS cannot be used.
    """
    config = uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        http=http,
        ws="none",
        lifespan="on" if has_lifespan else "off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_IDLE_S,
        **(tls.options() if tls else {}),
    )
    try:
        config.load()
    except OSError as error:
        message = f"a file of TLS cannot be used: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    return EndingServer(config, on_end)
