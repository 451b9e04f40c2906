"""Tokens that are issued and ended, each on the record."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.databases import KINDS, database_url
from tests.service.access.made import NOW, Made, made

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.tables import ENTRIES
from stillwatch.service.access.issued import PREFIX, Issue, Scope, end_token, issue_token, issued_tokens
from stillwatch.service.access.tables import SERVICE_TOKENS
from stillwatch.web.tokens import matches, parse_token


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """Tokens on either engine."""
    with database_url(request.param, tmp_path) as url, made(tmp_path, url) as opened:
        yield opened


def recorded(here: Made) -> list[tuple[str, str]]:
    """Kinds and actors of the ledger's entries."""
    with here.engine.begin() as connection:
        return [(row.kind, row.actor) for row in connection.execute(select(ENTRIES).order_by(ENTRIES.c.index))]


def test_a_token_from_issue_to_end(here: Made) -> None:
    """It is listed with what it is for, ends once, and both stand in the ledger; the row stays and says when."""
    here.issue("proxy", Scope.DECIDE, Scope.COLLECT, days=3)
    with here.engine.begin() as connection:
        (one,) = issued_tokens(connection)
    assert (one.name, sorted(one.scopes), one.made_by) == ("proxy", ["collect", "decide"], "ada")
    assert (one.made_at, one.expires_at, one.ended_at) == (NOW, NOW + timedelta(days=3), None)
    assert one.is_alive(NOW)
    assert not one.is_alive(NOW + timedelta(days=3))
    here.end("proxy")
    with pytest.raises(MissingData, match="no token is called 'proxy'"):
        here.end("proxy")
    with here.engine.begin() as connection:
        assert issued_tokens(connection) == ()
        (gone,) = issued_tokens(connection, ended=True)
    assert gone.ended_at == NOW
    assert not gone.is_alive(NOW)
    assert recorded(here) == [("roster-change", "ada")] * 2


def test_the_secret_is_nowhere_but_in_the_hand(here: Made) -> None:
    """The database has a hash, and the hash is of the secret; the token says whose it is."""
    text = here.issue()
    token = parse_token(text, PREFIX)
    assert token is not None
    with here.engine.begin() as connection:
        (row,) = connection.execute(select(SERVICE_TOKENS)).all()
    assert token.secret not in repr(row)
    assert matches(token, row.hashed)


def test_a_name_belongs_to_one_token_at_a_time(here: Made) -> None:
    """A second of the name is refused, records nothing and leaves the transaction whole; after the end it is free."""
    here.issue("proxy")
    with here.engine.begin() as connection:
        with pytest.raises(InvalidInput, match="name proxy; end it first"):
            issue_token(connection, here.trail, Issue("proxy", frozenset([Scope.METRICS]), "bea"), NOW)
        issue_token(connection, here.trail, Issue("other", frozenset([Scope.METRICS]), "bea"), NOW)
    assert recorded(here) == [("roster-change", "ada"), ("roster-change", "bea")]
    here.end("proxy")
    here.issue("proxy")
    with here.engine.begin() as connection:
        assert [one.name for one in issued_tokens(connection)] == ["other", "proxy"]


def test_when_the_record_fails_nothing_was_issued_or_ended(here: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be recorded has not happened."""
    here.issue("old")

    def broken(*_arguments: object) -> None:
        message = "no ledger"
        raise RuntimeError(message)

    monkeypatch.setattr(type(here.trail), "record", broken)
    with pytest.raises(RuntimeError, match="no ledger"):
        here.issue("new")
    with pytest.raises(RuntimeError, match="no ledger"):
        here.end("old")
    with here.engine.begin() as connection:
        assert [one.name for one in issued_tokens(connection)] == ["old"]


@pytest.mark.parametrize("name", ["", "Proxy", "-a", "a b", "a" * 65, "a\n", "ä"])
def test_names_that_cannot_stand_in_logs(name: str) -> None:
    """Capitals, spaces, line ends and endless text are refused."""
    with pytest.raises(InvalidInput, match="a token's name"):
        Issue(name, frozenset([Scope.DECIDE]), "ada")


def test_tokens_that_would_open_nothing(here: Made) -> None:
    """Without a scope, or ended before it begins, there is no token; nobody unnamed issues or ends one."""
    with pytest.raises(InvalidInput, match="scope of collect, decide, metrics"):
        Issue("a", frozenset(), "ada")
    with here.engine.begin() as connection:
        with pytest.raises(InvalidInput, match="expire before"):
            issue_token(connection, here.trail, Issue("a", frozenset([Scope.DECIDE]), "ada", NOW), NOW)
        with pytest.raises(InvalidInput, match="person"):
            issue_token(connection, here.trail, Issue("a", frozenset([Scope.DECIDE]), "stillwatch"), NOW)
        with pytest.raises(InvalidInput, match="person"):
            end_token(connection, here.trail, "a", "", NOW)


def test_scopes_of_a_newer_version_open_nothing(here: Made) -> None:
    """A row that names what this version does not know is read, and opens what it does."""
    here.issue("proxy", Scope.DECIDE)
    with here.engine.begin() as connection:
        connection.execute(SERVICE_TOKENS.update().values(scopes="decide govern"))
        (one,) = issued_tokens(connection)
    assert one.scopes == {Scope.DECIDE}
