"""Who is let in, what that costs, and what whoever is not let in can learn or spoil."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from tests.service.access.made import Made, made

from stillwatch.service.access import doorkeeper as module
from stillwatch.service.access.doorkeeper import MOST_AGE_S
from stillwatch.service.access.issued import PREFIX, Issued, Scope, issued_tokens
from stillwatch.web.problem import Problem
from stillwatch.web.tokens import Token, fresh_token, matches

KEY = "sk-a-key-of-a-customer"
HOUR_S = 3600.0


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Made]:
    """Tokens and somebody at the door."""
    with made(tmp_path) as opened:
        yield opened


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Hashes that were verified."""
    seen: list[str | None] = []

    def counting(token: Token, hashed: str | None) -> bool:
        seen.append(hashed)
        return matches(token, hashed)

    monkeypatch.setattr(module, "matches", counting)
    return seen


def forged(text: str = "") -> str:
    """A token of the right form that nobody was given; with the public part of another, if one is named."""
    token = fresh_token(PREFIX)
    return Token(PREFIX, text.split(".")[1], token.secret).text if text else token.text


def test_scopes(here: Made) -> None:
    """A token opens what it is for, and is told so where it is for something else."""
    tokens = {frozenset(some): here.issue(f"t{n}", *some) for n, some in enumerate(itertools.combinations(Scope, 2))}
    for (scopes, shown), scope in itertools.product(tokens.items(), Scope):
        assert here.status(shown, scope=scope) == (200 if scope in scopes else 403)


@pytest.mark.parametrize(
    "text",
    ["", KEY, "sws.x.y", "swf" + forged()[3:], forged() + "0", "\udcff"],
    ids=["empty", "key", "short", "forum", "long", "surrogate"],  # of random tokens every worker would have others
)
def test_what_is_no_token_is_never_verified_nor_counted(here: Made, hashes: list[str | None], text: str) -> None:
    """A customer's key or a forum's token is refused for nothing, however often it comes."""
    assert {here.status(text) for _ in range(50)} == {401}
    assert hashes == []
    assert here.status(here.issue()) == 200


def test_one_hash_for_all_calls(here: Made, hashes: list[str | None]) -> None:
    """A token is verified once; after that neither hash nor database is needed, also not after hours."""
    text = here.issue()
    assert here.status(text) == 200
    here.doorkeeper.refresh()
    looks = []
    here.doorkeeper.refresh = lambda: looks.append(1)  # type: ignore[method-assign]
    assert {here.status(text) for _ in range(100)} == {200}
    assert (len(hashes), looks) == (1, [])


def test_calls_that_come_together_are_verified_once(here: Made, hashes: list[str | None]) -> None:
    """A burst of first calls with one token costs one hash."""
    headers = {"x-api-key": here.issue()}

    async def burst() -> list[int]:
        return await asyncio.gather(*(here.call(headers) for _ in range(50)))

    assert set(asyncio.run(burst())) == {200}
    assert len(hashes) == 1


def test_a_token_that_was_just_issued_opens_at_once(here: Made) -> None:
    """A service that has looked a moment ago looks again for a token it does not know."""
    first = here.issue("first")
    assert here.status(first) == 200
    assert here.status(here.issue("second")) == 200


def test_the_end_of_a_token_is_noticed_at_the_next_look(here: Made) -> None:
    """Another process ends it: what is remembered of it is worth nothing from the next look on; others stay."""
    one, two = here.issue("one"), here.issue("two")
    assert [here.status(one), here.status(two)] == [200, 200]
    here.end("one")
    here.doorkeeper.refresh()
    assert [here.status(one), here.status(two)] == [401, 200]


def test_without_anybody_who_looks_the_end_is_noticed_too(here: Made) -> None:
    """When no thread follows the database, calls look themselves after some seconds."""
    text = here.issue()
    assert here.status(text) == 200
    here.end("proxy")
    here.now_s += 6
    assert here.status(text) == 401


def test_a_token_expires_by_the_clock(here: Made) -> None:
    """No look is needed for that, and a clock that jumps back does not revive more than it says."""
    text = here.issue(days=1)
    assert here.status(text) == 200
    here.now_s += 24 * HOUR_S
    assert here.status(text) == 401


@given(st.permutations(["right", "forged", "key"]))
def test_a_client_cannot_spoil_its_gateways_call(tmp_path_factory: pytest.TempPathFactory, order: list[str]) -> None:
    """Whatever header holds the gateway's token, forged ones beside it spoil nothing, first, later or after a limit."""
    with made(tmp_path_factory.mktemp("t")) as here:
        texts = {"right": here.issue(), "key": KEY}
        for _ in range(3):
            assert here.status(*(texts.get(one) or forged() for one in order)) == 200
        for _ in range(20):
            here.status(forged())
        fresh = {"right": here.issue("after-the-limit"), "key": KEY}
        here.doorkeeper.refresh()
        assert here.status(*(fresh.get(one) or forged() for one in order)) == 200


def test_wrong_ones_beside_a_right_one_are_not_counted(here: Made) -> None:
    """A hundred calls with forged tokens beside the right one leave the source its guesses."""
    text = here.issue()
    assert {here.status(forged(), text) for _ in range(100)} == {200}
    assert here.status(forged()) == 401


def test_brute_force_is_slowed_by_source(here: Made, hashes: list[str | None]) -> None:
    """After twenty wrong ones a source waits a minute and costs no hash; others, and remembered ones, do not wait."""
    text = here.issue()
    assert here.status(text) == 200
    statuses = [here.status(forged()) for _ in range(100)]
    assert statuses == [401] * 20 + [429] * 80
    assert len(hashes) == 21
    assert here.status(text) == 200
    assert here.status(forged(), source="192.0.2.2") == 401
    here.now_s += 61
    assert here.status(forged()) == 401


def test_guesses_at_others_do_not_lock_a_token_out(here: Made, hashes: list[str | None]) -> None:
    """Behind one address the guesses of strangers leave a token that was not shown yet its way in; guesses at it do."""
    text = here.issue()
    here.doorkeeper.refresh()
    for _ in range(25):
        here.status(forged())
    assert here.status(text) == 200
    assert [here.status(forged(text)) for _ in range(25)] == [401] * 20 + [429] * 5
    assert len(hashes) == 20 + 1 + 20


def test_whatever_is_wrong_answer_and_work_are_the_same(here: Made, hashes: list[str | None]) -> None:
    """Unknown, wrong, expired and ended ones cost one hash each and are told the same."""
    late, wrong, gone = here.issue("late", days=1), here.issue("wrong"), here.issue("gone")
    here.now_s += 25 * HOUR_S
    here.end("gone")
    told = set()
    for shown in (forged(), forged(wrong), late, gone):
        with pytest.raises(Problem) as caught:
            asyncio.run(here.doorkeeper.admit({"x-api-key": shown}, "192.0.2.1", Scope.DECIDE))
        told.add((caught.value.status, str(caught.value), tuple(caught.value.headers)))
        assert shown.split(".")[2] not in str(caught.value)
    assert (len(told), len(hashes)) == (1, 4)


def test_without_the_database(here: Made, hashes: list[str | None]) -> None:
    """Known tokens go on for an hour, also one that was not shown before; of strangers nothing can be said."""
    used, unused = here.issue("used"), here.issue("unused")
    assert here.status(used) == 200
    here.lose()
    for _ in range(59):
        here.now_s += 60
        here.doorkeeper.refresh()
        assert here.status(used) == 200
    assert here.status(unused) == 200
    assert [here.status(forged()) for _ in range(30)] == [503] * 30
    assert here.status(forged(unused)) == 401
    assert len(hashes) == 3
    here.now_s += MOST_AGE_S
    assert [here.status(used), here.status(unused)] == [503, 503]
    here.find()
    assert [here.status(used), here.status(unused), here.status(forged())] == [200, 200, 401]


def test_the_database_gone_from_the_start(here: Made) -> None:
    """Nobody is known then, and nobody is told that a token is wrong."""
    text = here.issue()
    here.lose()
    assert here.status(text) == 503
    assert here.status(KEY) == 401


def test_too_many_at_once_wait_elsewhere(here: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of tokens from everywhere keeps two hashes at work and a bounded number waiting."""
    monkeypatch.setattr(module, "_MOST_WAITING", 5)
    at_work, most, lock, go = 0, 0, threading.Lock(), threading.Event()

    def slow(_token: Token, _hashed: str | None) -> bool:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        go.wait(20)
        with lock:
            at_work -= 1
        return False

    monkeypatch.setattr(module, "matches", slow)

    async def flood() -> list[int]:
        calls = [asyncio.create_task(here.call({"x-api-key": forged()}, f"192.0.2.{n}")) for n in range(50)]
        for first in itertools.islice(asyncio.as_completed(calls), 45):
            await first
        go.set()
        return await asyncio.gather(*calls)

    statuses = asyncio.run(flood())
    assert (statuses.count(429), statuses.count(401), most) == (45, 5, 2)


def test_a_thread_follows_the_database(here: Made) -> None:
    """It looks until it is told to stop, and survives a database that is gone."""
    text = here.issue()
    assert here.status(text) == 200
    looked, stop = threading.Event(), threading.Event()
    refresh = here.doorkeeper.refresh

    def looking() -> None:
        refresh()
        looked.set()

    here.doorkeeper.refresh = looking  # type: ignore[method-assign]
    here.lose()
    thread = threading.Thread(target=here.doorkeeper.follow, args=(stop, 0.001))
    thread.start()
    try:
        assert looked.wait(20)
        here.find()
        here.end("proxy")
        looked.clear()
        assert looked.wait(20)
        looked.clear()
        assert looked.wait(20)
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()
    assert here.status(text) == 401


def test_a_door_is_of_one_scope(here: Made) -> None:
    """What endpoints are given lets in by its scope alone."""
    text = here.issue("reader", Scope.METRICS)

    async def through(scope: Scope) -> None:
        await here.doorkeeper.door(scope)({"authorization": f"Bearer {text}"}, "")

    asyncio.run(through(Scope.METRICS))
    with pytest.raises(Problem) as caught:
        asyncio.run(through(Scope.COLLECT))
    assert caught.value.status == 403


def test_an_operator_reads_who_is_not_let_in(here: Made) -> None:
    """A token that has ended, one for something else, a guess at one, and one of nobody are told apart, by name."""
    ended, narrow, late = here.issue("gone"), here.issue("narrow", Scope.METRICS), here.issue("late", days=1)
    assert [here.status(ended), here.status(late)] == [200, 200]
    assert here.doorkeeper.refused.problems() == ()
    here.end("gone")
    here.doorkeeper.refresh()
    here.now_s += 24 * HOUR_S
    statuses = [here.status(one) for one in (ended, ended, late, narrow, forged(narrow), forged(), KEY, "")]
    assert statuses == [401, 401, 401, 403, 401, 401, 401, 401]
    told = [one.split(" showed ")[1] for one in here.doorkeeper.refused.problems()]
    assert told == [
        "a token that nobody was given",
        "one that begins as the token narrow does and goes on otherwise",
        "the token gone, which has ended",
        "the token late, which has ended",
        "the token narrow, which is not for decide",
    ]


def test_a_source_that_waits_is_told_too(here: Made) -> None:
    """A busy gateway whose token has ended is soon answered 429, and counted all the same."""
    text = here.issue("gone")
    assert here.status(text) == 200
    here.end("gone")
    here.doorkeeper.refresh()
    assert [here.status(text) for _ in range(30)] == [401] * 20 + [429] * 10
    assert here.doorkeeper.refused.problems()[0].startswith("30 calls were refused")


def test_without_the_database_nobody_is_called_wrong(here: Made) -> None:
    """What cannot be checked is no token of nobody."""
    here.lose()
    assert here.status(forged()) == 503
    assert here.doorkeeper.refused.problems() == ()


def test_a_database_that_does_not_answer_holds_nobody_up(here: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a look hangs, known tokens pass at once, used before or not; of strangers nothing can be said for long."""
    used, unused = here.issue("used"), here.issue("unused")
    assert here.status(used) == 200
    go = threading.Event()

    def hanging(connection: Connection) -> tuple[Issued, ...]:
        go.wait(20)
        return issued_tokens(connection)

    monkeypatch.setattr(module, "issued_tokens", hanging)
    monkeypatch.setattr(module, "_PATIENCE_S", 0.05)
    thread = threading.Thread(target=here.doorkeeper.refresh)
    thread.start()
    try:
        here.now_s += 6

        async def calls() -> list[int]:
            shown = ({"x-api-key": text} for text in (used, unused, forged()))
            told = [await asyncio.wait_for(here.call(headers), 10) for headers in shown]
            go.set()
            return told

        assert asyncio.run(calls()) == [200, 200, 503]
    finally:
        go.set()
        thread.join(20)


def test_a_row_that_cannot_be_read_is_like_a_database_that_is_gone(here: Made) -> None:
    """Known tokens go on, and nobody is answered with an error of ours."""
    used = here.issue("used")
    assert here.status(used) == 200
    with here.engine.begin() as connection:
        connection.execute(text("UPDATE service_tokens SET made_at = 'once'"))
    here.doorkeeper.refresh()
    assert [here.status(used), here.status(forged())] == [200, 503]
