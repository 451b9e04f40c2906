"""Where a server listens."""

from dataclasses import dataclass

from stillwatch.errors import InvalidInput

__all__ = ["Listen"]


@dataclass(frozen=True, slots=True)
class Listen:
    """Address to listen on.

    most    Connections, and requests at work, beyond which callers are answered 503; None for no limit.
    """

    host: str
    port: int
    most: int | None = None

    @classmethod
    def of(cls, text: str) -> "Listen":
        """Address of ``HOST:PORT``.

        Raises      InvalidInput for anything else.

        >>> Listen.of("[::1]:8443")
        Listen(host='::1', port=8443, most=None)
        """
        host, _, port = text.rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or len(port) > 5 or int(port) > 65_535:
            message = f"--listen must be HOST:PORT with a port up to 65535, got {text}"
            raise InvalidInput(message)
        return cls(host.removeprefix("[").removesuffix("]"), int(port))
