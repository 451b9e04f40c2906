"""What an evaluator writes down of its work: who had how many elements evaluated, for what, in a ledger of its own.

Every member may read that ledger, and nobody is to learn there who the others are: a member stands in it under a name
that only the evaluator's key tells from the one in the operator's file.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select

from stillwatch.ledger.book import Event, append, forget_about, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import ABOUT
from stillwatch.share.evaluator.app import OnSpent
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.signing.keys import SigningKey

__all__ = ["budget_recorder", "ledger_names"]


def ledger_names(key: SigningKey) -> Callable[[str], str]:
    """Name of each member in the evaluator's ledger: a keyed hash, the same as long as the key is.

    >>> name = ledger_names(SigningKey.generate())
    >>> name("alpha") == name("alpha") != name("beta"), len(name("alpha"))
    (True, 32)
    """
    secret = hashlib.blake2b(str(key.raw.as_dict(private=True)["d"]).encode(), person=b"evaluator names")

    def name(member: str) -> str:
        return hashlib.blake2b(member.encode(), key=secret.digest(), digest_size=16).hexdigest()

    return name


def budget_recorder(engine: Engine, key: SigningKey) -> OnSpent:
    """Listener for `evaluator_app`: an entry for every request, under a head that is signed at once.

    What entries commit to is forgotten once the epoch after theirs is over, as the counts and the keys are.

    engine  Database with the ledger's tables.
    """
    name = ledger_names(key)
    swept: set[int] = set()

    def record(member: str, purpose: Purpose, epoch: int, n: int) -> None:
        now = datetime.now(UTC)
        spent = {"purpose": purpose.value, "epoch": epoch, "elements": n}
        with engine.begin() as connection:
            if epoch not in swept:
                _forget_before(connection, epoch - 1)
                swept.add(epoch)
            append(connection, Event(Kind.EVALUATION_BUDGET, name(member), spent, now, _about(epoch)))
            sign_head(connection, key, now)

    return record


def _about(epoch: int) -> str:
    return f"epoch {epoch}"


def _forget_before(connection: Connection, epoch: int) -> None:
    for about in connection.execute(select(ABOUT.c.about).distinct()).scalars().all():
        if int(about.removeprefix("epoch ")) < epoch:
            forget_about(connection, about)
