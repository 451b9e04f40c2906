"""Stand in the middle of a connection and write down every byte, so that it can be searched afterwards."""

import asyncio
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Recorder"]

_PIECE = 1 << 16


class Recorder:
    """Listens on a port of its own, passes everything on to another and keeps a copy of both directions.

    path    File that is added to.
    """

    def __init__(self, port: int, path: Path) -> None:
        self.port = 0
        self._to, self._path = port, path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(server.sockets[0].getsockname()[1])
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer), return_exceptions=True)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while piece := await source.read(_PIECE):
                with self._path.open("ab") as file:
                    file.write(piece)
                sink.write(piece)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()
