"""The forum's ledger, as far as the node has a part in it: what it committed to, whose proofs it has checked.

The node keeps of proofs which entries they were of, and the key of the ledger as it was pinned at first sight. Any
entry can be asked for again; what the forum answers is believed only under that key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from stillwatch.console.sharing.database import looking_at
from stillwatch.console.sharing.proofs import Proved, steps_of, wrong_with
from stillwatch.errors import FailedProof, InvalidInput, MissingData, UnreadableSource
from stillwatch.ledger.head import head_of
from stillwatch.ledger.proof import Proof
from stillwatch.share.node.post import Post
from stillwatch.share.node.settings import NodeSettings
from stillwatch.share.node.tables import KEYS
from stillwatch.share.node.trust_tables import GRADES, HOLDINGS, SHOWN
from stillwatch.signing.keys import Keys, VerifyKey, keys_of
from stillwatch.signing.refused import Refused

__all__ = ["Checked", "Commitment", "checked_proofs", "commitments", "forum_key", "proved_by_forum"]

_FORUM: Final = "forum"
_MOST: Final = 50
_MOST_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Commitment:
    """What the member committed to before it read what others told.

    place       Entry of the forum's ledger; None while the forum has not got it.
    n_shown     Tags of it that were revealed since.
    """

    number: int
    place: int | None
    n_shown: int


@dataclass(frozen=True, slots=True)
class Checked:
    """Entries whose proofs the node has checked, for one indicator: they show independent origins."""

    indicator_id: str
    origins: int
    entries: tuple[int, ...]


def forum_key(connection: Connection) -> str | None:
    """Thumbprint of the forum's key as it was pinned; None when nothing was proved yet."""
    wanted = select(KEYS.c.key_id).where(KEYS.c.member_id == _FORUM)
    return connection.execute(wanted.limit(1)).scalar()


def commitments(connection: Connection) -> list[Commitment]:
    """The last 50 commitments, the newest first."""
    wanted = select(HOLDINGS.c.number, HOLDINGS.c.place).order_by(HOLDINGS.c.number.desc()).limit(_MOST)
    rows = connection.execute(wanted).all()
    places = [row.place for row in rows if row.place is not None]
    counted = select(SHOWN.c.commitment, func.count()).where(SHOWN.c.commitment.in_(places))
    shown = {int(place): int(n) for place, n in connection.execute(counted.group_by(SHOWN.c.commitment))}
    return [Commitment(row.number, row.place, shown.get(row.place, 0)) for row in rows]


def checked_proofs(connection: Connection) -> list[Checked]:
    """Indicators with proofs that hold, those of most origins first; at most 50."""
    wanted = select(GRADES.c.indicator_id, GRADES.c.origins, GRADES.c.entries).where(GRADES.c.origins > 1)
    rows = connection.execute(wanted.order_by(GRADES.c.origins.desc(), GRADES.c.indicator_id).limit(_MOST))
    return [Checked(row.indicator_id, row.origins, tuple(row.entries)) for row in rows]


def proved_by_forum(node: NodeSettings, index: int) -> Proved:
    """Ask the forum for the proof of an entry, and check it under the key that was pinned.

    Raises      MissingData when it has no such entry; FailedProof when it answers another question, or no key was
                pinned; what asking raises.
    """
    with looking_at(node) as connection:
        keys = _pinned(connection)
    told = Post(node.forum, _token(node)).find(f"/ledger/entries/{index}/proof")
    if told is None:
        message = f"the forum’s ledger has no entry {index:,}"
        raise MissingData(message)
    return _read(told, index, keys)


def _read(told: Mapping[str, Any], index: int, keys: Keys) -> Proved:
    try:
        proof, head = Proof.of(told["proof"]), head_of(told["head"])
    except (KeyError, TypeError, InvalidInput, Refused) as error:
        message = f"the forum’s proof of entry {index:,} cannot be read: {type(error).__name__}"
        raise FailedProof(message) from error
    if proof.entry.index != index:
        message = f"the forum has answered with entry {proof.entry.index:,}, entry {index:,} was asked for"
        raise FailedProof(message)
    wrong = wrong_with(proof, told["head"], keys)
    steps = steps_of(proof) if index < proof.size else ()
    return Proved(proof.entry, proof, told["head"], head, steps, "unseen", wrong)


def _pinned(connection: Connection) -> Keys:
    rows = connection.execute(select(KEYS.c.jwk).where(KEYS.c.member_id == _FORUM)).scalars()
    known = keys_of(VerifyKey.of(jwk) for jwk in rows)
    if not known:
        message = (
            "the node has not pinned the key of the forum’s ledger yet: it does so when it grades the first indicator "
            "that points to something here"
        )
        raise FailedProof(message)
    return known


def _token(node: NodeSettings) -> str:
    try:
        with node.token_file.open("rb") as file:
            return file.read(_MOST_BYTES).decode(errors="replace").strip()
    except OSError as error:
        message = f"the member’s token for the forum cannot be read: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
