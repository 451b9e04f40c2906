"""Commitments and reveals in the ledger, whose order says who knew first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.book import Event, append, entry_at, opening_of
from stillwatch.ledger.entry import Entry, Kind
from stillwatch.share.commitments.holding import HoldingCommitment, Reveal, check_reveal

__all__ = ["commit", "committed", "knew_first", "reveal"]


def commit(connection: Connection, commitment: HoldingCommitment, now: datetime) -> Entry:
    """Record a commitment; its entry's place in the ledger is its time."""
    return append(connection, Event(Kind.COMMITMENT, commitment.member, commitment.told(), now))


def committed(connection: Connection, index: int) -> HoldingCommitment:
    """Commitment of an entry.

    Raises      MissingData when the entry is no commitment, or it was forgotten.
    """
    opening = opening_of(connection, index)
    if entry_at(connection, index).kind is not Kind.COMMITMENT or opening is None:
        message = f"entry {index} holds no commitment"
        raise MissingData(message)
    return HoldingCommitment.of(opening.document)


def reveal(connection: Connection, member: str, index: int, reveals: Sequence[Reveal], now: datetime) -> Entry:
    """Check what a member reveals of its commitment, and record it.

    index       Entry of the commitment.
    Raises      FailedProof when an item is not in it; InvalidInput when it is another member's, or nothing is revealed.
    """
    commitment = committed(connection, index)
    if commitment.member != member or not reveals:
        message = f"a member must reveal something of a commitment of its own, entry {index}"
        raise InvalidInput(message)
    for found in reveals:
        check_reveal(commitment, found)
    document = {"commitment": index, "reveals": [found.told() for found in reveals]}
    return append(connection, Event(Kind.REVEAL, member, document, now))


def knew_first(commitment: Entry, publication: Entry) -> bool:
    """Whether a commitment stands in the ledger before somebody else's publication; times do not matter, places do.

    Raises      InvalidInput when the entries are of other kinds.
    """
    if commitment.kind is not Kind.COMMITMENT or publication.kind is not Kind.PUBLISH:
        message = f"must be a commitment and a publication, got {commitment.kind} and {publication.kind}"
        raise InvalidInput(message)
    return commitment.index < publication.index and commitment.actor != publication.actor
