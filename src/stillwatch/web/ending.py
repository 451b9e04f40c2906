"""Signals to end, from when a server runs until all that it served has been ended: none of them cuts the end off."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final, Self

from stillwatch.web.server import EndingServer

__all__ = ["Ending"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """Entered before what must be ended in order; `run` runs the server inside.

    The first signal ends the server; each one after it, also once the server has ended, hurries what is left. Whoever
    starts a service through others often sends two: one to each process, and one to their group. Before `run` signals
    do what they did: nothing was taken yet.
    """

    def __init__(self) -> None:
        self._before = {number: signal.getsignal(number) for number in _SIGNALS}

    def run(self, server: EndingServer, hurry: Callable[[], object]) -> None:
        """Run a server until it is told to end.

        hurry   Called by a signal that comes when the end was asked for before: makes it shorter and loses nothing.
        """

        def end(_number: int, _frame: FrameType | None) -> None:
            if server.should_exit:
                hurry()
            server.should_exit = True

        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                signal.signal(number, end)
        server.run()

    def __enter__(self) -> Self:
        """For a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Signals do again what they did before."""
        if threading.current_thread() is threading.main_thread():
            for number, handler in self._before.items():
                signal.signal(number, handler)
