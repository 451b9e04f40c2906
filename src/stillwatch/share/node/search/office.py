"""Back-searches of a running node: send what waits, take what came, and what people decide on this side."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from stillwatch.errors import Declined, FailedProof, InvalidInput, MissingData, StillwatchError
from stillwatch.model.indicator import SignalKind
from stillwatch.share.guard.searches import shown
from stillwatch.share.node.pins import Seen
from stillwatch.share.node.search.asking import Asking, Question
from stillwatch.share.node.search.holding import Holding
from stillwatch.share.node.search.letter import TYPES, Letter, Sealed, opened
from stillwatch.share.node.search.mailbox import Mailbox
from stillwatch.share.node.search.own import Other, Own, Person
from stillwatch.share.node.search.records import Records
from stillwatch.share.node.search.tables import State
from stillwatch.share.node.service import Service
from stillwatch.share.sealed.keys import SealingKey, publication, published_key
from stillwatch.share.stix.ids import time_text
from stillwatch.share.warnings.lists import load_warning_lists
from stillwatch.signing.signature import verify_signed

__all__ = ["Moved", "Office", "listed", "matched", "office_of"]

_LOOK_S: Final = 15.0
_MOST_PARTS: Final = 80


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a message that came.

    state   Of the search after it; None for one that nothing is known of.
    reason  Why it was not taken; None when it was.
    """

    search: str
    stage: str
    state: str | None
    reason: str | None = None


class Office:
    """Both sides of a node's searches."""

    def __init__(self, own: Own, post: Mailbox) -> None:
        self._own, self._post = own, post
        self.records = Records(own.node.engine)
        self._asking, self._holding = Asking(own, self.records), Holding(own, self.records)

    def ask(self, member_id: str, question: Question) -> str:
        """Ask another member; the id of the search.

        Raises      Declined when the forum does not carry it; what reaching the forum raises: it then goes later.
        """
        search_id = self._asking.ask(self._other(member_id), question, _now())
        self.send()
        row = self.records.get(search_id)
        if row.state == State.BROKEN:
            raise Declined(row.reason)
        return search_id

    def approve(self, search_id: str, name: str) -> str:
        """Say yes to a reveal in a person's name; the state of the search.

        Raises      MissingData for an unknown search; InvalidInput when this side cannot approve it, or has.
        """
        row, person = self.records.get(search_id), Person.of(name)
        side = self._asking if row.side == "asker" else self._holding
        side.approve(row, person, self._other(row.other), _now())
        self.send()
        return str(self.records.get(search_id).state)

    def turn(self) -> list[Moved]:
        """Send what waits and take what came, once.

        Raises      What reaching the forum raises; everything up to there is done and is not done again.
        """
        self.records.forget(_now())
        self.send()
        moved = [found for message in self._post.inbox() if (found := self._take(message)) is not None]
        self.send()
        return moved

    async def forever(self, on_moved: Callable[[Moved], None]) -> None:
        """Take turns until cancelled; a forum that cannot be reached, or declines, is asked again."""
        while True:
            with contextlib.suppress(StillwatchError):
                for moved in await asyncio.to_thread(self.turn):
                    on_moved(moved)
            await asyncio.sleep(_LOOK_S)

    def send(self) -> None:
        """Send every part that waits, each until the forum has it; a search that the forum does not carry ends."""
        while (part := self.records.unsent()) is not None:
            reader = part.reader if part.stage == "request" else None
            place = f"{part.search_id}/{part.stage}/{part.number}"
            try:
                self._post.put(place, part.n_parts, reader, part.data)
            except InvalidInput as error:
                self.records.end(part.search_id, State.BROKEN, str(error))
            self.records.sent(part)

    def _take(self, message: Mapping[str, Any]) -> Moved | None:
        """Deal with one message, then have the forum delete it; None for what is no message."""
        place = _place_of(message)
        if place is None:
            return None
        search_id, stage, sender, n_parts = place
        reason = None
        try:
            parts = self._fetched(search_id, stage, n_parts)
            self._open(Sealed(search_id, stage, sender, self._own.node.member_id, parts))
        except (FailedProof, InvalidInput, MissingData) as error:
            reason = str(error)
            known = self.records.find(search_id)
            if known is not None and known.other == sender:
                self.records.end(search_id, State.BROKEN, reason)
        with contextlib.suppress(InvalidInput):  # it is gone already
            self._post.taken(f"{search_id}/{stage}")
        self.records.taken(search_id, stage)
        row = self.records.find(search_id)
        return Moved(search_id, stage, None if row is None else str(row.state), reason)

    def _fetched(self, search_id: str, stage: str, n_parts: int) -> list[bytes]:
        """Parts of a message; those that came before a break are not fetched again."""
        here = self.records.incoming(search_id, stage)
        for number in range(n_parts):
            if number not in here:
                here[number] = self._post.part(f"{search_id}/{stage}/{number}")
                self.records.arrived(search_id, stage, number, here[number])
        return [here[number] for number in range(n_parts)]

    def _open(self, found: Sealed) -> None:
        """Open a letter, hold its signature against the sender's keys, and take it if it is the one that is next.

        What comes twice, or does not fit the state of its search, changes nothing.
        """
        row = self.records.find(found.search_id)
        if row is not None and (row.other != found.sender or not _is_next(row, found.stage)):
            return
        if row is None and found.stage != "request":
            return
        letter, now = opened(found, self._own.key, _now()), _now()
        self._verify(letter, found.sender)
        if found.stage == "answer":
            self._asking.take_answer(row, letter, now)
        elif found.stage == "reveal":
            self._asking.take_reveal(row, letter)
        elif found.stage == "approval":
            self._holding.take_approval(row, letter, self._other(found.sender), now)
        else:
            self._holding.take_request(found.search_id, self._other(found.sender), letter, now)

    def _verify(self, letter: Letter, sender: str) -> None:
        node = self._own.node
        with node.engine.begin() as connection:
            node.believed(connection, sender, lambda keys: verify_signed(letter.document, keys), _seen())

    def _other(self, member_id: str) -> Other:
        """Another member with its key, which its own signing key vouches for."""
        told, node = self._post.key_of(_pseudonym(member_id)), self._own.node
        with node.engine.begin() as connection:
            key = node.believed(connection, member_id, lambda keys: published_key(told, member_id, keys), _seen())
        return Other(member_id, key)


_NEXT: Final = {
    ("asker", "answer"): {State.ASKED},
    ("asker", "reveal"): {State.APPROVED},
    ("holder", "request"): {State.ANSWERING},
    ("holder", "approval"): {State.ANSWERED, State.APPROVED},
}
"""States in which a message of a stage is awaited."""


def _is_next(row: Any, stage: str) -> bool:  # noqa: ANN401 - a row of the table
    return row.state in _NEXT.get((row.side, stage), set())


def _place_of(message: Mapping[str, Any]) -> tuple[str, str, str, int] | None:
    """Search, stage, sender and number of parts of a message of the inbox; None for anything else."""
    search, stage, sender, n = (message.get(name) for name in ("search", "stage", "from", "parts"))
    if not (isinstance(search, str) and isinstance(sender, str) and stage in TYPES and type(n) is int):
        return None
    if not 0 < n <= _MOST_PARTS or not (_is_uuid(search) and _is_uuid(sender)):
        return None
    return search, str(stage), sender, n


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _pseudonym(text: str) -> str:
    if not _is_uuid(text):
        message = "a member's pseudonym must be a UUID, lower case with hyphens"
        raise InvalidInput(message)
    return text


def listed(row: Any) -> dict[str, Any]:  # noqa: ANN401
    """A search as people read it: the bucket of what was counted, who has said yes, never a value."""
    is_counted = row.state in {State.COUNTED, State.APPROVED, State.REVEALED, State.FEW} and row.digest is not None
    is_told = row.state == State.FEW or row.matches is not None
    return {
        "search": row.search_id,
        "side": row.side,
        "other": row.other,
        "kind": row.kind,
        "state": str(row.state),
        "opened": datetime.fromtimestamp(row.opened_s, UTC).isoformat(timespec="seconds"),
        "matches": shown(row.matches) if is_counted and is_told else None,
        "days": row.searched_days,
        "coverage": row.coverage,
        "approved_here": row.person,
        "approved_there": row.their_word is not None,
        "reason": row.reason,
    }


def matched(row: Any) -> list[str]:  # noqa: ANN401
    """Values that both have.

    Raises      InvalidInput unless this node asked and the search is revealed.
    """
    if row.side != "asker" or row.state != State.REVEALED:
        message = f"only what this node asked and was revealed can be shown; the search is {row.state}"
        raise InvalidInput(message)
    found: list[str] = orjson.loads(row.listed)
    return found


@contextlib.contextmanager
def office_of(service: Service) -> Iterator[Office]:
    """Searches of an opened node; its sealing key is made at first use, and published.

    Raises      What reading the key and reaching the forum raise.
    """
    settings, node, now = service.settings, service.node, _now()
    path = settings.folder / "sealing.key"
    if not path.exists():
        SealingKey.generate().save(path)
    key = SealingKey.load(path)
    open_kinds = frozenset(SignalKind(kind) for kind in settings.open_searches)
    lists = load_warning_lists(settings.warning_lists)
    own = Own(node, key, service.index, service.read_ns, service.epoch, open_kinds, lists)
    with Mailbox(settings.forum, service.token) as post:
        post.publish_key(publication(key.public, node.member_id, node.key, now))
        yield Office(own, post)


def _now() -> datetime:
    return datetime.now(UTC)


def _seen() -> Seen:
    """A key that a search has shown, at no place of the feed."""
    now = _now()
    return Seen("", time_text(now.replace(microsecond=now.microsecond // 1000 * 1000)))
