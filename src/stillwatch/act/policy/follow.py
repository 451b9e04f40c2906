"""The policy in force, for whoever decides: read beside the hot path, never on it.

A reader that cannot see the database cannot see a rollback either. What it remembers therefore ends by itself after a
few seconds, and everything is observed until it can read again.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from stillwatch.act.policy.activations import STAGES, Activation, activation, in_force
from stillwatch.act.policy.book import highest
from stillwatch.act.policy.policy import ActivePolicy, Policy
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.act.policy.versions import load_version
from stillwatch.errors import StillwatchError
from stillwatch.signing.keys import Keys
from stillwatch.store.database import reading

__all__ = ["EVERY_S", "MOST_AGE_S", "InForce"]

EVERY_S: Final = 0.5
MOST_AGE_S: Final = 5.0
_MOST_BEFORE: Final = 8
"""Versions that were each put in force before the one before was at 100 %; what came before them is observed."""


class InForce:
    """What is in force, as of the last look at the database.

    keys        Who may have signed: the service.
    most_age_s  How long a look counts when no other follows.
    """

    def __init__(
        self,
        engine: Engine,
        keys: Keys,
        most_age_s: float = MOST_AGE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = reading(engine)
        self._keys = keys
        self._most_age_s = most_age_s
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[int, ActivePolicy | None, float] = (-1, None, float("-inf"))
        self._problem: str | None = "the database was not read yet"

    def __call__(self) -> ActivePolicy | None:
        """The policy in force; None when there is none, or the last look is too old. It never waits."""
        _, policy, at = self._seen
        return policy if self._clock() - at <= self._most_age_s else None

    @property
    def problem(self) -> str | None:
        """What is wrong; None when all is well. A database that neither answers nor fails is a problem, too."""
        number, _, at = self._seen
        age_s = self._clock() - at
        if self._problem is None and number >= 0 and age_s > self._most_age_s:
            return f"the policy in force was last read {age_s:,.0f} s ago: everything is observed"
        return self._problem

    @property
    def number(self) -> int:
        """Number of the activation that was seen last: whatever is remembered of another number is of the past."""
        return max(self._seen[0], 0)

    def refresh(self) -> None:
        """Look at the database: one number, and the version when the number is another.

        It raises nothing: what goes wrong is `problem`. A row that does not verify is no policy.
        """
        with self._lock:
            at = self._clock()
            try:
                with self._engine.begin() as connection:
                    number, problem = highest(connection, ACTIVATIONS), None
                    if number != self._seen[0] or self._problem is not None:
                        problem = self._load(connection, number, at)
                self._seen = (*self._seen[:2], at)
                self._problem = problem
            except SQLAlchemyError as error:
                self._problem = f"the policy in force cannot be read: {type(error).__name__}"
            except StillwatchError as error:
                self._seen = (self._seen[0], None, at)
                self._problem = f"the policy in force does not hold: {error}"
            except Exception as error:  # noqa: BLE001 - a row that is not even JSON; a dead thread would tell nobody
                self._seen = (self._seen[0], None, at)
                self._problem = f"the policy in force does not hold: {type(error).__name__}"

    def _load(self, connection: Connection, number: int, at: float) -> str | None:
        """What is in force; what is wrong with the versions before it, None for nothing."""
        told, problem = in_force(connection, self._keys), None
        chain: list[tuple[Activation, Policy]] = []
        while told is not None and told.version is not None and len(chain) <= _MOST_BEFORE:
            try:
                chain.append((told, load_version(connection, told.version, self._keys)))
                is_whole = told.stage == STAGES[-1] or not told.before
                told = None if is_whole else activation(connection, told.before, self._keys)
            except StillwatchError as error:
                if not chain:
                    raise
                problem, told = f"the policy before the one in force does not hold: {error}", None
        self._seen = (number, _active(chain), at)
        return problem

    def follow(self, stop: threading.Event, every_s: float = EVERY_S) -> None:
        """Look again and again until told to stop: the body of a thread."""
        while not stop.is_set():
            self.refresh()
            stop.wait(every_s)


def _active(chain: list[tuple[Activation, Policy]]) -> ActivePolicy | None:
    """The first of a chain, each with the one after it before it."""
    found: ActivePolicy | None = None
    for told, policy in reversed(chain):
        since = (told.at, told.by, told.approved_by, told.approved_at)
        found = ActivePolicy(policy, told.stage / 100, told.number, *since, found)
    return found
