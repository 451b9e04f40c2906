"""Sessions: as long as they are said to last, to the second, and nothing in the database logs in."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from tests.service.access.people import NOW, People

from stillwatch.service.access.roles import Role
from stillwatch.service.access.sessions import (
    Lasting,
    Session,
    begin_session,
    digest_of,
    end_session,
    end_sessions_of,
    is_living,
    leave_word,
    note_seen,
    session_of,
    take_word,
)
from stillwatch.service.access.user_tables import SESSIONS, USERS
from stillwatch.service.access.users import User
from stillwatch.signing.stamp import stamp

LASTING = Lasting(timedelta(hours=2), timedelta(hours=12))
SECOND, MOMENT = timedelta(seconds=1), timedelta(microseconds=1)


@pytest.fixture
def user(there: People) -> User:
    """Somebody."""
    return there.add("ada", Role.ANALYST)


def begun(there: People, user: User, after: timedelta = timedelta(0)) -> str:
    """What a browser holds of a new session."""
    return there.do(lambda c: begin_session(c, user, NOW + after, LASTING))


def found(there: People, held: str, after: timedelta = timedelta(0)) -> tuple[Session, bool] | None:
    """The session that a browser has so long after the beginning."""
    return there.do(lambda c: session_of(c, held, NOW + after, LASTING))


def test_a_session_is_its_users(there: People, user: User) -> None:
    """Who, since when, until when; two of one user are two."""
    one, other = begun(there, user), begun(there, user)
    assert one != other
    assert len(one) == 43
    session = found(there, one)
    assert session is not None
    assert (session[0].user, session[0].made_at, session[0].ends_at) == (user, NOW, NOW + LASTING.whole)
    assert session[0].has_word is False
    assert session[1] is False


def test_the_database_holds_nothing_that_logs_in(there: People, user: User) -> None:
    """Only the digest: shown as a cookie it is worth nothing, and a printed session does not tell even that."""
    held = begun(there, user)
    kept = there.everything()
    assert held not in kept
    assert digest_of(held) in kept
    assert found(there, digest_of(held)) is None
    session = found(there, held)
    assert session is not None
    assert digest_of(held) not in repr(session)


@pytest.mark.parametrize("held", ["", "x", "a" * 43, "x" * 100_000, "' OR 1=1 --", "\0", "é", "\udcff"])
def test_what_is_no_session(there: People, user: User, held: str) -> None:
    """Whatever a browser shows instead."""
    begun(there, user)
    assert found(there, held) is None


def test_idle_to_the_second(there: People, user: User) -> None:
    """Two hours after the last request that was noted it goes on, a moment later it does not."""
    held = begun(there, user)
    assert found(there, held, LASTING.idle) is not None
    assert found(there, held, LASTING.idle + MOMENT) is None
    there.do(lambda c: note_seen(c, digest_of(held), NOW + LASTING.idle))
    assert found(there, held, 2 * LASTING.idle) is not None
    assert found(there, held, 2 * LASTING.idle + MOMENT) is None


def test_the_whole_to_the_second(there: People, user: User) -> None:
    """Whoever never stops is logged out after twelve hours all the same."""
    held = begun(there, user)
    there.do(lambda c: note_seen(c, digest_of(held), NOW + LASTING.whole - SECOND))
    assert found(there, held, LASTING.whole - MOMENT) is not None
    assert found(there, held, LASTING.whole) is None


def test_seen_is_noted_once_a_minute(there: People, user: User) -> None:
    """Not at every request, which would write each time."""
    held = begun(there, user)
    for after, is_to_note in ((60, False), (61, True)):
        session = found(there, held, timedelta(seconds=after))
        assert session is not None
        assert session[1] is is_to_note


def test_sessions_that_are_over_are_forgotten(there: People, user: User) -> None:
    """At the next login of anybody; those that go on stay."""
    begun(there, user)
    late = begun(there, user, LASTING.whole)
    held = begun(there, user, LASTING.whole + MOMENT)
    assert there.do(lambda c: c.execute(select(func.count()).select_from(SESSIONS)).scalar_one()) == 2
    assert found(there, late, LASTING.whole + MOMENT) is not None
    assert found(there, held, LASTING.whole + MOMENT) is not None


def test_logged_out(there: People, user: User) -> None:
    """One session, or all of one user; others stay in, and a second time is nothing."""
    other = there.add("bea")
    one, two, hers = begun(there, user), begun(there, user), begun(there, other)
    there.do(lambda c: end_session(c, digest_of(one)))
    there.do(lambda c: end_session(c, digest_of(one)))
    assert found(there, one) is None
    assert found(there, two) is not None
    assert there.do(lambda c: end_sessions_of(c, "ada")) == 1
    assert there.do(lambda c: end_sessions_of(c, "ada")) == 0
    assert found(there, two) is None
    assert found(there, hers) is not None


def test_whoever_was_ended_behind_the_session_is_out(there: People, user: User) -> None:
    """Also when the session itself is still in the table."""
    held = begun(there, user)
    there.do(lambda c: c.execute(update(USERS).values(ended_at=stamp(NOW))))
    assert found(there, held) is None


def test_a_word_is_shown_once(there: People, user: User) -> None:
    """The last one that was left, to its session only."""
    held, other = begun(there, user), begun(there, user)
    there.do(lambda c: leave_word(c, digest_of(held), "first"))
    there.do(lambda c: leave_word(c, digest_of(held), "It is done."))
    session = found(there, held)
    assert session is not None
    assert session[0].has_word
    assert there.do(lambda c: take_word(c, digest_of(other))) is None
    assert there.do(lambda c: take_word(c, digest_of(held))) == "It is done."
    assert there.do(lambda c: take_word(c, digest_of(held))) is None


def test_whether_anybody_can_log_in(there: People) -> None:
    """Somebody must be there, and not ended."""
    assert there.do(is_living) is False
    there.add("ada")
    assert there.do(is_living) is True
    there.do(lambda c: c.execute(update(USERS).values(ended_at=stamp(NOW))))
    assert there.do(is_living) is False
