"""Show that an entry is in the ledger that the service has signed, and that its document is what it commits to."""

from dataclasses import dataclass

from sqlalchemy import Connection

from stillwatch.act.audit.trail import Recorded
from stillwatch.errors import FailedProof, InvalidInput, UnreadableSource
from stillwatch.ledger.entry import is_of
from stillwatch.ledger.latest import Signed, latest_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.proofs import inclusion_path
from stillwatch.signing.keys import Keys

__all__ = ["Proved", "prove"]


@dataclass(frozen=True, slots=True)
class Proved:
    """What was shown of one entry.

    proof       None when no head is of it yet, or none could be made.
    wrong       Why it does not hold; empty when it does, or when there is none.
    fits        Whether the document is what the entry commits to; None when it is forgotten.
    """

    signed: Signed | None
    proof: Proof | None
    wrong: str
    fits: bool | None


def prove(connection: Connection, one: Recorded, keys: Keys) -> Proved:
    """Prove an entry under the latest head, and check the proof as anybody would who has but the two."""
    signed, fits = latest_head(connection, keys), _fits(one)
    if signed is None:
        return Proved(None, None, "no head of this ledger has a good signature of the service", fits)
    if one.entry.index >= signed.head.size:
        return Proved(signed, None, "", fits)
    try:
        path = inclusion_path(connection, one.entry.index, signed.head.size)
        proof = Proof(one.entry, signed.head.size, tuple(path))
        check_proof(proof, signed.head)
    except (FailedProof, InvalidInput, UnreadableSource) as error:
        return Proved(signed, None, str(error), fits)
    return Proved(signed, proof, "", fits)


def _fits(one: Recorded) -> bool | None:
    if one.opening is None:
        return None
    try:
        return is_of(one.entry, one.opening)
    except (InvalidInput, UnreadableSource):  # no canonical JSON, or no salt: it was never committed to
        return False
