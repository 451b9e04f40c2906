"""An appeal as the forum runs it: filed once, every holder asked, the originator withdraws, removal proved."""

from datetime import UTC, datetime

from stillwatch.errors import FailedProof
from stillwatch.ledger.book import sign_head
from stillwatch.model.indicator import Indicator
from stillwatch.rehearsal.house import House
from stillwatch.share.appeals.case import Answer, Grounds
from stillwatch.share.appeals.docket import answer, own_case
from stillwatch.share.appeals.filing import Filing, file
from stillwatch.share.appeals.removal import check_removal, removal_proof
from stillwatch.share.appeals.revocation import acknowledge
from stillwatch.share.appeals.tables import APPEAL_TABLES
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.store.database import open_database

__all__ = ["appealed"]


def appealed(house: House, originator: str, indicator: Indicator) -> int:
    """Appeal against an indicator and see it through; how many holders have removed it, by a proof that was checked.

    Raises  FailedProof when the proof does not show what happened.
    """
    engine = open_database(house.forum_db, APPEAL_TABLES)
    key = SigningKey.load(house.forum_key)
    filer, now = next(iter(house.members.values())), datetime.now(UTC)
    filing = Filing(
        filer,
        indicator.indicator_id,
        indicator.created,
        Grounds.LEGITIMATE_USE,
        house.members[originator],
        list(house.members.values()),
    )
    try:
        with engine.begin() as connection:
            filed = file(connection, filing, now)
            for member, reference in filed.of_holders.items():
                if member != house.members[originator]:
                    answer(connection, member, reference, Answer.ABSTAIN, now)
            withdrawn = filed.of_holders[house.members[originator]]
            answer(connection, house.members[originator], withdrawn, Answer.WITHDRAW, now)
            for member, reference in filed.of_holders.items():
                acknowledge(connection, member, reference, now)
            case_id = own_case(connection, filer, filed.reference, now) or ""
            proof = removal_proof(connection, case_id, sign_head(connection, key, now))
    finally:
        engine.dispose()
    shown = check_removal(proof, keys_of([key.verify_key]))
    if len(shown.gone) != len(house.members):
        message = f"{len(shown.gone)} of {len(house.members)} holders are shown to have removed the indicator"
        raise FailedProof(message)
    return len(shown.gone)
