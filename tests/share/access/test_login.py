"""Who is let in, who is not, and what those who are not can learn from it."""

from pathlib import Path
from typing import Any

import pytest
from tests.share.hub import basic_header

from stillwatch.share.access import login as module
from stillwatch.share.access.credentials import CERTIFICATE, PREFIX, Credentials, Proxies, credentials_of
from stillwatch.share.access.login import Login
from stillwatch.share.access.roster import Role, Roster
from stillwatch.share.access.tables import TABLES
from stillwatch.store.database import open_database
from stillwatch.web.problem import Problem
from stillwatch.web.tokens import Token, fresh_token, matches


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def roster(tmp_path: Path) -> Roster:
    """An empty roster."""
    return Roster(open_database(tmp_path / "forum.db", TABLES))


def status(login: Login, token: Token, source: str = "a") -> int:
    """HTTP status that a login comes to."""
    try:
        login(Credentials(token), source)
    except Problem as wrong:
        return int(wrong.status)
    return 200


def count_hashes(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Hashes that are verified from now on."""
    seen: list[str | None] = []

    def counting(token: Token, hashed: str | None) -> bool:
        seen.append(hashed)
        return matches(token, hashed)

    monkeypatch.setattr(module, "matches", counting)
    return seen


def test_a_token_logs_in_and_its_secret_is_not_in_the_database(roster: Roster, tmp_path: Path) -> None:
    """The member comes back with its role; the files hold a hash."""
    member_id, token = roster.add_member("one", Role.AUDITOR)
    member = Login(roster.engine)(Credentials(token), "a")
    assert (member.member_id, member.role) == (member_id, Role.AUDITOR)
    roster.engine.dispose()
    assert not any(token.secret.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_one_hash_for_many_requests(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that was right is remembered for a while, one that was wrong is not."""
    _, token = roster.add_member("one")
    clock, seen = Clock(), count_hashes(monkeypatch)
    login = Login(roster.engine, clock)
    assert [status(login, token) for _ in range(5)] == [200] * 5
    assert len(seen) == 1
    assert status(login, Token(PREFIX, token.lookup, "w" * 43)) == 401
    assert status(login, Token(PREFIX, token.lookup, "w" * 43)) == 401
    assert len(seen) == 3
    clock.now += 1e4
    assert status(login, token) == 200
    assert len(seen) == 4


def test_revocation_ends_what_is_remembered_even_when_another_process_revokes(roster: Roster) -> None:
    """The next request after a revocation is refused, for a token, its bearer, and a feed that was open."""
    engine = roster.engine
    one, token = roster.add_member("one")
    two, other = roster.add_member("two")
    login = Login(engine)
    members = [login(Credentials(t), "a") for t in (token, other)]
    elsewhere = Roster(open_database(engine.url.render_as_string(), TABLES))
    elsewhere.revoke_token(token.lookup)
    elsewhere.revoke_member(two)
    assert [status(login, t) for t in (token, other)] == [401, 401]
    assert [login.renewed(member) for member in members] == [None, None]
    assert {m.member_id: m.revoked_s is not None for m in roster.members()} == {one: False, two: True}


def test_rotation_leaves_the_old_token_its_grace(roster: Roster) -> None:
    """Both work until the grace is over, then the new one alone; the memory of the old one ends with it."""
    member_id, old = roster.add_member("one")
    new = roster.rotate_token(member_id, old.lookup, grace_s=60)
    login = Login(roster.engine)
    assert [status(login, t) for t in (old, new)] == [200, 200]
    clock = Clock()
    clock.now = 4e9
    late = Login(roster.engine, clock)
    assert [status(late, t) for t in (old, new)] == [401, 200]


def test_whatever_is_wrong_the_answer_and_the_work_are_the_same(
    roster: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown, wrong, expired and revoked tokens each cost one hash and give one text."""
    _, wrong = roster.add_member("one")
    gone_id, gone = roster.add_member("two")
    late_id, late = roster.add_member("three")
    roster.revoke_member(gone_id)
    roster.rotate_token(late_id, late.lookup, grace_s=-1)
    seen, login, texts = count_hashes(monkeypatch), Login(roster.engine), set()
    for token in (fresh_token(PREFIX), Token(PREFIX, wrong.lookup, "w" * 43), gone, late):
        with pytest.raises(Problem) as told:
            login(Credentials(token), "a")
        texts.add((int(told.value.status), str(told.value), tuple(told.value.headers.items())))
    assert len(texts) == 1
    assert len(seen) == 4


def test_failed_logins_are_limited_by_source_and_cost_nobody_else(roster: Roster) -> None:
    """After twenty failures a source waits, but a token that is remembered still works from there."""
    _, token = roster.add_member("one")
    clock = Clock()
    login = Login(roster.engine, clock)
    assert status(login, token, "bad") == 200
    for _ in range(20):
        with pytest.raises(Problem):
            login(Credentials(malformed=True), "bad")
    assert status(login, fresh_token(PREFIX), "bad") == 429
    assert status(login, token, "bad") == 200
    assert status(login, fresh_token(PREFIX), "good") == 401
    clock.now += 61
    assert status(login, fresh_token(PREFIX), "bad") == 401


def scope(address: str = "10.0.0.1", **more: Any) -> dict[str, Any]:
    """What a server says of a connection."""
    return {"client": (address, 1)} | more


def test_a_certificate_counts_only_from_who_may_tell(roster: Roster) -> None:
    """TLS of our own and a trusted proxy are believed; anybody else's header is not."""
    member_id, token = roster.add_member("one")
    print_of = "ab" * 32
    roster.trust_certificate(member_id, ":".join(["AB"] * 32))
    header = {"x-client-certificate-sha256": print_of}
    believed = Proxies(["10.0.0.0/8"])
    login = Login(roster.engine)
    cases = [
        (credentials_of(scope(), header, Proxies()), False),
        (credentials_of(scope("192.0.2.1"), header, believed), False),
        (credentials_of(scope("not an address"), header, believed), False),
        (credentials_of(scope(), header, believed), True),
        (credentials_of(scope(**{CERTIFICATE: print_of}), {}, Proxies()), True),
        (credentials_of(scope(**{CERTIFICATE: "cd" * 32}), {}, Proxies()), False),
        # A token that is wrong is not saved by a certificate that is right.
        (credentials_of(scope(**{CERTIFICATE: print_of}), {"authorization": "Bearer x"}, Proxies()), False),
    ]
    for shown, good in cases:
        if good:
            found = login(shown, "a")
            assert found.member_id == member_id
            assert login.renewed(found) == found
        else:
            with pytest.raises(Problem):
                login(shown, "a")
    assert token.lookup


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_tokens_are_read_from_every_usual_header(scheme: str) -> None:
    """Bearer, Token, and Basic with the parts or the whole."""
    token = fresh_token(PREFIX)
    for header in (f"{scheme} {token.text}", basic_header(token.text)):
        assert credentials_of(scope(), {"authorization": header}, Proxies()).token == token


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!", "Basic gIA=", "Digest x", "Bearer " + "x" * 5_000])
def test_what_is_no_token_is_malformed(header: str) -> None:
    """Nothing is made of it and nothing raised."""
    assert credentials_of(scope(), {"authorization": header}, Proxies()) == Credentials(malformed=True)
