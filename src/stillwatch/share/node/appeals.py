"""A node's part in appeals: it files what a person files, tells of what waits, and says what it has removed."""

import contextlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, func, insert, select, update

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.share.appeals.case import REMOVED, Answer, Grounds, State
from stillwatch.share.guard.admit import Admitted, admit
from stillwatch.share.guard.limits import read_json
from stillwatch.share.guard.table import schema_hash
from stillwatch.share.node.post import Post
from stillwatch.share.node.tables import APPEALS_FILED, APPEALS_TOLD, FINDINGS
from stillwatch.share.stix.ids import stix_id, time_text, uuid_of
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = ["AppealDesk", "Bury", "OwnAppeal", "Waiting"]

Bury = Callable[[str], None]
"""Object id -> the node has dropped it, and withdrawn what came of it."""

_MOST_WAITING: Final = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """An appeal in which something is expected of the member.

    appeal      Name of the member in the case, to answer under.
    is_own      Whether the member published the indicator.
    n_leads     Findings of the member's own that the indicator points to, withdrawn ones left out.
    """

    appeal: str
    indicator_id: str
    grounds: Grounds
    deadline: datetime
    state: State
    is_own: bool
    n_leads: int = 0


@dataclass(frozen=True, slots=True)
class OwnAppeal:
    """What the member has filed.

    is_sent     Whether the forum has it.
    """

    reference: str
    indicator_id: str
    grounds: Grounds
    filed_at: datetime
    is_sent: bool


class AppealDesk:
    """What of appeals passes between a node and the forum; people decide, removal is said by itself.

    engine      Database with `NODE_TABLES`.
    """

    def __init__(self, post: Post, engine: Engine) -> None:
        self._post = post
        self._engine = engine

    def file(self, indicator_id: str, grounds: Grounds, now: datetime) -> tuple[str, dict[str, Any]]:
        """File an appeal for a customer, who is not named; its reference, and what the forum says of it.

        It is kept before it is sent: when the forum cannot be reached, the node that runs sends it, once.

        Raises      InvalidInput when the forum refuses it; UnreadableSource when it cannot be reached.
        """
        reference = str(uuid.uuid4())
        about = {"indicator_ref": stix_id("indicator", indicator_id), "grounds": grounds.value}
        told = _message("appeal", now, {"id": reference, **about})
        row = {"reference": reference, "indicator_id": indicator_id, "grounds": grounds.value, "filed_at": stamp(now)}
        with self._engine.begin() as connection:
            connection.execute(insert(APPEALS_FILED).values(**row, body=told.body, is_sent=False))
        return reference, self._sent(reference, told)

    def answer(self, appeal: str, given: Answer, now: datetime) -> None:
        """Say what the member thinks of the indicator on its own evidence.

        Raises      InvalidInput when the forum refuses it; UnreadableSource when it cannot be reached.
        """
        self._post.put("/appeals/answers/", _message("appeal-answer", now, {"appeal": appeal, "answer": given.value}))

    def status(self, reference: str) -> dict[str, Any]:
        """Where an appeal of the member's own is: state, deadline, and how many hold, have answered and removed."""
        told = self._post.get(f"/appeals/{_reference(reference)}/")
        counts = {name: told.get(name) for name in ("n_holders", "n_answered", "n_removed")}
        if told.get("state") not in set(State) or not all(type(count) is int for count in counts.values()):
            message = "the forum's word on an appeal cannot be read"
            raise UnreadableSource(message)
        return {"state": told["state"], "deadline": stamp(_time(told.get("deadline"))), **counts}

    def proof(self, reference: str) -> dict[str, Any]:
        """Proof of removal, to be checked with the forum's key.

        Raises      InvalidInput while there is nothing to prove, or the appeal is not the member's.
        """
        return self._post.get(f"/appeals/{_reference(reference)}/proof/")

    def filed(self) -> list[OwnAppeal]:
        """What the member has filed, the latest first."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(APPEALS_FILED).order_by(APPEALS_FILED.c.filed_at.desc())).all()
        return [
            OwnAppeal(row.reference, row.indicator_id, Grounds(row.grounds), time_of(row.filed_at), row.is_sent)
            for row in rows
        ]

    def waiting(self) -> list[Waiting]:
        """What waits for the member at the forum."""
        listed = self._post.get("/appeals/").get("waiting")
        if not isinstance(listed, list) or len(listed) > _MOST_WAITING:
            message = f"the forum must list at most {_MOST_WAITING} appeals"
            raise UnreadableSource(message)
        return [self._with_leads(told) for told in listed]

    def attend(self, bury: Bury, now: datetime) -> list[Waiting]:
        """Send what was not sent, remove what fell and say so; appeals for a person that nobody was told of yet.

        Raises      UnreadableSource when the forum cannot be reached; what is left waits for the next time.
        """
        for own in self.filed():
            if not own.is_sent:
                self._resend(own.reference)
        found = self.waiting()
        for one in found:
            if one.state is State.UPHELD:
                bury(stix_id("indicator", one.indicator_id))
                with contextlib.suppress(InvalidInput):  # what one case is refused for must not hold up the others
                    self._say_removed(one.appeal, now)
        return [one for one in found if one.state is not State.UPHELD and self._is_news(one)]

    def _say_removed(self, appeal: str, now: datetime) -> None:
        self._post.put("/appeals/answers/", _message("appeal-answer", now, {"appeal": appeal, "answer": REMOVED}))

    def _is_news(self, one: Waiting) -> bool:
        with self._engine.begin() as connection:
            return insert_if_new(connection, APPEALS_TOLD, {"appeal": one.appeal, "indicator_id": one.indicator_id})

    def _resend(self, reference: str) -> None:
        with self._engine.begin() as connection:
            body = connection.execute(
                select(APPEALS_FILED.c.body).where(APPEALS_FILED.c.reference == reference)
            ).scalar_one()
        with contextlib.suppress(InvalidInput):  # refused for good: it is no longer listed as filed
            self._sent(reference, admit(read_json(body)))

    def _sent(self, reference: str, told: Admitted) -> dict[str, Any]:
        """Send an appeal; one that the forum refuses is dropped."""
        here = APPEALS_FILED.c.reference == reference
        try:
            said = self._post.put("/appeals/", told)
        except InvalidInput:
            with self._engine.begin() as connection:
                connection.execute(APPEALS_FILED.delete().where(here))
            raise
        with self._engine.begin() as connection:
            connection.execute(update(APPEALS_FILED).where(here).values(is_sent=True))
        return said

    def _with_leads(self, told: object) -> Waiting:
        read = _waiting(told)
        pointed = (FINDINGS.c.indicator_id == read.indicator_id) & FINDINGS.c.withdrawn.is_(False)
        with self._engine.begin() as connection:
            count = connection.execute(select(func.count()).select_from(FINDINGS).where(pointed)).scalar_one()
        return Waiting(read.appeal, read.indicator_id, read.grounds, read.deadline, read.state, read.is_own, int(count))


def _message(kind: str, now: datetime, more: Mapping[str, Any]) -> Admitted:
    created = time_text(now.replace(microsecond=now.microsecond // 1000 * 1000))
    told = {"type": kind, "schema": schema_hash(), "id": str(uuid.uuid4()), "created": created}
    return admit({**told, **more}, now=now)


def _waiting(told: object) -> Waiting:
    """What the forum says of one appeal, looked at before it is believed."""
    found = told if isinstance(told, dict) else {}
    ids = [uuid_of(f"some-type--{found.get(name)}", "some-type") for name in ("alias", "indicator_id")]
    fits = found.get("grounds") in set(Grounds) and found.get("state") in set(State)
    if None in ids or not fits or not isinstance(found.get("is_originator"), bool):
        message = "an appeal that the forum lists cannot be read"
        raise UnreadableSource(message)
    deadline, state = _time(found.get("deadline")), State(found["state"])
    return Waiting(str(ids[0]), str(ids[1]), Grounds(found["grounds"]), deadline, state, found["is_originator"])


def _time(text: object) -> datetime:
    try:
        return time_of(str(text))
    except InvalidInput as error:
        message = "a deadline that the forum tells cannot be read"
        raise UnreadableSource(message) from error


def _reference(reference: str) -> str:
    if uuid_of(f"some-type--{reference}", "some-type") is None:
        message = "a reference must be a random UUID in lower case, as `member appeal file` printed it"
        raise MissingData(message)
    return reference
