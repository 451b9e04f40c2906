"""Check that something was a drill: committed to under a signed head, and revealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.ledger.entry import HEX, Entry, Kind, Opening, is_of
from stillwatch.ledger.export import lines_of
from stillwatch.ledger.head import head_of, verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.share.commitments.holding import HoldingCommitment, Reveal, check_reveal
from stillwatch.signing.keys import Keys

__all__ = ["Shown", "check_drill", "check_order"]

_MEMBERS: Final = frozenset({"head", "proof", "salt", "commitment", "reveal"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof shows: the entry in which an account of the forum committed to a drill, and its canaries."""

    entry: Entry
    drill_id: str
    indicator_ids: tuple[str, ...]


def check_drill(told: Mapping[str, Any], keys: Keys | None = None) -> Shown:
    """Check a proof of a drill.

    keys        Of the forum; None: the head's signature is not verified.
    Raises      FailedProof when it does not show what it says.
    """
    if told.keys() != _MEMBERS or not isinstance(told["salt"], str) or not HEX.fullmatch(told["salt"]):
        message = f"a proof of a drill must have exactly {', '.join(sorted(_MEMBERS))}"
        raise FailedProof(message)
    try:
        proof, found = Proof.of(told["proof"]), Reveal.of(told["reveal"])
        head = head_of(told["head"]) if keys is None else verify_head(told["head"], keys)
        commitment = HoldingCommitment.of(told["commitment"])
        is_opened = is_of(proof.entry, Opening(bytes.fromhex(told["salt"]), told["commitment"]))
    except (InvalidInput, AttributeError, TypeError, KeyError) as error:
        message = "a proof of a drill must be what drill close writes"
        raise FailedProof(message) from error
    check_proof(proof, head)
    check_reveal(commitment, found)
    if not is_opened or proof.entry.kind is not Kind.COMMITMENT or proof.entry.actor != commitment.member:
        message = f"entry {proof.entry.index} does not hold this commitment"
        raise FailedProof(message)
    drill, ids = found.item.get("drill"), found.item.get("indicators")
    if not isinstance(drill, str) or not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        message = "what is revealed is no drill"
        raise FailedProof(message)
    return Shown(proof.entry, drill, tuple(ids))


def check_order(shown: Shown, ledger: Path) -> int:
    """How many publications of the account stand in an exported ledger, each after the commitment.

    ledger      It is to be verified first.
    Raises      FailedProof when one stands before it, or the ledger holds another entry at its place.
    """
    count = 0
    for _, told in lines_of(ledger):
        if told.get("index") == shown.entry.index and told.get("commitment") != shown.entry.commitment:
            message = f"entry {shown.entry.index} of {ledger} is another"
            raise FailedProof(message)
        if told.get("actor") == shown.entry.actor and told.get("kind") == Kind.PUBLISH.value:
            count += 1
            if int(told["index"]) < shown.entry.index:
                message = f"entry {told['index']} was published before the drill was committed to"
                raise FailedProof(message)
    return count
