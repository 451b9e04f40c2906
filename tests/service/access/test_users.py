"""Users: made, changed and ended on the record; never a name twice, never without an admin."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tests.databases import KINDS, database_url
from tests.service.access.people import NOW, PASSWORD, People, people

from stillwatch.act.trail import Trail
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.service.access.roles import Right, Role
from stillwatch.service.access.sessions import Lasting, begin_session, session_of
from stillwatch.service.access.users import (
    Elsewhere,
    Users,
    user_named,
    user_of_subject,
    user_with_password,
    users_of,
)

ADA = Elsewhere("https://id.example/tenant", "248289761001")
VIEWER, ADMIN = frozenset({Role.VIEWER}), frozenset({Role.ADMIN})


def test_a_user_is_let_in_by_the_password_alone(there: People) -> None:
    """Name in any letters, and the password; nothing else, and nobody who is not there."""
    made = there.add(" Ada ", Role.ANALYST, Role.ADMIN)
    assert (made.name, made.made_by, made.made_at, made.has_password) == ("ada", "alma", NOW, True)
    assert made.rights >= {Right.REVEAL, Right.ADMINISTER}
    assert there.do(lambda c: user_with_password(c, " ADA", PASSWORD)) == made
    for name, password in (("ada", PASSWORD + "x"), ("ada", ""), ("bea", PASSWORD), ("", PASSWORD), ("%", PASSWORD)):
        assert there.do(partial(user_with_password, name=name, password=password)) is None


def test_a_name_is_given_once(there: People) -> None:
    """Not again in other letters, and not again after its user has ended: what it did stays on record under it."""
    there.add("alma", Role.ADMIN)
    there.add("ada")
    there.users(lambda users: users.end("ada"))
    for name in ("ada", "ADA", " ada "):
        with pytest.raises(InvalidInput, match="there is, or was, a user named ada"):
            there.add(name)
    assert [(one.name, one.ended_at is None) for one in there.do(users_of)] == [("ada", False), ("alma", True)]


def test_an_account_elsewhere_is_one_user(there: People) -> None:
    """Whoever comes from a provider is found by issuer and subject together, and a second user of it is refused."""
    there.users(lambda users: users.add("alma", ADMIN, None, Elsewhere("https://id.example", "1")))
    made = there.users(lambda users: users.add("ada", VIEWER, None, ADA))
    assert there.do(lambda c: user_of_subject(c, ADA)) == made
    for other in (Elsewhere("https://other.example", ADA.subject), Elsewhere(ADA.issuer, "2"), Elsewhere("", "")):
        assert there.do(partial(user_of_subject, elsewhere=other)) is None
    with pytest.raises(InvalidInput, match="same account elsewhere"):
        there.users(lambda users: users.add("bea", VIEWER, None, ADA))
    assert there.do(lambda c: user_with_password(c, "ada", "")) is None
    with pytest.raises(MissingData, match="logs in elsewhere"):
        there.users(lambda users: users.set_password("ada", PASSWORD))
    there.users(lambda users: users.end("ada"))
    assert there.do(lambda c: user_of_subject(c, ADA)) is None


def test_one_way_to_log_in(there: People) -> None:
    """A user has a password or logs in elsewhere: neither, or both, is none."""
    for password, elsewhere in ((None, None), (PASSWORD, ADA)):
        with pytest.raises(InvalidInput, match="a password, or log in elsewhere"):
            there.users(partial(Users.add, name="ada", roles=VIEWER, password=password, elsewhere=elsewhere))
    assert there.do(users_of) == []


@pytest.mark.parametrize("name", ["", "a b", "<b>", "../x", "stillwatch", "customer", "x" * 65, "ä", "a\0"])
def test_names_that_are_no_persons(there: People, name: str) -> None:
    """What cannot stand in the ledger, and the service's own names."""
    with pytest.raises(InvalidInput, match="person"):
        there.add(name)


def test_no_role_is_no_user(there: People) -> None:
    """Whoever may do nothing is not added, nor made of somebody."""
    with pytest.raises(InvalidInput, match="a role must be one of"):
        there.users(lambda users: users.add("ada", frozenset(), PASSWORD))
    there.add("ada")
    with pytest.raises(InvalidInput, match="a role must be one of"):
        there.users(lambda users: users.set_roles("ada", frozenset()))


def test_roles_count_at_once(there: People) -> None:
    """A session that is open has the new roles at its next request."""
    user = there.add("ada", Role.VIEWER)
    held = there.do(lambda c: begin_session(c, user, NOW, Lasting()))
    there.users(lambda users: users.set_roles("ada", frozenset({Role.APPROVER})))
    found = there.do(lambda c: session_of(c, held, NOW, Lasting()))
    assert found is not None
    assert found[0].user.roles == {Role.APPROVER}
    assert Right.APPROVE in found[0].user.rights


def test_another_password_ends_sessions(there: People) -> None:
    """The old one is worth nothing, and whoever was in is out; nobody else is."""
    held = {}
    for user in (there.add("ada"), there.add("bea")):
        held[user.name] = there.do(partial(begin_session, user=user, now=NOW, lasting=Lasting()))
    there.users(lambda users: users.set_password("ada", "another long password"))
    assert there.do(lambda c: user_with_password(c, "ada", PASSWORD)) is None
    assert there.do(lambda c: user_with_password(c, "ada", "another long password")) is not None
    assert there.do(lambda c: session_of(c, held["ada"], NOW, Lasting())) is None
    assert there.do(lambda c: session_of(c, held["bea"], NOW, Lasting())) is not None


def test_who_is_ended_is_out_at_once(there: People) -> None:
    """No session, no password, no change any more; the user stays on record."""
    there.add("alma", Role.ADMIN)
    user = there.add("ada")
    held = there.do(lambda c: begin_session(c, user, NOW, Lasting()))
    assert there.users(lambda users: users.end("ada")).ended_at == NOW
    assert there.do(lambda c: session_of(c, held, NOW, Lasting())) is None
    assert there.do(lambda c: user_with_password(c, "ada", PASSWORD)) is None
    for change in (
        lambda users: users.end("ada"),
        lambda users: users.set_roles("ada", VIEWER),
        lambda users: users.set_password("ada", PASSWORD),
    ):
        with pytest.raises(MissingData, match="no user is called ada"):
            there.users(change)
    assert there.do(lambda c: user_named(c, "ada")).ended_at == NOW


def test_the_last_admin_stays(there: People) -> None:
    """Neither ended nor made something else, until there is another; one who has ended is no other."""
    there.add("alma", Role.ADMIN)
    there.add("old", Role.ADMIN)
    there.users(lambda users: users.end("old"))
    there.add("vera", Role.VIEWER)
    for change in (lambda users: users.end("alma"), lambda users: users.set_roles("alma", VIEWER)):
        with pytest.raises(InvalidInput, match="alma is the last admin"):
            there.users(change)
    there.users(lambda users: users.set_roles("alma", frozenset({Role.ADMIN, Role.ANALYST})))
    there.users(lambda users: users.set_roles("vera", ADMIN))
    assert there.users(lambda users: users.set_roles("alma", VIEWER)).roles == VIEWER
    with pytest.raises(InvalidInput, match="vera is the last admin"):
        there.users(lambda users: users.end("vera"))


@pytest.mark.parametrize("kind", KINDS)
def test_two_admins_who_end_each_other_at_once(kind: str, tmp_path: Path) -> None:
    """One of them is told to be the last."""
    with database_url(kind, tmp_path) as url, people(tmp_path, url) as there:
        there.add("alma", Role.ADMIN)
        there.add("bela", Role.ADMIN)
        both = threading.Barrier(2, timeout=30)

        def end(by: str, whom: str) -> str:
            both.wait()
            try:
                with there.engine.begin() as connection:
                    Users(connection, Trail(there.key), by, NOW).end(whom)
            except InvalidInput as told:
                return str(told)
            return ""

        with ThreadPoolExecutor(2) as pool:
            told = sorted(pool.map(end, ("alma", "bela"), ("bela", "alma")))
        assert told[0] == ""
        assert "is the last admin" in told[1]
        assert len([one for one in there.do(users_of) if one.ended_at is None]) == 1


def test_every_change_is_on_record_and_holds_no_secret(there: People) -> None:
    """One entry each, by whoever did it; the audit passes, and no document holds a password or its hash."""
    there.add("alma", Role.ADMIN)
    there.users(lambda users: users.add("ada", VIEWER, PASSWORD), by="Alma")
    there.users(lambda users: users.set_roles("ada", frozenset({Role.ANALYST, Role.ADMIN})))
    there.users(lambda users: users.set_password("ada", "another long password"))
    there.users(lambda users: users.end("ada"))
    told = there.told()
    assert [(one["what"], one["user"], one.get("roles")) for one in told] == [
        ("user-added", "alma", "admin"),
        ("user-added", "ada", "viewer"),
        ("user-changed", "ada", "admin analyst"),
        ("user-password", "ada", None),
        ("user-ended", "ada", None),
    ]
    assert {(one["by"], one["kind"]) for one in told} == {("alma", "roster-change")}
    assert there.n_verified() == 5
    assert "argon2" not in str(told)
    assert PASSWORD not in there.everything()


def test_what_is_refused_is_not_on_record(there: People) -> None:
    """A change that did not happen leaves no entry."""
    there.add("alma", Role.ADMIN)
    for change in (
        lambda users: users.end("alma"),
        lambda users: users.end("nobody"),
        lambda users: users.add("alma", VIEWER, PASSWORD),
        lambda users: users.set_password("alma", "short"),
    ):
        with pytest.raises((InvalidInput, MissingData)):
            there.users(change)
    assert len(there.told()) == there.n_verified() == 1


def test_a_name_in_a_message_is_cut(there: People) -> None:
    """A long name that nobody has makes no long message."""
    with pytest.raises(MissingData) as caught:
        there.do(lambda c: user_named(c, "x" * 100_000))
    assert len(str(caught.value)) < 100
