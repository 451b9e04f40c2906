"""The side that asks: send values blinded, count, say yes, learn which."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.guard.searches import COUNTED, bucket
from stillwatch.share.node.search.letter import Letter, digest_of
from stillwatch.share.node.search.own import Other, Own, Person
from stillwatch.share.node.search.records import Records
from stillwatch.share.node.search.setups import Setups
from stillwatch.share.node.search.tables import State
from stillwatch.share.psi.asker import Asker
from stillwatch.share.tags.canonical import canonical

__all__ = ["Asking", "Question"]

_MOST_DAYS: Final = 90
_WIPED: Final = {"secret": None, "listed": None, "rows": None}


class Question:
    """What is asked: values of one kind, and how many days of traffic the other must have looked through.

    days        1 to 90.
    Raises      InvalidInput for days out of range, or a value that is none of its kind; it tells the place, not the
                value.
    """

    def __init__(self, kind: SignalKind, values: Sequence[str], days: int) -> None:
        if not 1 <= days <= _MOST_DAYS:
            message = f"days must be 1 to {_MOST_DAYS}, got {days}"
            raise InvalidInput(message)
        for place, value in enumerate(values, 1):
            try:
                canonical(kind, value)
            except InvalidInput as error:
                message = f"value {place} of {len(values)}: {error}"
                raise InvalidInput(message) from None
        self.kind, self.values, self.days = kind, values, days


class Asking:
    """What a node does as the asker."""

    def __init__(self, own: Own, records: Records) -> None:
        self._own, self._records = own, records
        self._setups = Setups(records.engine)

    def ask(self, other: Other, question: Question, now: datetime) -> str:
        """Id of a new search whose request waits to be sent."""
        own, search_id = self._own, str(uuid.uuid4())
        kind, days = question.kind, question.days
        asker = Asker(kind, own.epoch, question.values)
        known = self._setups.known(other.member_id, kind, own.epoch)
        fields = {"kind": kind.value, "epoch": own.epoch, "days": days, "rows": digest_of(asker.request)}
        told = own.word("request", search_id, other, now, **fields, **({"setup": known} if known else {}))
        row: dict[str, object] = {
            "search_id": search_id,
            "side": "asker",
            "other": other.member_id,
            "kind": kind.value,
            "epoch": own.epoch,
            "days": days,
            "state": State.ASKED.value,
            "opened_s": int(now.timestamp()),
            "secret": asker.secret,
            "listed": orjson.dumps(asker.values),
        }
        letter = own.letter(told, "request", other, asker.request)
        with self._records.engine.begin() as connection:
            self._records.add(connection, row, letter)
        return search_id

    def take_answer(self, row: Any, letter: Letter, now: datetime) -> None:  # noqa: ANN401 - a row of the table
        """Count what the holder answered, and keep the bucket alone.

        Raises      FailedProof when the answer is none.
        """
        told = letter.document
        if told["answer"] != COUNTED:
            self._records.end(row.search_id, State.DECLINED, f"the other side says: {told['answer']}")
            return
        counted = letter.piece(0, "rows")
        setup = self._setup(row, letter, now)
        count = bucket(_asker(row).count(setup, counted))
        found: dict[str, Any] = {
            "searched_days": told.get("days"),
            "coverage": told.get("coverage"),
            "digest": told["rows"],
            "setup": told["setup"],
            "matches": count,
        }
        if count is None:
            self._records.move(row.search_id, State.ASKED, None, **found, **_WIPED, state=State.FEW.value)
        else:
            self._records.move(row.search_id, State.ASKED, None, **found, rows=counted, state=State.COUNTED.value)

    def _setup(self, row: Any, letter: Letter, now: datetime) -> bytes:  # noqa: ANN401
        """The set-up of an answer: it comes with the answer, or is here already."""
        if len(letter.enclosed) == 1:
            return self._setups.get(str(letter.document.get("setup")))
        data = letter.piece(1, "setup")
        self._setups.keep(row.other, SignalKind(row.kind), row.epoch, data, now)
        return data

    def approve(self, row: Any, person: Person, other: Other, now: datetime) -> None:  # noqa: ANN401
        """A person of the asker's allows the reveal; the claim goes to the holder.

        Raises      InvalidInput when the search cannot be approved on this side, or was.
        """
        if row.state != State.COUNTED:
            message = f"the asker approves a search that is counted, once; this one is {row.state}"
            raise InvalidInput(message)
        fields = {"search": row.digest, "matches": row.matches, "person": person.digest}
        told = self._own.word("approval", row.search_id, other, now, **fields)
        values = {"state": State.APPROVED.value, "person": person.name, "salt": person.salt}
        letter = self._own.letter(told, "approval", other)
        self._records.move(row.search_id, State.COUNTED, letter, **values, own_word=told.document())

    def take_reveal(self, row: Any, letter: Letter) -> None:  # noqa: ANN401
        """Learn which values both have.

        Raises      FailedProof when the holder revealed something else than was counted.
        """
        if letter.document["search"] != row.digest:
            message = "the holder revealed another search than the one that was counted"
            raise FailedProof(message)
        asker = _asker(row)
        asker.resume(row.rows)
        found = asker.reveal(self._setups.get(row.setup), letter.piece(0, "rows"))
        values: dict[str, Any] = {"state": State.REVEALED.value, "their_word": letter.document}
        values |= {"listed": orjson.dumps(found), "secret": None, "rows": None}
        self._records.move(row.search_id, State.APPROVED, None, **values)


def _asker(row: Any) -> Asker:  # noqa: ANN401
    return Asker(SignalKind(row.kind), row.epoch, orjson.loads(row.listed), row.secret)
