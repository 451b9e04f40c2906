"""What an evaluator writes down of its work: who had how many elements evaluated, for what, in a ledger of its own."""

from datetime import UTC, datetime

from sqlalchemy import Engine

from stillwatch.ledger.book import Event, append, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.share.evaluator.app import OnSpent
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.signing.keys import SigningKey

__all__ = ["budget_recorder"]


def budget_recorder(engine: Engine, key: SigningKey) -> OnSpent:
    """Listener for `evaluator_app`: an entry for every request, under a head that is signed at once.

    engine  Database with the ledger's tables.
    """

    def record(member: str, purpose: Purpose, epoch: int, n: int) -> None:
        now = datetime.now(UTC)
        spent = {"purpose": purpose.value, "epoch": epoch, "elements": n}
        with engine.begin() as connection:
            append(connection, Event(Kind.EVALUATION_BUDGET, member, spent, now))
            sign_head(connection, key, now)

    return record
