"""Work that asks other machines, bounded in time: whoever waits for it can go on."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from stillwatch.errors import Declined

__all__ = ["PATIENCE_S", "within"]

PATIENCE_S: Final = 120.0

T = TypeVar("T")


def within(work: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """What some work gives.

    What takes longer goes on in a thread that nobody waits for: it may still come to its end.

    Raises      Declined when it takes longer; what the work raises.

    >>> within(lambda: 7)
    7
    """
    done: SimpleQueue[tuple[bool, object]] = SimpleQueue()

    def run() -> None:
        try:
            done.put((True, work()))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            done.put((False, error))

    threading.Thread(target=run, name="stillwatch-console-exchange", daemon=True).start()
    try:
        is_good, found = done.get(timeout=patience_s)
    except Empty:
        message = (
            f"the exchange has not answered within {patience_s:,.0f} s; it may still do what was asked: look again "
            "in a few minutes before you ask once more"
        )
        raise Declined(message) from None
    if isinstance(found, BaseException) and not is_good:
        raise found
    return found  # type: ignore[return-value]
