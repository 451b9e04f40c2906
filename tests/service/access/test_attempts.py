"""Logins that were begun elsewhere: answered once, by the browser that began them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from tests.service.access.people import NOW, People

from stillwatch.service.access.attempts import KeptAttempt, keep_attempt, take_attempt
from stillwatch.service.access.sessions import digest_of
from stillwatch.service.access.user_tables import LOGIN_ATTEMPTS

LASTS = timedelta(minutes=10)


def kept(there: People, told: str = "state and nonce", after: timedelta = timedelta(0)) -> str:
    """What a browser holds of an attempt."""
    return there.do(lambda c: keep_attempt(c, told, "/console/campaigns", NOW + after, LASTS))


def test_an_attempt_is_answered_once(there: People) -> None:
    """As it was written, and then it is gone."""
    held = kept(there)
    assert there.do(lambda c: take_attempt(c, held)) == KeptAttempt("state and nonce", "/console/campaigns")
    assert there.do(lambda c: take_attempt(c, held)) is None


def test_of_many_answers_at_once_one_is_taken(there: People) -> None:
    """Eight at the same moment: one has it."""
    held = kept(there)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: there.do(lambda c: take_attempt(c, held)), range(8)))
    assert len([one for one in found if one is not None]) == 1


@pytest.mark.parametrize("held", ["", "x", "y" * 100_000, "' OR 1=1 --", "\0", "\udcff"])
def test_what_is_no_attempt(there: People, held: str) -> None:
    """Nothing is taken, and what is there stays."""
    mine = kept(there)
    assert there.do(lambda c: take_attempt(c, held)) is None
    assert there.do(lambda c: take_attempt(c, mine)) is not None


def test_the_database_holds_no_cookie(there: People) -> None:
    """Only its digest, which is worth nothing as a cookie; what was written is in nothing that is printed."""
    held = kept(there)
    assert held not in there.everything()
    assert there.do(lambda c: take_attempt(c, digest_of(held))) is None
    assert "nonce" not in repr(there.do(lambda c: take_attempt(c, held)))


def test_attempts_that_are_over_are_forgotten(there: People) -> None:
    """When the next one is kept; one that is ten minutes old is not over."""
    kept(there)
    kept(there, after=LASTS)
    assert there.do(lambda c: c.execute(select(func.count()).select_from(LOGIN_ATTEMPTS)).scalar_one()) == 2
    kept(there, after=LASTS + timedelta(microseconds=1))
    assert there.do(lambda c: c.execute(select(func.count()).select_from(LOGIN_ATTEMPTS)).scalar_one()) == 2
