"""How far the reading is, in bytes on disk, so that a rate and the remaining time can be shown."""

from collections.abc import Callable

__all__ = ["Progress"]


class Progress:
    """Sums positions in files that are read one after another.

    on_progress     Called with (bytes done, bytes in all); None when nobody wants to know.
    """

    def __init__(self, total_bytes: int, on_progress: Callable[[int, int], None] | None) -> None:
        self._total = total_bytes
        self._on_progress = on_progress
        self._before = 0
        self._here = 0

    def at(self, position: int) -> None:
        """Note the position in the current file; readers may go back, progress does not."""
        self._here = max(self._here, position)

    def finish(self, size_bytes: int) -> None:
        """Count the current file as done."""
        self._before += size_bytes
        self._here = 0
        self.tell()

    def tell(self) -> None:
        """Call back.

        >>> progress = Progress(10, print)
        >>> progress.at(4)
        >>> progress.tell()
        4 10
        """
        if self._on_progress is not None:
            self._on_progress(min(self._before + self._here, self._total), self._total)
