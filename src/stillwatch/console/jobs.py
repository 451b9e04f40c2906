"""Long work beside the pages: begun by one, looked at by its number until a hundred more were begun."""

import itertools
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from stillwatch.errors import StillwatchError
from stillwatch.web.problem import Problem

__all__ = ["Job", "Jobs"]

_LOG: Final = logging.getLogger("stillwatch.console")
_AT_WORK: Final = 1
"""Replaying traffic takes a core and memory: one at a time, beside a service that decides."""
_MOST_WAITING: Final = 8
_MOST_KEPT: Final = 100

Work = Callable[[Callable[[str, int, int], None]], str]
"""Does it, telling progress by stage, done and total; gives the path of the page that shows what came of it."""


@dataclass
class Job:
    """Some work.

    by          Person who began it; nobody else sees it.
    stage       What is being done: a word that a page can show.
    done, total Of the stage; total 0 when it is not known.
    where       Path of the page that shows what came of it; None until it is done.
    wrong       Why it failed, in words for the person.
    """

    number: int
    what: str
    by: str
    stage: str = "waiting"
    done: int = 0
    total: int = 0
    where: str | None = None
    wrong: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, either way."""
        return self.where is not None or self.wrong is not None


@dataclass
class Jobs:
    """Work of all persons; each is done by one thread, one after the other."""

    _kept: "OrderedDict[int, Job]" = field(default_factory=OrderedDict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_WORK, "stillwatch-console-job"))

    def begin(self, what: str, by: str, work: Work) -> Job:
        """Have it done; what failed for a reason of ours says so, anything else is noted in the log.

        what        In words for the person: "Preview of policy default".
        Raises      Problem 429 when too much waits already.
        """
        with self._lock:
            if sum(not job.is_over for job in self._kept.values()) >= _MOST_WAITING:
                message = "too much work waits already; try again when some of it is done"
                raise Problem(HTTPStatus.TOO_MANY_REQUESTS, message, {"Retry-After": "30"})
            job = Job(next(self._numbers), what, by)
            self._kept[job.number] = job
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self._hands.submit(_do, job, work)
        return job

    def of(self, number: int, by: str) -> Job | None:
        """A person's job; None when there is none of that number, or it is another's."""
        job = self._kept.get(number)
        return job if job is not None and job.by == by else None

    def close(self) -> None:
        """Begin nothing any more; what is at work ends by itself."""
        self._hands.shutdown(wait=False, cancel_futures=True)


def _do(job: Job, work: Work) -> None:
    def tell(stage: str, done: int, total: int) -> None:
        job.stage, job.done, job.total = stage, done, total

    try:
        job.where = work(tell)
    except StillwatchError as error:
        job.wrong = str(error)
    except Exception as error:  # noqa: BLE001 - the thread does the next person's work, too
        _LOG.exception("work of the console failed: %s", type(error).__name__)
        job.wrong = "this could not be done; the service's log says where it failed"
