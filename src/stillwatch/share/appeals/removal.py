"""The proof that an upheld appeal was carried out: filed, revoked, and gone at every holder, each in the ledger.

The filed entry commits to all holders by their names in this case, so that nobody can leave one out, and nobody learns
which members they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from stillwatch.errors import FailedProof, InvalidInput, MissingData
from stillwatch.ledger.book import entry_at, opening_of
from stillwatch.ledger.entry import HEX, Entry, Opening, is_of
from stillwatch.ledger.head import Head, verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.proofs import inclusion_path
from stillwatch.share.appeals.tables import APPEALS, HOLDERS
from stillwatch.signing.keys import Keys

__all__ = ["Removal", "check_removal", "removal_proof"]

_MEMBERS: Final = {"head", "filed", "revoked", "removed"}
_SHOWN: Final = {"proof", "salt", "document"}


@dataclass(frozen=True, slots=True)
class Removal:
    """What a proof of removal shows.

    gone, missing   Names of holders in this case: those that have acknowledged, and those that have not yet.
    """

    indicator_id: str
    gone: frozenset[str]
    missing: frozenset[str]

    @property
    def is_complete(self) -> bool:
        """Whether every holder has acknowledged."""
        return not self.missing


def removal_proof(connection: Connection, case_id: str, head: Mapping[str, Any]) -> dict[str, Any]:
    """What shows, to whoever has the forum's key, how far an upheld appeal was carried out.

    head        What `sign_head` gave in this transaction.
    Raises      MissingData when the case is not upheld, or what the entries commit to was forgotten.
    """
    case = connection.execute(select(APPEALS).where(APPEALS.c.case_id == case_id)).one_or_none()
    if case is None or case.revoked_entry is None:
        message = "nothing was revoked in this case"
        raise MissingData(message)
    removed = select(HOLDERS.c.removed_entry).where(HOLDERS.c.case_id == case_id, HOLDERS.c.removed_entry.is_not(None))
    entries = connection.execute(removed.order_by(HOLDERS.c.removed_entry)).scalars().all()
    size = int(head["size"])
    return {
        "head": dict(head),
        "filed": _shown(connection, case.filed_entry, size),
        "revoked": _shown(connection, case.revoked_entry, size),
        "removed": [_shown(connection, index, size) for index in entries],
    }


def _shown(connection: Connection, index: int, size: int) -> dict[str, Any]:
    opening = opening_of(connection, index)
    if opening is None:
        message = f"what entry {index} commits to was forgotten"
        raise MissingData(message)
    proof = Proof(entry_at(connection, index), size, tuple(inclusion_path(connection, index, size)))
    return {"proof": proof.told(), "salt": opening.salt.hex(), "document": dict(opening.document)}


def check_removal(told: Mapping[str, Any], keys: Keys) -> Removal:
    """What a proof shows, offline.

    keys        The forum's.
    Raises      FailedProof when any of it does not hold; Refused when the head is not the forum's.
    """
    if told.keys() != _MEMBERS or not isinstance(told["removed"], list) or not isinstance(told["head"], Mapping):
        message = f"a proof of removal must have exactly the members {', '.join(sorted(_MEMBERS))}"
        raise FailedProof(message)
    head = verify_head(told["head"], keys)
    _, filed = _opened(told["filed"], head, "filed")
    revoked_entry, revoked = _opened(told["revoked"], head, "revoked")
    if revoked.get("indicator") != filed.get("indicator"):
        message = "what was revoked is not what was appealed against"
        raise FailedProof(message)
    holders = frozenset(map(str, filed.get("holders", ())))
    removed = [_opened(part, head, "removed") for part in told["removed"]]
    gone = _gone(removed, revoked_entry, filed, holders)
    return Removal(str(filed["indicator"]), gone, holders - gone)


def _gone(
    removed: Iterable[tuple[Entry, Mapping[str, Any]]],
    revoked: Entry,
    filed: Mapping[str, Any],
    holders: frozenset[str],
) -> frozenset[str]:
    gone: set[str] = set()
    for entry, document in removed:
        is_ours = (document.get("case"), document.get("indicator")) == (filed.get("case"), filed.get("indicator"))
        if not is_ours or entry.index < revoked.index or entry.actor not in holders - gone:
            message = f"entry {entry.index} acknowledges nothing of this case"
            raise FailedProof(message)
        gone.add(entry.actor)
    return frozenset(gone)


def _opened(told: object, head: Head, event: str) -> tuple[Entry, Mapping[str, Any]]:
    """Entry that is in the ledger and what it commits to."""
    if not isinstance(told, Mapping) or told.keys() != _SHOWN or not isinstance(told["proof"], Mapping):
        message = f"what shows that it was {event} must have exactly the members {', '.join(sorted(_SHOWN))}"
        raise FailedProof(message)
    salt, document = told["salt"], told["document"]
    if not isinstance(salt, str) or not HEX.fullmatch(salt) or not isinstance(document, Mapping):
        message = f"what shows that it was {event} must have a salt of 64 hexadecimal digits and a document"
        raise FailedProof(message)
    try:
        proof = Proof.of(told["proof"])
        is_opened = is_of(proof.entry, Opening(bytes.fromhex(salt), document))
    except InvalidInput as error:
        message = f"what shows that it was {event} cannot be read: {error}"
        raise FailedProof(message) from error
    check_proof(proof, head)
    if not is_opened or document.get("event") != event:
        message = f"entry {proof.entry.index} does not say that it was {event}"
        raise FailedProof(message)
    return proof.entry, document
