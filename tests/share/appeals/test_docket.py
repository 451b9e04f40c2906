"""Appeals from filing to decision: who may see what, who is asked, what time does."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select
from tests.share.appeals.forum import LATER, MEMBERS, NOW, filing, open_forum

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.book import entry_at, head, opening_of
from stillwatch.ledger.entry import Kind
from stillwatch.share.appeals.case import Answer, Outcome, State
from stillwatch.share.appeals.docket import answer, asked, cases, decide, own_case, settle, status, waiting
from stillwatch.share.appeals.filing import MOST_A_DAY, Filed, case_filed, file
from stillwatch.share.appeals.references import MOST_MISSES, TooMany
from stillwatch.share.appeals.revocation import acknowledge, revoke
from stillwatch.share.appeals.tables import APPEALS
from stillwatch.share.life.tombstones import Cause, Tombstone, tombstone_of, tombstones

A, B, C = MEMBERS


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """One transaction of a forum."""
    with open_forum(tmp_path / "forum.db").begin() as begun:
        yield begun


def state(connection: Connection, filed: Filed) -> State:
    """State as the filer sees it."""
    found = status(connection, B, filed.reference, NOW)
    assert found is not None
    return found.state


def give(connection: Connection, filed: Filed, **answers: Answer) -> None:
    """Answers of members a, b, c."""
    for name, given in answers.items():
        member = f"member-{name}"
        assert answer(connection, member, filed.of_holders[member], given, NOW) is not None


def test_one_reference_reaches_every_holder(connection: Connection) -> None:
    """Each is asked under a reference of its own, the originator even if nobody named it."""
    filed = file(connection, filing(holders=[B, C]), NOW)
    assert set(filed.of_holders) == set(MEMBERS)
    assert len({filed.reference, *filed.of_holders.values()}) == 4
    for member, reference in filed.of_holders.items():
        found = asked(connection, member, reference, NOW)
        assert found is not None
        assert (found.indicator_id, found.deadline, found.answer) == ("indicator--1", NOW + timedelta(days=7), None)
    told = status(connection, B, filed.reference, NOW)
    assert told is not None
    assert (told.state, told.n_holders, told.n_answered, told.n_removed) == (State.OPEN, 3, 0, 0)


def test_unknown_and_foreign_references_are_one_answer(connection: Connection) -> None:
    """Of the filer, of a holder, made up, empty, long, no Unicode: nothing, and nothing else is told."""
    filed = file(connection, filing(), NOW)
    theirs = [filed.reference, *filed.of_holders.values(), "", "x", "x" * 10_000, "\ud800", "\0"]
    for reference in theirs:
        assert status(connection, "member-d", reference, NOW) is None
        assert asked(connection, "member-d", reference, NOW) is None
        assert answer(connection, "member-d", reference, Answer.WITHDRAW, NOW) is None
    assert asked(connection, C, filed.of_holders[A], NOW) is None
    assert status(connection, B, filed.of_holders[B], NOW) is None
    assert asked(connection, B, filed.reference, NOW) is None
    assert state(connection, filed) is State.OPEN


def test_the_filers_reference_is_not_in_the_database(tmp_path: Path) -> None:
    """Who reads the disk of the forum cannot ask how the case stands; holders' names in it are no secret of theirs."""
    engine = open_forum(tmp_path / "forum.db")
    with engine.begin() as connection:
        filed = file(connection, filing(), NOW)
    engine.dispose()
    disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"indicator--1" in disk
    assert filed.reference.encode() not in disk


def test_who_guesses_is_stopped(connection: Connection) -> None:
    """After 30 misses an hour even a good reference is refused, until the next hour; others are not affected."""
    filed = file(connection, filing(), NOW)
    for _ in range(MOST_MISSES):
        assert status(connection, B, "guess", NOW) is None
    with pytest.raises(TooMany, match="ask again in 3600 s") as caught:
        status(connection, B, filed.reference, NOW)
    assert caught.value.retry_after_s == 3600
    assert asked(connection, C, filed.of_holders[C], NOW) is not None
    assert status(connection, B, filed.reference, NOW + timedelta(hours=1)) is not None


def test_who_floods_is_stopped(connection: Connection) -> None:
    """Twenty appeals a day by one filer; others may still file, and so may it the day after."""
    for n in range(MOST_A_DAY):
        file(connection, filing(indicator_id=f"i-{n}"), NOW)
    with pytest.raises(TooMany, match="allowed 20"):
        file(connection, filing(), NOW + timedelta(hours=23))
    file(connection, filing(filer=C), NOW)
    file(connection, filing(), NOW + timedelta(hours=25))


def test_the_originators_retreat_revokes_at_once(connection: Connection) -> None:
    """The indicator has a tombstone, and the case is upheld though others have not answered."""
    filed = file(connection, filing(), NOW)
    give(connection, filed, c=Answer.WITHDRAW)
    assert state(connection, filed) is State.OPEN
    give(connection, filed, a=Answer.WITHDRAW)
    assert state(connection, filed) is State.UPHELD
    (stone,) = tombstones(connection)
    assert (stone.indicator_id, stone.cause, stone.revoked_at) == ("indicator--1", Cause.APPEAL, NOW)
    assert entry_at(connection, stone.entry).kind is Kind.REVOKE
    assert tombstones(connection, after=stone.entry) == []


def test_nobody_but_the_forum_rejects(connection: Connection) -> None:
    """All maintain: the case is answered, and stays so until somebody decides it."""
    filed = file(connection, filing(), NOW)
    case_id = own_case(connection, B, filed.reference, NOW)
    assert case_id is not None
    give(connection, filed, a=Answer.MAINTAIN, b=Answer.ABSTAIN)
    with pytest.raises(InvalidInput, match="it is open"):
        decide(connection, case_id, Outcome.REJECTED, NOW)
    give(connection, filed, c=Answer.MAINTAIN)
    assert settle(connection, LATER) == []
    assert state(connection, filed) is State.ANSWERED
    decide(connection, case_id, Outcome.REJECTED, NOW)
    assert state(connection, filed) is State.REJECTED
    assert not tombstone_of(connection, "indicator--1")
    with pytest.raises(InvalidInput, match="it is rejected"):
        decide(connection, case_id, Outcome.UPHELD, NOW)


def test_silence_of_the_originator_upholds_and_of_others_does_not(connection: Connection) -> None:
    """After the deadline the one falls by itself, the other waits for a decision as overdue."""
    silent = file(connection, filing(indicator_id="i-1"), NOW)
    stood_by = file(connection, filing(indicator_id="i-2"), NOW)
    give(connection, silent, b=Answer.MAINTAIN, c=Answer.MAINTAIN)
    give(connection, stood_by, a=Answer.MAINTAIN)
    assert settle(connection, NOW + timedelta(days=7)) == []
    assert settle(connection, LATER) == [own_case(connection, B, silent.reference, LATER)]
    assert settle(connection, LATER) == []
    found = status(connection, B, stood_by.reference, LATER)
    assert found is not None
    assert found.state is State.OVERDUE
    assert tombstone_of(connection, "i-1")
    assert not tombstone_of(connection, "i-2")


def test_a_decision_cannot_save_what_nobody_stands_by(connection: Connection) -> None:
    """Overdue without the originator's answer: upheld only."""
    filed = file(connection, filing(), NOW)
    case_id = own_case(connection, B, filed.reference, NOW)
    assert case_id is not None
    with pytest.raises(InvalidInput, match="only be upheld"):
        decide(connection, case_id, Outcome.REJECTED, LATER)
    decide(connection, case_id, Outcome.UPHELD, LATER)
    assert tombstone_of(connection, "indicator--1")


def test_what_its_originator_took_back_before_keeps_its_cause(connection: Connection) -> None:
    """An open case that is upheld afterwards does not make a fallen indicator of a withdrawn one."""
    filed = file(connection, filing(), NOW)
    revoke(connection, Tombstone("indicator--1", Cause.WITHDRAWN, NOW, NOW), A)
    give(connection, filed, a=Answer.WITHDRAW)
    assert state(connection, filed) is State.UPHELD
    assert [stone.cause for stone in tombstones(connection)] == [Cause.WITHDRAWN]


def test_an_answer_is_given_once_and_before_the_end(connection: Connection) -> None:
    """The second one is refused, and so is one to a decided case."""
    filed = file(connection, filing(), NOW)
    give(connection, filed, b=Answer.MAINTAIN)
    with pytest.raises(InvalidInput, match="once"):
        give(connection, filed, b=Answer.WITHDRAW)
    give(connection, filed, a=Answer.WITHDRAW)
    with pytest.raises(InvalidInput, match="once"):
        give(connection, filed, c=Answer.MAINTAIN)


def test_one_revocation_ends_all_appeals_about_the_indicator(connection: Connection) -> None:
    """Those that are open, and those that come later; there is one tombstone."""
    first = file(connection, filing(), NOW)
    second = file(connection, filing(filer=C), NOW)
    other = file(connection, filing(indicator_id="i-2"), NOW)
    give(connection, first, a=Answer.WITHDRAW)
    third = file(connection, filing(), NOW)
    told = status(connection, C, second.reference, NOW)
    assert told is not None
    assert told.state is State.UPHELD
    assert [state(connection, filed) for filed in (first, third, other)] == [State.UPHELD, State.UPHELD, State.OPEN]
    assert len(tombstones(connection)) == 1


def test_the_ledger_names_no_member_and_can_be_opened(connection: Connection) -> None:
    """Entries of a case are under names of that case; their documents say what happened."""
    filed = file(connection, filing(), NOW)
    give(connection, filed, b=Answer.MAINTAIN, a=Answer.WITHDRAW)
    entries = [entry_at(connection, i) for i in range(head(connection, NOW).size)]
    assert [e.kind for e in entries] == [Kind.APPEAL] * 3 + [Kind.REVOKE, Kind.APPEAL]
    assert not {e.actor for e in entries} & set(MEMBERS)
    openings = [opening_of(connection, i) for i in range(len(entries))]
    assert [o.document["event"] for o in openings if o] == ["filed", "answered", "answered", "revoked", "decided"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"within": timedelta(0)}, "time to answer"),
        ({"within": timedelta(days=31)}, "time to answer"),
        ({"holders": [f"m{i}" for i in range(1001)]}, "at most 1000"),
        ({"indicator_id": ""}, "indicator's id"),
        ({"indicator_id": "x" * 65}, "indicator's id"),
    ],
)
def test_an_appeal_out_of_range_is_refused(connection: Connection, changed: dict[str, object], message: str) -> None:
    """And leaves nothing behind."""
    with pytest.raises(InvalidInput, match=message):
        file(connection, filing(**changed), NOW)
    assert connection.execute(select(APPEALS)).all() == []


def test_filing_again_under_a_reference_finds_the_case(connection: Connection) -> None:
    """An answer that was lost costs nothing; the same reference of another filer is another case."""
    filed = file(connection, filing(), NOW)
    again = file(connection, filing(filer=C, reference=filed.reference), NOW)
    assert case_filed(connection, B, filed.reference) == filed.case_id
    assert case_filed(connection, C, filed.reference) == again.case_id != filed.case_id
    assert case_filed(connection, A, filed.reference) is None


def test_what_waits_for_a_member_is_listed_and_nothing_else(connection: Connection) -> None:
    """An answer until it is given or the case is decided, then its word that the indicator is gone; by deadline."""
    late = file(connection, filing(indicator_id="i-2", within=timedelta(days=9)), NOW)
    soon = file(connection, filing(indicator_id="i-1"), NOW)
    assert [(one.alias, one.is_originator) for one in waiting(connection, A, NOW)] == [
        (soon.of_holders[A], True),
        (late.of_holders[A], True),
    ]
    assert len(waiting(connection, A, NOW, most=1)) == 1
    assert waiting(connection, "member-d", NOW) == []
    give(connection, late, c=Answer.MAINTAIN)
    assert [one.indicator_id for one in waiting(connection, C, NOW)] == ["i-1"]
    give(connection, late, a=Answer.WITHDRAW)
    assert [(one.indicator_id, one.state) for one in waiting(connection, C, NOW)] == [
        ("i-2", State.UPHELD),
        ("i-1", State.OPEN),
    ]
    assert acknowledge(connection, C, late.of_holders[C], NOW)
    assert [one.indicator_id for one in waiting(connection, C, NOW)] == ["i-1"]


def test_a_rejected_case_waits_for_nobody(connection: Connection) -> None:
    """It is listed for the operator among all cases only, by deadline."""
    filed = file(connection, filing(), NOW)
    open_case = file(connection, filing(indicator_id="i-2", within=timedelta(days=1)), NOW)
    give(connection, filed, a=Answer.MAINTAIN, b=Answer.MAINTAIN, c=Answer.ABSTAIN)
    decide(connection, filed.case_id, Outcome.REJECTED, NOW)
    assert [one.indicator_id for one in waiting(connection, A, NOW)] == ["i-2"]
    assert [case.case_id for case in cases(connection)] == [open_case.case_id]
    assert [case.case_id for case in cases(connection, undecided=False)] == [open_case.case_id, filed.case_id]
    with pytest.raises(MissingData, match="no case"):
        decide(connection, "0" * 32, Outcome.UPHELD, NOW)
