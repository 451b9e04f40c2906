"""What decisions read of appeals: streams that are cleared, and streams whose appeal waits for too long.

An overdue appeal softens what is done about its stream to `observe` until a person has answered. The provider promised
a person in time; who waits in vain is the customer, who may have done nothing, and what is only observed can be acted
on again the minute the appeal is denied. So that nobody can buy rest for a campaign by filing more appeals than people
can read, this holds for the first `most_softened` overdue appeals of a campaign; the others are counted as held back
and shown to the operator, for whom they are the alarm. Filing as such softens nothing: otherwise everybody would file.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select, update

from stillwatch.act.appeals.appeal import Appeal, AppealRules
from stillwatch.act.appeals.tables import APPEALS, CHANGES, CLEARED
from stillwatch.act.cases.tables import CASE_ALIASES
from stillwatch.act.decide.stream import Stream
from stillwatch.signing.stamp import stamp
from stillwatch.store.conflict import insert_if_new
from stillwatch.store.database import reading

__all__ = ["Overdue", "Standing", "appeals_mark", "carry_over", "clear", "cleared_streams", "overdue"]


@dataclass(frozen=True, slots=True)
class Overdue:
    """Streams whose appeal should have been answered.

    softened    Nothing beyond `observe` is done about them.
    held_back   Overdue as well, of campaigns with more such appeals than are softened.
    renamed     The softened ones of campaigns that became part of another, by the name of that.
    """

    softened: frozenset[Stream]
    held_back: frozenset[Stream]
    renamed: frozenset[Stream] = frozenset()

    @property
    def observed(self) -> frozenset[Stream]:
        """Softened streams by every name that decisions may know them by."""
        return self.softened | self.renamed


def cleared_streams(connection: Connection) -> frozenset[Stream]:
    """Streams that a person has cleared: nothing is done about them."""
    rows = connection.execute(select(CLEARED.c.campaign_id, CLEARED.c.account_id))
    return frozenset(Stream(row.campaign_id, row.account_id) for row in rows)


def overdue(connection: Connection, rules: AppealRules, now: datetime) -> Overdue:
    """Streams whose appeal is overdue; of a campaign, as it is called now, those that were filed first are softened."""
    late = APPEALS.c.outcome.is_(None) & (APPEALS.c.deadline < stamp(now))
    wanted = select(APPEALS.c.campaign_id, APPEALS.c.account_id, CASE_ALIASES.c.case_id).where(late)
    renamed = wanted.outerjoin(CASE_ALIASES, CASE_ALIASES.c.alias == APPEALS.c.campaign_id)
    by_campaign: dict[str, dict[Stream, None]] = defaultdict(dict)
    for row in connection.execute(renamed.order_by(APPEALS.c.filed_at, APPEALS.c.appeal_id)):
        by_campaign[row.case_id or row.campaign_id][Stream(row.campaign_id, row.account_id)] = None
    first = {name: list(found)[: rules.most_softened] for name, found in by_campaign.items()}
    softened = frozenset(stream for found in first.values() for stream in found)
    return Overdue(
        softened,
        frozenset(stream for found in by_campaign.values() for stream in found) - softened,
        frozenset(Stream(name, stream.account_id) for name, found in first.items() for stream in found) - softened,
    )


class Standing:
    """What decisions ask every second, read anew only when it may have changed; may be asked from several threads.

    >>> from stillwatch.act.appeals.tables import APPEAL_TABLES
    >>> from stillwatch.store.database import open_database
    >>> Standing(open_database("sqlite://", APPEAL_TABLES)).cleared()
    frozenset()
    """

    def __init__(
        self,
        engine: Engine,
        rules: AppealRules | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine, self._rules, self._clock = engine, rules or AppealRules(), clock
        self._cleared: tuple[int, frozenset[Stream]] = (-1, frozenset())

    def cleared(self) -> frozenset[Stream]:
        """Streams that a person has cleared."""
        with reading(self._engine).begin() as connection:
            mark = appeals_mark(connection)
            if mark != self._cleared[0]:
                self._cleared = (mark, cleared_streams(connection))
        return self._cleared[1]

    def overdue(self) -> frozenset[Stream]:
        """Streams whose appeal waits for too long, those that are softened."""
        with reading(self._engine).begin() as connection:
            return overdue(connection, self._rules, self._clock()).observed


def clear(connection: Connection, appeal: Appeal, now: datetime) -> frozenset[Stream]:
    """Clear the stream of an appeal; it, and the same by the name that its campaign has now."""
    streams = {appeal.stream, appeal.stream._replace(campaign_id=_name_now(connection, appeal.stream.campaign_id))}
    for stream in streams:
        row = {**stream._asdict(), "appeal_id": appeal.appeal_id, "cleared_at": stamp(now)}
        insert_if_new(connection, CLEARED, row)
    _change(connection)
    return frozenset(streams)


def _name_now(connection: Connection, campaign_id: str) -> str:
    """Campaign that one became part of since; itself for most."""
    pointed = select(CASE_ALIASES.c.case_id).where(CASE_ALIASES.c.alias == campaign_id)
    return connection.execute(pointed).scalar() or campaign_id


def carry_over(connection: Connection, campaign_id: str, also_known_as: Iterable[str]) -> int:
    """What was cleared stays cleared when its campaign turns out to be part of another; how many streams."""
    earlier = select(CLEARED).where(CLEARED.c.campaign_id.in_(list(also_known_as)))
    rows = connection.execute(earlier).mappings().all()
    n = sum(insert_if_new(connection, CLEARED, {**row, "campaign_id": campaign_id}) for row in rows)
    if n:
        _change(connection)
    return n


def appeals_mark(connection: Connection) -> int:
    """Number that grows with every change of what is cleared: while it stands, `cleared_streams` need not be read.

    Overdue appeals change by the clock alone: they are to be read every minute or so.
    """
    return connection.execute(select(CHANGES.c.n)).scalar() or 0


def _change(connection: Connection) -> None:
    insert_if_new(connection, CHANGES, {"one": 1, "n": 0})
    connection.execute(update(CHANGES).values(n=CHANGES.c.n + 1))
