"""Run the forum: with the client's certificate in reach, and readers of the feed sent away at the end."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from stillwatch.share.access.credentials import CERTIFICATE
from stillwatch.web.listen import Listen
from stillwatch.web.patience import ImpatientProtocol
from stillwatch.web.server import EndingServer, Tls, server_of

__all__ = ["forum_server"]


class _WithCertificate(ImpatientProtocol):
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


def forum_server(app: Starlette, listen: Listen, tls: Tls | None = None) -> EndingServer:
    """Server of a forum that is not running yet.

    Raises      UnreadableSource when a file of TLS cannot be used.
    """
    return server_of(app, listen, tls, http=_WithCertificate, on_end=app.state.tail.stop, has_lifespan=True)
