"""Run a function over many items on threads, with a bounded number of them in memory."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from stillwatch.model.engine import Mergeable

__all__ = ["available_cores", "fold_on_threads", "in_flight", "map_in_order"]

T = TypeVar("T")
R = TypeVar("R")
M = TypeVar("M", bound=Mergeable)


def available_cores() -> int:
    """Cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def in_flight(threads: int) -> int:
    """Items that may be in memory at once: one per thread, one waiting and one being written."""
    return threads + 2


def map_in_order(fn: Callable[[T], R], items: Iterable[T], threads: int) -> Generator[R, None, None]:
    """Results of `fn` in the order of the items. An exception of `fn` is raised as it is; what waits is dropped.

    >>> list(map_in_order(abs, [-3, 2, -1], threads=2))
    [3, 2, 1]
    """
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="engine") as pool:
        try:
            for item in items:
                pending.append(pool.submit(fn, item))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def fold_on_threads(zero: Callable[[], M], fold: Callable[[M, T], M], items: Iterable[T], threads: int) -> M:
    """Fold the items into one summary per thread and merge these.

    Item i goes to thread i modulo `threads`, so two runs with as many threads agree even where merging rounds.
    """
    with ExitStack() as stack:
        pools = [stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="engine")) for _ in range(threads)]
        summaries = [pool.submit(zero) for pool in pools]
        pending: deque[Future[M]] = deque()
        try:
            for i, item in enumerate(items):
                lane = i % threads
                summaries[lane] = pools[lane].submit(_fold_onto, summaries[lane], fold, item)
                pending.append(summaries[lane])
                if len(pending) > threads:
                    pending.popleft().result()
            merged = summaries[0].result()
            for summary in summaries[1:]:
                merged = merged.merge(summary.result())
        finally:
            for future in pending:
                future.cancel()
    return merged


def _fold_onto(summary: Future[M], fold: Callable[[M, T], M], item: T) -> M:
    """Fold one item onto a summary the same thread has made before."""
    return fold(summary.result(), item)
