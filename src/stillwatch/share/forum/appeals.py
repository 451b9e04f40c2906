"""Appeals at a running forum: each step is one transaction with its entries in the ledger and all that it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from stillwatch.ledger.book import sign_head
from stillwatch.share.appeals.case import REMOVED, Answer, Case, Grounds, Outcome
from stillwatch.share.appeals.docket import (
    Asked,
    Status,
    answer,
    case_at,
    case_of_holder,
    cases,
    decide,
    overdue,
    own_case,
    settle,
    status_of,
)
from stillwatch.share.appeals.docket import waiting as waiting_for
from stillwatch.share.appeals.filing import Filing, case_filed, file
from stillwatch.share.appeals.references import check_misses, miss
from stillwatch.share.appeals.removal import removal_proof
from stillwatch.share.appeals.revocation import acknowledge
from stillwatch.share.forum.rulings import carry_out
from stillwatch.share.forum.standing import standing_of
from stillwatch.share.taxii.store import Store
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import reading

__all__ = ["WITHIN", "Appeals"]

WITHIN: Final = timedelta(days=7)
"""Time to answer. The forum sets it, not who files: whoever could ask for an answer within a second could have any
indicator deleted for its originator's silence."""


class Appeals:
    """What members, the operator and time do to cases.

    Of a reference that is unknown and of somebody else's nothing is told; 30 such look-ups an hour are the most.

    store       With the tables of ledger, appeals, tombstones and audits in its database.
    key         Signs the ledger's heads.
    within      Time that holders have to answer.
    """

    def __init__(self, store: Store, key: SigningKey, within: timedelta = WITHIN) -> None:
        self._store = store
        self._key = key
        self._within = within

    def file(self, filer: str, reference: str, indicator_id: str, grounds: Grounds) -> Status | None:
        """File an appeal, once under a reference; None when the filer can read no such indicator.

        Raises      TooMany after 20 in 24 hours, or 30 of indicators that are not for it in one hour.
        """
        with self._recorded() as (connection, now):
            case_id = case_filed(connection, filer, reference)
            if case_id is None:
                check_misses(connection, filer, now)
                stood = standing_of(connection, indicator_id)
                if stood is None or filer not in stood.readers:
                    miss(connection, filer, now)
                    return None
                filing = Filing(
                    filer,
                    indicator_id,
                    stood.published_at,
                    grounds,
                    stood.origin,
                    stood.holders,
                    self._within,
                    reference,
                )
                case_id = file(connection, filing, now).case_id
                carry_out(connection, case_id, now)
            return status_of(case_at(connection, case_id), now)

    def status(self, filer: str, reference: str) -> Status | None:
        """Where the filer's case is.

        Raises      TooMany after 30 misses in one hour.
        """
        with self._store.engine.begin() as connection:
            now = datetime.now(UTC)
            case_id = own_case(connection, filer, reference, now)
            return None if case_id is None else status_of(case_at(connection, case_id), now)

    def waiting(self, member: str) -> list[Asked]:
        """What waits for a member."""
        with reading(self._store.engine).begin() as connection:
            return waiting_for(connection, member, datetime.now(UTC))

    def say(self, member: str, alias: str, word: str) -> bool:
        """Take a holder's answer, or its word that the indicator is gone; False when the case is not the member's.

        Raises      InvalidInput when it comes twice, too late or too early; TooMany after 30 misses in one hour.
        """
        with self._recorded() as (connection, now):
            if word == REMOVED:
                return acknowledge(connection, member, alias, now) is not None
            if answer(connection, member, alias, Answer(word), now) is None:
                return False
            carry_out(connection, case_of_holder(connection, alias), now)
            return True

    def proof(self, filer: str, reference: str) -> dict[str, Any] | None:
        """What shows how far an upheld appeal was carried out.

        Raises      MissingData when nothing was revoked; TooMany after 30 misses in one hour.
        """
        with self._store.engine.begin() as connection:
            now = datetime.now(UTC)
            case_id = own_case(connection, filer, reference, now)
            if case_id is None:
                return None
            return removal_proof(connection, case_id, sign_head(connection, self._key, now))

    def settle(self) -> list[str]:
        """Uphold what nobody has stood by in time; ids of these cases. Nobody waits for it while there is nothing."""
        with reading(self._store.engine).begin() as connection:
            if not overdue(connection, datetime.now(UTC)):
                return []
        with self._recorded() as (connection, now):
            ended = settle(connection, now)
            for case_id in ended:
                carry_out(connection, case_id, now)
            return ended

    def decide(self, case_id: str, outcome: Outcome) -> None:
        """The operator's decision.

        Raises      InvalidInput when it is too early, or the case is decided; MissingData when there is none.
        """
        with self._recorded() as (connection, now):
            decide(connection, case_id, outcome, now)
            carry_out(connection, case_id, now)

    def cases(self, *, undecided: bool = True) -> list[Case]:
        """Cases for the operator, the earliest deadline first."""
        with reading(self._store.engine).begin() as connection:
            return cases(connection, undecided=undecided)

    @contextmanager
    def _recorded(self) -> Iterator[tuple[Connection, datetime]]:
        """A transaction among those of publishers that ends with a signed head of what was recorded in it."""
        with self._store.writing() as connection:
            now = datetime.now(UTC)
            yield connection, now
            sign_head(connection, self._key, now)
