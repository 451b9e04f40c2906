"""Verify everything, beside the pages; what came of it is kept in memory, for whoever has the link."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from stillwatch.act.audit.database import looking
from stillwatch.act.audit.verify import Verified, verify
from stillwatch.console.audit.moments import size_of
from stillwatch.console.audit.words import KIND_WORDS
from stillwatch.console.console import Console
from stillwatch.console.visit import Visit, at
from stillwatch.errors import FailedProof, MissingData

__all__ = ["Outcome", "Outcomes", "send_verify", "show_verified"]

_MOST_KEPT: Final = 50
_NAME_BYTES: Final = 12

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of verifying everything.

    found       What was verified; None when something does not hold.
    wrong       What, naming the first bad entry or decision.
    """

    by: str
    at: datetime
    found: Verified | None
    wrong: str = ""


class Outcomes:
    """The last outcomes, each by a name that nobody guesses; safe under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Outcome] = OrderedDict()

    def keep(self, outcome: Outcome) -> str:
        """Keep one; its name."""
        name = secrets.token_hex(_NAME_BYTES)
        with self._lock:
            self._kept[name] = outcome
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return name

    def of(self, name: str) -> Outcome:
        """One of them.

        Raises      MissingData when it is not kept any more.
        """
        with self._lock:
            found = self._kept.get(name)
        if found is None:
            message = "this outcome is not kept any more: verify the ledger again"
            raise MissingData(message)
        return found


OUTCOMES: Final = Outcomes()


def send_verify(visit: Visit) -> Response:
    """Begin to verify everything."""
    console, by, now = visit.console, visit.user.name, visit.now

    def work(tell: Tell) -> str:
        return at("audit", "verified", OUTCOMES.keep(_verified(console, by, now, tell)))

    job = console.jobs.begin("Verify the whole ledger", by, work)
    return visit.see(at("jobs", str(job.number)))


def show_verified(visit: Visit) -> Response:
    """What came of it."""
    outcome = OUTCOMES.of(visit.part("outcome"))
    values: dict[str, Any] = {"outcome": outcome, "kinds": KIND_WORDS, "path": at}
    return visit.render("audit/verified", values)


def _verified(console: Console, by: str, now: datetime, tell: Tell) -> Outcome:
    with looking(console.engine) as connection:
        tell(f"recompute {size_of(connection):,} entries", 0, 0)
        try:
            return Outcome(by, now, verify(connection, keys=console.keys))
        except FailedProof as error:
            return Outcome(by, now, None, str(error))
