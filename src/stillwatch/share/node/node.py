"""A member's node: what it does with each object of the feed, and what it sends."""

import dataclasses
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.model.indicator import Indicator, SightingAnswer
from stillwatch.share.answers.check import Answer, Memory, check, sighting_of
from stillwatch.share.answers.findings import Finding
from stillwatch.share.feed.client import Event
from stillwatch.share.guard.admit import Admitted, admit, why_not
from stillwatch.share.node.grading import NOT_KNOWN
from stillwatch.share.node.matches import replace_matches, rows_of
from stillwatch.share.node.objects import (
    FEED,
    KEPT,
    bury_object,
    held_indicator,
    is_known,
    keep_object,
    move_place,
    withdraw,
)
from stillwatch.share.node.pins import Seen, trusted_keys, verify_told
from stillwatch.share.node.rates import told_rate
from stillwatch.share.node.rules import keep_message
from stillwatch.share.node.said import Opinion, keep_opinion, keep_sighting, opinions_of, rates_of
from stillwatch.share.node.statements import (
    ADD_ANSWER,
    ADD_FINDINGS,
    ADD_PASSED_OVER,
    ANSWERED,
    DROP_ANSWER,
    DROP_FINDINGS,
    SENT,
    UNSENT,
)
from stillwatch.share.node.tables import ANSWERS, FINDINGS, OWN, PASSED_OVER, PLACES, REMOVED
from stillwatch.share.stix.ids import stix_id, time_text
from stillwatch.share.stix.read import read_indicator, read_sighting
from stillwatch.share.stix.signatures import is_members, signed_bundle, verify_object
from stillwatch.share.stix.texts import FalsePositive
from stillwatch.share.stix.write import false_positive_bundle, indicator_bundle, revocation, sighting_bundle
from stillwatch.signing.keys import Keys, SigningKey, keys_of
from stillwatch.signing.refused import Reason, Refused
from stillwatch.signing.signature import verify_signed

__all__ = ["MOST_SENT", "Checked", "KeysOf", "Node", "findings_in", "indicator_in", "passed_over_in"]

MOST_SENT: Final = 100
"""Answers that are sent together, oldest first."""
_AGAINST: Final = {"opinion", "note"}
_OBJECT, _TOMBSTONE, _MESSAGE = "object", "tombstone", "message"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the node did about an indicator of another member.

    sighting    What it sends; None when nothing could be compared.
    """

    indicator: Indicator
    answer: Answer
    sighting: Admitted | None


KeysOf = Callable[[str], Keys]
"""Pseudonym -> public keys of that member, as somebody tells them; none when nobody does."""


class Node:
    """Events come in the order of the feed; what comes together is taken in one transaction with its place.

    member_id   Pseudonym at the forum.
    engine      Database with `NODE_TABLES`.
    key         Signs what the node says.
    keys_of     Asked for the keys of a member whose object none of the known ones signed.
    salt        Hides what of the member's own has matched; None: that is not kept.
    """

    def __init__(
        self, member_id: str, engine: Engine, key: SigningKey, keys_of: KeysOf, salt: bytes | None = None
    ) -> None:
        self.member_id = member_id
        self._salt = salt
        self.engine = engine
        self.key = key
        self._keys_of = keys_of
        self._pinned: dict[str, Keys] = {}

    def place(self) -> str | None:
        """Where the feed goes on; None: from the beginning."""
        with self.engine.begin() as connection:
            return connection.execute(select(PLACES.c.place).where(PLACES.c.name == FEED)).scalar()

    def take(
        self, document: Mapping[str, Any], origin: str, place: str, memory: Memory, now: datetime
    ) -> Checked | None:
        """Take one object of the feed, as `take_all` does.

        origin      Pseudonym of who published it, as the forum has it.
        """
        found = self.take_all([Event(place, _OBJECT, "", origin, "", dict(document))], memory, now)
        return found[0] if found else None

    def take_all(self, events: Sequence[Event], memory: Memory, now: datetime) -> list[Checked]:
        """Take events of the feed in order; an indicator that is whole is checked against one's own traffic.

        They are taken in one transaction with the place of the last: all of them or none.

        An object that does not pass the guard, or that says it is of somebody else than who published it, is passed
        over, and the place moves: it will be no better the next time. What the forum has deleted is buried.
        """
        found: list[Checked] = []
        try:
            with self.engine.begin() as connection:
                for event in events:
                    if event.kind == _TOMBSTONE:
                        bury_object(connection, str(event.document.get("id")), event.place)
                        continue
                    if event.kind == _MESSAGE:
                        self._take_message(connection, event, now)
                        continue
                    checked = self._take(connection, event, memory, now)
                    if checked is not None:
                        found.append(checked)
                move_place(connection, events[-1].place)
        except BaseException:
            self._pinned.clear()  # keys that were pinned in this transaction are not in the database
            raise
        return found

    def _take(self, connection: Connection, event: Event, memory: Memory, now: datetime) -> Checked | None:
        document, origin = event.document, event.origin
        if origin == self.member_id or not _is_news(document):
            return None
        problem = self._problem(connection, event, now)
        if problem is not None:
            connection.execute(ADD_PASSED_OVER, {"place": event.place, "origin": origin, "reason": problem[:200]})
            return None
        kind = document["type"]
        if kind in KEPT:
            keep_object(connection, document, origin)
            if document.get("revoked"):
                withdraw(connection, str(document["id"]))
        if kind == "relationship" and document["relationship_type"] == "indicates":
            return self._check(connection, str(document["source_ref"]), memory, now)
        if kind in _AGAINST and is_known(connection, document["object_refs"]):
            keep_opinion(connection, document, origin)
        if kind == "sighting" and is_known(connection, [document["sighting_of_ref"]]):
            told = keep_sighting(connection, document, origin)
            if told is not None:
                return self._check(connection, stix_id("indicator", told), memory, now, again=True)
        return None

    def bury(self, object_id: str, place: str | None = None) -> None:
        """Take note that the forum has deleted an object: what came of it is withdrawn, and it does not come back.

        place   Where the feed goes on; None when it was not the feed that told.
        """
        with self.engine.begin() as connection:
            bury_object(connection, object_id, place)
            if place is not None:
                move_place(connection, place)

    def removed(self) -> list[str]:
        """Places of deletions that were carried out here and that the forum has not heard of."""
        with self.engine.begin() as connection:
            return list(connection.execute(select(REMOVED.c.place)).scalars())

    def removal_told(self, place: str) -> None:
        """The forum knows it."""
        with self.engine.begin() as connection:
            connection.execute(delete(REMOVED).where(REMOVED.c.place == place))

    def take_message(self, document: Mapping[str, Any], origin: str, place: str, now: datetime) -> None:
        """Take one message of the feed, as `take_all` does."""
        with self.engine.begin() as connection:
            self._take_message(connection, Event(place, _MESSAGE, "", origin, "", dict(document)), now)
            move_place(connection, place)

    def _take_message(self, connection: Connection, event: Event, now: datetime) -> None:
        """Take a rule or an answer to one from the feed: kept and listed, never run by itself.

        What is not taken is passed over, as of objects; its own messages are kept too, so that it sees what all see.
        """
        try:
            message = admit(dict(event.document), now=now)
            seen = Seen(event.place, time_text(_in_milliseconds(now)))
            self.believed(connection, event.origin, lambda keys: verify_signed(event.document, keys), seen)
            problem = keep_message(connection, message, event.origin)
        except Refused as error:
            problem = f"{error.reason.value}: {error}"
        except InvalidInput as error:
            problem = str(error)
        if problem is not None:
            connection.execute(ADD_PASSED_OVER, {"place": event.place, "origin": event.origin, "reason": problem[:200]})

    def _problem(self, connection: Connection, event: Event, now: datetime) -> str | None:
        """Why an object is not taken: the guard, another's name, or another's signature; None for a good one."""
        document, origin = event.document, event.origin
        problem = why_not(dict(document), now=now)
        if problem is not None:
            return problem
        maker = stix_id("identity", origin)
        if document.get("created_by_ref", maker) != maker and is_members(document):
            return "it says it is of somebody else than who published it"
        try:
            if is_members(document):
                seen = Seen(event.place, time_text(_in_milliseconds(now)))
                self.believed(connection, origin, lambda keys: verify_object(document, keys), seen)
        except Refused as error:
            return f"{error.reason.value}: {error}"
        return None

    def believed(self, connection: Connection, origin: str, verify: Callable[[Keys], T], seen: Seen) -> T:
        """Hold a signature against the trusted keys of a member, and once more against what the member has now.

        verify      Gives what was signed, or raises Refused.
        Raises      Refused when no trusted key of the member's has signed it.
        """
        known = self._pinned.get(origin)
        if known is None:
            known = self._pinned[origin] = trusted_keys(connection, origin)
        try:
            return verify(known)
        except Refused as error:
            if error.reason is not Reason.UNKNOWN_KEY:
                raise
        del self._pinned[origin]
        # Nobody tells a member which keys it has itself.
        told = keys_of([self.key.verify_key]) if origin == self.member_id else self._keys_of(origin)
        return verify_told(connection, origin, verify, told, seen)

    def _check(
        self, connection: Connection, identifier: str, memory: Memory, now: datetime, *, again: bool = False
    ) -> Checked | None:
        """Check an indicator once, and again when others' benign rates of it have changed; None when nothing is new."""
        held = held_indicator(connection, identifier)
        if held is None:
            return None
        indicator = dataclasses.replace(read_indicator(held), confidence=NOT_KNOWN)
        version = time_text(indicator.modified)
        before = connection.execute(ANSWERED, {"of_indicator": indicator.indicator_id, "of_version": version}).first()
        if (before is not None) is not again:
            return None
        answer = check(indicator, memory, now, rates_of(connection, indicator.indicator_id))
        if before is not None and answer.answer is None:
            return None
        if before is not None and answer.answer is not None and answer.answer.value == before.answer:
            self._replace_findings(connection, indicator.indicator_id, answer, memory)
            return None
        told = self._answered(connection, indicator, answer, memory, now, None if before is None else before.body)
        _remember(connection, indicator, answer, told, now)
        self._replace_findings(connection, indicator.indicator_id, answer, memory)
        return Checked(indicator, answer, told)

    def _replace_findings(self, connection: Connection, indicator_id: str, answer: Answer, memory: Memory) -> None:
        connection.execute(DROP_FINDINGS, {"of_indicator": indicator_id})
        rows: list[dict[str, Any]] = []
        if answer.answer is SightingAnswer.SEEN:
            connection.execute(ADD_FINDINGS, _rows(indicator_id, answer.findings))
            is_disputed = any(one.origin == self.member_id for one in opinions_of(connection, indicator_id))
            if self._salt is not None and not is_disputed:
                rows = rows_of(indicator_id, answer, memory, self._salt)
        replace_matches(connection, indicator_id, rows)

    def look_again(self, memory: Memory, now: datetime) -> int:
        """Bring findings up to date with a new window of the member's traffic; how many indicators are seen there.

        What was answered stays: what is no more in the window was seen in the one before.
        """
        seen = select(ANSWERS.c.indicator_id).where(ANSWERS.c.answer == SightingAnswer.SEEN.value).distinct()
        with self.engine.begin() as connection:
            told = list(connection.execute(seen).scalars())
        return sum(self._look_again(indicator_id, memory, now) for indicator_id in told)

    def _look_again(self, indicator_id: str, memory: Memory, now: datetime) -> bool:
        """One in a transaction of its own: whoever reads or files waits for no more than that."""
        with self.engine.begin() as connection:
            held = held_indicator(connection, stix_id("indicator", indicator_id))
            if held is None:
                return False
            indicator = dataclasses.replace(read_indicator(held), confidence=NOT_KNOWN)
            answer = check(indicator, memory, now, rates_of(connection, indicator_id))
            is_seen = answer.answer is SightingAnswer.SEEN
            if is_seen:
                self._replace_findings(connection, indicator_id, answer, memory)
        return is_seen

    def _answered(
        self,
        connection: Connection,
        indicator: Indicator,
        answer: Answer,
        memory: Memory,
        now: datetime,
        before: bytes | None,
    ) -> Admitted | None:
        """The sighting to send: a new one, or a new version of what was said before."""
        at = _in_milliseconds(now)
        old = None if before is None else read_sighting(admit(orjson.loads(before)))
        identifier, created = (str(uuid.uuid4()), at) if old is None else (old.sighting_id, old.created)
        rate = told_rate(connection, indicator, memory.innocents)
        made = sighting_of(answer, indicator.indicator_id, identifier, created, rate)
        return None if made is None else self._signed(sighting_bundle(made, self.member_id, indicator.tlp, at), now)

    def unsent(self, most: int = MOST_SENT) -> list[tuple[str, str, Admitted]]:
        """Sightings that were made and not sent: indicator, its version and the bundle, the oldest first."""
        with self.engine.begin() as connection:
            rows = connection.execute(UNSENT, {"most": most}).all()
        return [(row.indicator_id, row.version, admit(orjson.loads(row.body))) for row in rows]

    def sent(self, *answers: tuple[str, str]) -> None:
        """The forum has answers to these versions of indicators; sent again they would be the same objects."""
        rows = [{"of_indicator": indicator_id, "of_version": version} for indicator_id, version in answers]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(SENT, rows)

    def tell(self, indicator: Indicator, campaign_id: str, now: datetime) -> Admitted:
        """Bundle of an own indicator, or of a new version of one, remembered with the campaign it tells of."""
        told = self._signed(indicator_bundle(indicator, self.member_id), now)
        with self.engine.begin() as connection:
            connection.execute(delete(OWN).where(OWN.c.indicator_id == indicator.indicator_id))
            row = {"indicator_id": indicator.indicator_id, "campaign_id": campaign_id, "revoked": False}
            connection.execute(insert(OWN).values(body=told.body, **row))
        return told

    def own(self, now: datetime) -> list[tuple[Indicator, str]]:
        """Indicators of its own that may be used still, and the campaign that each tells of."""
        with self.engine.begin() as connection:
            rows = connection.execute(select(OWN).where(OWN.c.revoked.is_(False))).all()
        told = [(read_indicator(admit(orjson.loads(row.body))), row.campaign_id) for row in rows]
        return [(indicator, campaign_id) for indicator, campaign_id in told if indicator.valid_until > now]

    def take_back(self, indicator_id: str, now: datetime) -> Admitted:
        """Bundle that revokes an own indicator; `taken_back` notes that the forum has it.

        Raises  MissingData when the node has told no such indicator.
        """
        with self.engine.begin() as connection:
            body = connection.execute(select(OWN.c.body).where(OWN.c.indicator_id == indicator_id)).scalar()
        if body is None:
            message = f"this node has told no indicator {indicator_id}"
            raise MissingData(message)
        told = read_indicator(admit(orjson.loads(body), now=now))
        return self._signed(revocation(told, self.member_id, _in_milliseconds(now)), now)

    def taken_back(self, indicator_id: str) -> None:
        """An own indicator is revoked at the forum: it is not told again."""
        with self.engine.begin() as connection:
            connection.execute(update(OWN).where(OWN.c.indicator_id == indicator_id).values(revoked=True))

    def _signed(self, bundle: dict[str, Any], now: datetime) -> Admitted:
        return admit(signed_bundle(bundle, self.key), now=now)

    def dispute(self, indicator_id: str, reason: FalsePositive, now: datetime) -> Admitted:
        """Bundle that holds another's indicator to be false: an opinion and a note, each from a closed list.

        Raises  MissingData when the node holds no such indicator of another member, or it was taken back.
        """
        with self.engine.begin() as connection:
            held = held_indicator(connection, f"indicator--{indicator_id}")
            if held is None:
                message = f"this node holds no indicator {indicator_id} of another member"
                raise MissingData(message)
            tlp, at = read_indicator(held).tlp, _in_milliseconds(now)
            made = false_positive_bundle(indicator_id, reason, at, member=self.member_id, tlp=tlp)
            told = self._signed(made, now)
            for document in told.document()["objects"]:
                if document["type"] in _AGAINST:
                    keep_opinion(connection, document, self.member_id)
            replace_matches(connection, indicator_id, [])
        return told

    def opinions_of(self, indicator_id: str) -> list[Opinion]:
        """Who holds an indicator to be false, and why; the member's own opinion too."""
        with self.engine.begin() as connection:
            return opinions_of(connection, indicator_id)

    def passed_over(self) -> list[tuple[str, str]]:
        """Who published what was not taken, and why."""
        with self.engine.begin() as connection:
            return [(row.origin, row.reason) for row in connection.execute(select(PASSED_OVER))]


def passed_over_in(engine: Engine) -> list[dict[str, Any]]:
    """How many objects of whom were not taken, for each reason; most first."""
    count = func.count().label("objects")
    grouped = select(PASSED_OVER.c.origin, PASSED_OVER.c.reason, count).group_by(
        PASSED_OVER.c.origin, PASSED_OVER.c.reason
    )
    with engine.begin() as connection:
        rows = connection.execute(grouped.order_by(count.desc(), PASSED_OVER.c.origin, PASSED_OVER.c.reason)).mappings()
        return [dict(row) for row in rows]


def indicator_in(engine: Engine, indicator_id: str) -> Indicator | None:
    """Another member's indicator as the node holds it; None when it does not, or it was taken back."""
    with engine.begin() as connection:
        held = held_indicator(connection, f"indicator--{indicator_id}")
    return None if held is None else read_indicator(held)


def findings_in(engine: Engine) -> list[dict[str, Any]]:
    """Findings as they stand: own evidence, the others' word beside it, and whether that was taken back."""
    with engine.begin() as connection:
        rows = connection.execute(select(FINDINGS).order_by(FINDINGS.c.family, FINDINGS.c.indicator_id)).all()
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - the public way to a row's names


def _is_news(document: Mapping[str, Any]) -> bool:
    """Whether anything follows from an object here: campaigns, and most links, say nothing that the rest does not."""
    kind = document.get("type")
    return kind != "campaign" and (kind != "relationship" or document.get("relationship_type") == "indicates")


def _remember(
    connection: Connection, indicator: Indicator, answer: Answer, told: Admitted | None, now: datetime
) -> None:
    said = answer.answer
    row = {
        "indicator_id": indicator.indicator_id,
        "version": time_text(indicator.modified),
        "answer": None if said is None else said.value,
        "days": answer.days,
        "coverage": answer.coverage,
        "sighting_id": None if told is None else read_sighting(told).sighting_id,
        "checked_at": time_text(_in_milliseconds(now)),
        "body": None if told is None else told.body,
        "is_sent": told is None,
    }
    connection.execute(DROP_ANSWER, {"of_indicator": row["indicator_id"], "of_version": row["version"]})
    connection.execute(ADD_ANSWER, row)


def _rows(indicator_id: str, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "family": str(finding.local.family),
            "indicator_id": indicator_id,
            "local": orjson.loads(orjson.dumps(dataclasses.asdict(finding.local))),
            "word": orjson.loads(orjson.dumps(dataclasses.asdict(finding.words[0]))),
            "withdrawn": False,
        }
        for finding in findings
    ]


def _in_milliseconds(now: datetime) -> datetime:
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
