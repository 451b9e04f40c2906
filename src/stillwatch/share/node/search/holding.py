"""The side that is asked: answer how many, and reveal which when people of both sides have said yes."""

import math
from datetime import datetime
from typing import Any, Final

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.guard.searches import COUNTED
from stillwatch.share.node.search.letter import Letter, digest_of
from stillwatch.share.node.search.own import Other, Own, Person
from stillwatch.share.node.search.records import Records
from stillwatch.share.node.search.setups import Setups
from stillwatch.share.node.search.tables import State
from stillwatch.share.psi.approval import Approval, Side
from stillwatch.share.psi.holder import SEARCHES, answered, request_rows, revealable
from stillwatch.share.stix.ids import read_time

__all__ = ["Holding"]

_STEP: Final = 20
_MOST_DAYS: Final = 90


class Holding:
    """What a node does as the holder."""

    def __init__(self, own: Own, records: Records) -> None:
        self._own, self._records = own, records
        self._setups = Setups(records.engine)

    def take_request(self, search_id: str, other: Other, letter: Letter, now: datetime) -> None:
        """Answer a request, or decline it with a word of the closed list.

        The search is counted before anything is worked out; one that was cut off in the middle is answered again.
        """
        told, row = letter.document, self._records.find(search_id)
        if row is not None and row.state != State.ANSWERING:
            return
        reason = None if row is not None else self._reason(letter)
        if row is None:
            reason = self._open(search_id, other, letter, reason, now)
        if reason is not None:
            return
        kind, request = SignalKind(told["kind"]), letter.enclosed[0]
        setup = self._setups.own(self._own, kind, now)
        try:
            made = answered(kind, self._own.epoch, request, setup.secret)
        except InvalidInput as error:
            declining = self._declined(search_id, other, "malformed", now)
            broken = {"state": State.BROKEN.value, "reason": str(error)[:200]}
            self._records.move(search_id, State.ANSWERING, declining, **broken)
            return
        fields = {
            "answer": COUNTED,
            "days": min(self._own.index.days, _MOST_DAYS),
            "coverage": math.floor(self._own.index.coverage.get(kind, 0.0) * _STEP + 1e-9) / _STEP,
            "setup": setup.digest,
            "rows": digest_of(made.counted),
        }
        enclosed = [made.counted] if told.get("setup") == setup.digest else [made.counted, setup.data]
        word = self._own.word("answer", search_id, other, now, **fields)
        found = {"state": State.ANSWERED.value, "digest": fields["rows"], "setup": setup.digest, "rows": made.revealed}
        searched = {"searched_days": fields["days"], "coverage": fields["coverage"]}
        sent = self._own.letter(word, "answer", other, *enclosed)
        self._records.move(search_id, State.ANSWERING, sent, **found, **searched)

    def _reason(self, letter: Letter) -> str | None:
        """Why a request is declined whoever sends it; None for one that may be answered."""
        told = letter.document
        if told["kind"] not in self._own.open_kinds:
            return "not-open"
        if told["epoch"] != self._own.epoch:
            return "other-epoch"
        if told["days"] > self._own.index.days:
            return "window-too-short"
        try:
            request_rows(SignalKind(told["kind"]), told["epoch"], letter.piece(0, "rows"))
        except (InvalidInput, FailedProof):
            return "malformed"
        return None

    def _open(self, search_id: str, other: Other, letter: Letter, reason: str | None, now: datetime) -> str | None:
        """Write a search down, counted unless it is declined; why it is."""
        told = letter.document
        row = {"search_id": search_id, "side": "holder", "other": other.member_id, "opened_s": int(now.timestamp())}
        row |= {name: told[name] for name in ("kind", "epoch", "days")}
        with self._records.engine.begin() as connection:
            used = self._records.used(connection, other.member_id, self._own.epoch)
            reason = reason or ("budget-spent" if used >= SEARCHES else None)
            if reason is None:
                self._records.add(connection, {**row, "state": State.ANSWERING.value})
            else:
                declining = self._declined(search_id, other, reason, now)
                self._records.add(connection, {**row, "state": State.DECLINED.value, "reason": reason}, declining)
        return reason

    def _declined(self, search_id: str, other: Other, reason: str, now: datetime) -> Any:  # noqa: ANN401
        return self._own.letter(self._own.word("answer", search_id, other, now, answer=reason), "answer", other)

    def take_approval(self, row: Any, letter: Letter, other: Other, now: datetime) -> None:  # noqa: ANN401
        """Keep the asker's yes; with this side's own, reveal.

        Raises      FailedProof for a yes to another search.
        """
        if letter.document["search"] != row.digest:
            message = "the approval is of another search"
            raise FailedProof(message)
        if row.their_word is not None:
            return
        claimed: dict[str, Any] = {"their_word": letter.document, "matches": letter.document["matches"]}
        if self._records.move(row.search_id, State(row.state), None, **claimed):
            self._reveal(row.search_id, other, now)

    def approve(self, row: Any, person: Person, other: Other, now: datetime) -> None:  # noqa: ANN401
        """A person of the holder's allows the reveal, before or after the asker's.

        Raises      InvalidInput when the search cannot be approved on this side, or was.
        """
        values: dict[str, Any] = {"state": State.APPROVED.value, "person": person.name, "salt": person.salt}
        if not self._records.move(row.search_id, State.ANSWERED, None, **values):
            message = f"the holder approves a search that is answered, once; this one is {row.state}"
            raise InvalidInput(message)
        self._reveal(row.search_id, other, now)

    def _reveal(self, search_id: str, other: Other, now: datetime) -> None:
        """Reveal what both sides have approved; nothing while one of them has not."""
        row = self._records.get(search_id)
        if row.state != State.APPROVED or row.their_word is None:
            return
        claim, person = row.their_word, Person(row.person, row.salt)
        said = read_time(claim["created"]) or now
        approvals = [
            Approval(Side.ASKER, claim["person"], claim["search"], said),
            Approval(Side.HOLDER, person.name, row.digest, now),
        ]
        revealable(row.digest, claim["matches"], approvals)
        fields = {"search": row.digest, "person": person.digest, "rows": digest_of(row.rows)}
        word = self._own.word("reveal", search_id, other, now, **fields)
        letter = self._own.letter(word, "reveal", other, row.rows)
        values = {"state": State.REVEALED.value, "own_word": word.document(), "rows": None}
        self._records.move(search_id, State.APPROVED, letter, **values)
