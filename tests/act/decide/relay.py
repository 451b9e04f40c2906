"""A line to a database that can hang, as when the server is stopped, and break, as when it is gone."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Relay", "relay"]

_TICK_S = 0.02
_MOST_BYTES = 65_536


class Relay:
    """Passes on what comes in, both ways, for as long as it is told to.

    port    Where it listens, of 127.0.0.1.
    """

    def __init__(self, to: tuple[str, int]) -> None:
        self._to = to
        self._flows = threading.Event()
        self._flows.set()
        self._is_over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_TICK_S)
        self.port: int = self._listener.getsockname()[1]
        self._lines: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._is_gone = threading.Event()
        self._start(self._accept)

    def hang(self) -> None:
        """Nothing goes through, and nobody is told."""
        self._flows.clear()

    def go(self) -> None:
        """The server is gone: lines break, new ones are refused."""
        self._is_gone.set()
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def return_(self) -> None:
        """As ever."""
        self._is_gone.clear()
        self._flows.set()

    def close(self) -> None:
        """End all lines and threads."""
        self._is_over.set()
        self.go()
        self._flows.set()
        for thread in self._threads:
            thread.join()
        for line in (*self._lines, self._listener):
            line.close()

    def _start(self, run: object, *told: object) -> None:
        thread = threading.Thread(target=run, args=told, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(TimeoutError):
                near, _ = self._listener.accept()
                self._lines.append(near)
                if self._is_gone.is_set():
                    near.shutdown(socket.SHUT_RDWR)
                    continue
                far = socket.create_connection(self._to)
                self._lines.append(far)
                self._start(self._pass_on, near, far)
                self._start(self._pass_on, far, near)

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(_MOST_BYTES):
                self._flows.wait()
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay(host: str, port: int) -> Iterator[Relay]:
    """A line for the block."""
    made = Relay((host, port))
    try:
        yield made
    finally:
        made.close()
