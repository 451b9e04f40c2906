"""One key disclosed, with everything that shows since when it was bound to whom: for counsel and for an expert."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from stillwatch.errors import FailedProof, InvalidInput, MissingData, StillwatchError
from stillwatch.ledger.book import entry_at, opening_of
from stillwatch.ledger.entry import Kind, Opening, is_of
from stillwatch.ledger.head import head_of, verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.proofs import inclusion_path
from stillwatch.ledger.tree import leaf_hash
from stillwatch.ledger.verification import is_included
from stillwatch.signing.keys import Keys
from stillwatch.trace.keys.commitments import Commitments
from stillwatch.trace.keys.key import MarkKey, Purpose

__all__ = ["Opened", "opening", "verify_opening"]

_MEMBERS: Final = frozenset(("purpose", "for_id", "epoch", "secret", "commitment", "place", "path", "ledger", "head"))


@dataclass(frozen=True, slots=True)
class Opened:
    """A key whose binding holds.

    committed_at    Time of the ledger's entry.
    is_signed       Whether the head's signature was held against keys from somewhere else.
    """

    key: MarkKey
    committed_at: datetime
    is_signed: bool


def opening(
    connection: Connection, key: MarkKey, made: Commitments, entry: int, head: Mapping[str, Any]
) -> dict[str, Any]:
    """The key with its proofs, as JSON. Whoever has it can forge its mark: retire its epoch.

    made        Commitments of its epoch.
    entry       Index of the ledger's entry that recorded their root.
    head        A signed head of the ledger, later than that entry.
    Raises      MissingData when the key was not committed to, or the entry's document is gone; InvalidInput when the
                entry is of something else.
    """
    place, path = made.path(key.commitment)
    recorded, document = entry_at(connection, entry), opening_of(connection, entry)
    if document is None:
        message = f"the document of entry {entry} is gone"
        raise MissingData(message)
    if recorded.kind is not Kind.MARK_KEYS or document.document.get("root") != made.root.hex():
        message = f"entry {entry} does not record these commitments"
        raise InvalidInput(message)
    size = head_of(head).size
    proof = Proof(recorded, size, tuple(inclusion_path(connection, entry, size)))
    return {
        "purpose": key.purpose.value,
        "for_id": key.for_id,
        "epoch": key.epoch,
        "secret": key.secret.hex(),
        "commitment": key.commitment,
        "place": place,
        "path": [one.hex() for one in path],
        "ledger": {**proof.told(), "salt": document.salt.hex(), "document": dict(document.document)},
        "head": dict(head),
    }


def verify_opening(told: Mapping[str, Any], keys: Keys | None = None, before: datetime | None = None) -> Opened:
    """Check a disclosed key: its commitment, its place among those of its epoch, their entry in the ledger, its time.

    keys        Public keys of the ledger's maker, from somewhere else; None leaves open who signed the head.
    before      The commitment must be older than this: when the suspect was made, or the key first used.
    Raises      FailedProof, which says what does not hold.
    """
    if told.keys() != _MEMBERS:
        message = f"a disclosed key must have exactly the members {', '.join(sorted(_MEMBERS))}"
        raise FailedProof(message)
    try:
        return _verified(told, keys, before)
    except FailedProof:
        raise
    except (StillwatchError, KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"something of the disclosed key has not its form: {type(error).__name__}"
        raise FailedProof(message) from error


def _verified(told: Mapping[str, Any], keys: Keys | None, before: datetime | None) -> Opened:
    key = MarkKey(Purpose(told["purpose"]), told["for_id"], told["epoch"], bytes.fromhex(told["secret"]))
    _hold(key.commitment == told["commitment"], "the secret is not the one that was committed to")
    ledger = told["ledger"]
    document = ledger["document"]
    path = [bytes.fromhex(one) for one in told["path"]]
    leaf, root = leaf_hash(bytes.fromhex(key.commitment)), bytes.fromhex(document["root"])
    _hold(document["epoch"] == key.epoch, "the ledger's entry is of another epoch")
    _hold(is_included(leaf, told["place"], document["keys"], path, root), "the key is not under the recorded root")
    proof = Proof.of({name: ledger[name] for name in ("entry", "size", "path")})
    _hold(proof.entry.kind is Kind.MARK_KEYS, "the ledger's entry is of another kind")
    _hold(is_of(proof.entry, Opening(bytes.fromhex(ledger["salt"]), document)), "the entry is of another document")
    check_proof(proof, head_of(told["head"]) if keys is None else verify_head(told["head"], keys))
    committed = proof.entry.time
    _hold(before is None or committed < before, f"the commitment is of {committed:%Y-%m-%d %H:%M} UTC, not before")
    return Opened(key, committed, keys is not None)


def _hold(is_so: bool, what: str) -> None:  # noqa: FBT001 - a condition and its words
    if not is_so:
        raise FailedProof(what)
