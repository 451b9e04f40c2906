"""Another origin, believed on proof: entries of the ledger, opened, of which the node counts for itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.ledger.entry import Entry, Kind, Opening, is_of
from stillwatch.ledger.head import verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.commitments.held import tag_of
from stillwatch.share.commitments.holding import HoldingCommitment, Reveal, check_reveal
from stillwatch.share.commitments.messages import REVEALED_MOST
from stillwatch.share.trust.corroboration import corroborates
from stillwatch.share.trust.independence import Commitment, Publication
from stillwatch.share.trust.places import objects_of, tags_in
from stillwatch.signing.keys import Keys

__all__ = ["EntryAt", "opened_entry", "proved_kinds"]

EntryAt = Callable[[int], tuple[Entry, Mapping[str, Any]]]
"""Place -> entry that is in the ledger, and the document that it is of; raises FailedProof or InvalidInput."""

_MOST_ENTRIES: Final = 32


def opened_entry(told: Mapping[str, Any], index: int, keys: Keys) -> tuple[Entry, Mapping[str, Any]]:
    """Entry of the ledger and its document, as the forum opens it.

    keys        The forum's, as they were pinned.
    Raises      FailedProof when the entry is not in a ledger that it has signed, or of another document; InvalidInput
                when it is no answer to the question.
    """
    try:
        proof, head = Proof.of(told["proof"]), verify_head(told["head"], keys)
        opening = Opening(bytes.fromhex(told["opening"]["salt"]), dict(told["opening"]["document"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, FailedProof | InvalidInput):
            raise
        message = f"the forum's proof of entry {index} cannot be read: {type(error).__name__}"
        raise InvalidInput(message) from None
    check_proof(proof, head)
    if proof.entry.index != index or not is_of(proof.entry, opening):
        message = f"what the forum opens is not entry {index} of its ledger"
        raise FailedProof(message)
    return proof.entry, opening.document


def proved_kinds(
    told: Mapping[str, Any], indicator_id: str, originator: str, entry_at: EntryAt, rate: float = 0.0
) -> frozenset[SignalKind]:
    """Kinds of the tags in which a partner and the originator are both origins; none when that is not shown.

    told        Partner as the forum names it. Only its own entries and the originator's count.
    rate        Benign rate of the indicator's tags.
    Raises      FailedProof or InvalidInput when an entry is not what it is said to be.
    """
    try:
        partner, listed = str(told["member"]), list(told["commitments"])
        places = [int(place) for place in told["publications"]]
        opened = [(int(one["index"]), int(one["reveal"]), str(one["member"]), int(one["chances"])) for one in listed]
    except (KeyError, TypeError, ValueError) as error:
        message = f"a partner of the forum's cannot be read: {type(error).__name__}"
        raise InvalidInput(message) from None
    if len(opened) + len(places) > _MOST_ENTRIES or partner == originator:
        return frozenset()
    pair = originator, partner
    commitments = [_commitment(entry_at, *one) for one in opened if one[2] in pair]
    publications = [_publication(entry_at, place, pair, indicator_id) for place in places]
    first, second = (_union(one.tags for one in publications if one.member_id == member) for member in pair)
    wanted = first & second
    good = bool(wanted) and corroborates(wanted, pair, commitments, publications, rate)
    return frozenset(tag.kind for tag in wanted) if good else frozenset()


def _commitment(entry_at: EntryAt, index: int, reveal_index: int, member_id: str, chances: int) -> Commitment:
    entry, document = entry_at(index)
    shown, revealed = entry_at(reveal_index)
    commitment = HoldingCommitment.of(document)
    whose = {entry.actor, shown.actor, commitment.member}
    if entry.kind is not Kind.COMMITMENT or shown.kind is not Kind.REVEAL or whose != {member_id}:
        message = f"entries {index} and {reveal_index} are no commitment and reveal of that member"
        raise FailedProof(message)
    reveals = revealed.get("reveals")
    if revealed.get("commitment") != index or not isinstance(reveals, list) or len(reveals) > REVEALED_MOST:
        message = f"entry {reveal_index} reveals nothing of entry {index}"
        raise FailedProof(message)
    tags = frozenset(_checked(commitment, one) for one in reveals)
    return Commitment(member_id, member_id, index, tags, max(chances, commitment.size))


def _checked(commitment: HoldingCommitment, told: Mapping[str, Any]) -> Tag:
    found = Reveal.of(told)
    check_reveal(commitment, found)
    try:
        return tag_of(found.item)
    except (KeyError, ValueError, TypeError) as error:
        message = "what is revealed must be tags"
        raise InvalidInput(message) from error


def _publication(entry_at: EntryAt, place: int, pair: Sequence[str], indicator_id: str) -> Publication:
    entry, document = entry_at(place)
    made: Any = document.get("object")
    is_said = entry.kind in {Kind.PUBLISH, Kind.NETWORKS} and entry.actor in pair and isinstance(made, Mapping)
    if not is_said or (entry.actor == pair[0] and made.get("id") not in objects_of(indicator_id)):
        message = f"entry {place} is no publication of the two members"
        raise FailedProof(message)
    return Publication(entry.actor, entry.actor, place, frozenset(tags_in(made)))


def _union(parts: Any) -> frozenset[Tag]:  # noqa: ANN401 - any iterable of sets
    return frozenset().union(*parts)
