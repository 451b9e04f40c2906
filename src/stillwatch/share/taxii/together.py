"""Publications that arrive at once share a transaction: what costs most, the commit to the disk, is paid once.

References
----------
DeWitt et al. (1984), Implementation techniques for main memory database systems, SIGMOD (group commit).
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from stillwatch.share.taxii.publishing import Publication

__all__ = ["Together"]

_BUSY_S: Final = 0.03
"""How long after a transaction the next one is waited with."""
_COMPANY_S: Final = 0.02

Write = Callable[[Sequence[Publication]], list[dict[str, Any]]]
"""Writes publications in one transaction and gives their statuses, or raises and has written nothing."""


class _Job:
    """A publication that waits for its status."""

    def __init__(self, publication: Publication) -> None:
        self.publication = publication
        self.status: dict[str, Any] | None = None
        self.wrong: Exception | None = None

    @property
    def done(self) -> bool:
        """Whether somebody has dealt with it."""
        return self.status is not None or self.wrong is not None


class Together:
    """Whoever comes first writes; whoever comes while it does waits, and one of them writes for all of those.

    Who comes right after a transaction has ended waits a moment for company: a publication that comes alone waits for
    nobody, and a hundred a second share a few transactions a second instead of having one each.

    A transaction that fails is tried again one publication at a time, so that none fails by another's fault.
    """

    def __init__(self, write: Write, turn: threading.Lock) -> None:
        self._write = write
        self._turn = turn
        self._queue: list[_Job] = []
        self._lock = threading.Lock()
        self._ended_s = float("-inf")

    def publish(self, publication: Publication) -> dict[str, Any]:
        """Status of a publication that is on the disk.

        Raises      What writing it alone raises.
        """
        job = _Job(publication)
        with self._lock:
            self._queue.append(job)
        with self._turn:
            if not job.done:
                if time.monotonic() - self._ended_s < _BUSY_S:
                    time.sleep(_COMPANY_S)
                with self._lock:
                    jobs, self._queue = self._queue, []
                self._settle(jobs)
                self._ended_s = time.monotonic()
        if job.wrong is not None:
            raise job.wrong
        assert job.status is not None  # noqa: S101 - done, and nothing was wrong
        return job.status

    def _settle(self, jobs: list[_Job]) -> None:
        try:
            statuses = self._write([job.publication for job in jobs])
        except Exception as wrong:  # noqa: BLE001 - handed to whose it is
            if len(jobs) == 1:
                jobs[0].wrong = wrong
                return
            for job in jobs:
                self._settle([job])
        else:
            for job, status in zip(jobs, statuses, strict=True):
                job.status = status
